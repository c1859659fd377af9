"""Stacks that between them make everything that each bundled module can make."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from mlinfra.core.resource import Graph
from mlinfra.core.value import Secret
from mlinfra.library.folders import bundled_modules
from mlinfra.library.library import Library
from tests.library.samples import graph_of

Sections = dict[str, Any]

NETWORK: Sections = {"network": {"zones": 2, "nat": "single", "flowLogs": False, "vpcEndpoints": []}}
CLUSTER: Sections = {**NETWORK, "cluster": {}}

# Our modules, and one that wishes for single components.
WISHING = Library.find((bundled_modules(), Path(__file__).parent / "wishing"))

SYSTEM: Sections = {"instances": ["m6i.large"], "max": 2}
NODES: Sections = {**CLUSTER, "nodeGroups": {"system": SYSTEM}}
ADMINS = {"principal": "arn:aws:iam::123456789012:role/ml-admins", "policy": "cluster-admin"}
USERS = {"principal": "arn:aws:iam::123456789012:role/ml-users", "policy": "view", "namespaces": ["serving"]}


def group(**about: Any) -> Sections:
    gpu = {"instances": ["g5.xlarge", "g5.2xlarge"], "max": 4, **about}
    return {**CLUSTER, "nodeGroups": {"gpu": gpu, "system": SYSTEM}}


KARPENTER: Sections = {"autoscaling": {"nodes": {"kind": "karpenter"}}}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"


def entrance(**about: Any) -> Sections:
    return {**CLUSTER, "nodeGroups": {"system": SYSTEM}, "loadBalancers": {"public": about}}


SIGN_IN = {
    **{f"{name}Endpoint": f"https://login.acme.example/{name}" for name in ("authorization", "token", "userInfo")},
    "issuer": "https://login.acme.example",
    "clientId": "flyte",
    "clientSecret": Secret("sm", "acme/flyte", "clientSecret"),
}
PROGRAMS = {"clientId": "flyte-cli", "audience": "flyte", "keys": "https://login.acme.example/keys"}
# One with names for endpoints of each kind of gateway, and one without.
DOORS: Sections = {
    "inner": {"domain": "models.acme.internal", "gateway": "nginx"},
    "outer": {"domain": "models.acme.example", "certificate": CERTIFICATE},
    "plain": {},
}
RECEIVERS = {
    "oncall": {"email": "oncall@acme.example"},
    "chat": {"webhook": "https://hooks.acme.example/ml"},
    "others": {"sns": "arn:aws:sns:us-east-1:123456789012:everybody"},
}
RULES = ["node-not-ready", "gpu-idle", "gpu-memory", "spot-interruption", "endpoint-errors", "endpoint-latency"]


def watched(**about: Any) -> Sections:
    doors = {"inner": {}, "web": {"type": "application"}}
    return {**CLUSTER, "nodeGroups": {"system": SYSTEM}, "loadBalancers": doors, "monitoring": about}


def wishing(sections: Sections = NODES, **components: Sections) -> Sections:
    """`sections`, and a wish for each component; dashes are written as underscores."""
    wishes = {name.replace("_", "-"): settings for name, settings in components.items()}
    return {**sections, "wishes": {"components": wishes}}


def endpoint(**about: Any) -> Sections:
    return {**group(), "endpoints": {"ranker": {"model": "s3://acme-models/ranker/7", **about}}}


# By module, then by what is special about the case: sections, and whatever else the stack has.
CASES: dict[str, dict[str, Sections]] = {
    "network": {
        "defaults": {"network": {}},
        "no-nat": {"network": {"nat": "none", "zones": ["us-east-1b", "us-east-1d"], "flowLogs": False}},
        "single-nat": {"network": {"nat": "single", "zones": 2, "flowLogs": False}},
        "public-nodes": {"network": {"nodeSubnets": "public", "nat": "none", "zones": 2, "flowLogs": False}},
        "endpoints": {"network": {**NETWORK["network"], "vpcEndpoints": ["s3", "dynamodb", "ecr.api", "sts"]}},
        "in-use": {"network": {"use": {"vpcId": "vpc-0abc", "subnetIds": ["subnet-0a", "subnet-0b"]}}},
    },
    "cluster": {
        "defaults": CLUSTER,
        "everything": {
            **NETWORK,
            "nodeGroups": {"system": SYSTEM},
            "cluster": {
                "version": "1.33",
                "logRetentionDays": 30,
                "endpoint": {"public": True, "allowedCidrs": ["203.0.113.0/24"]},
                "logs": ["api", "scheduler"],
                "access": [ADMINS, USERS, {**USERS, "policy": "edit"}],
                "addons": {
                    "aws-ebs-csi-driver": {},
                    "vpc-cni": {"version": "v1.20.0-eksbuild.1", "configuration": {"env": {"WARM_IP_TARGET": "5"}}},
                },
            },
        },
        "plain": {**NETWORK, "cluster": {"secretsEncryption": False, "logs": []}},
        "with-nodes": {**CLUSTER, "nodeGroups": {"system": SYSTEM}},
    },
    "node-group": {
        "on-demand": {**CLUSTER, "nodeGroups": {"system": {"instances": ["m6i.large"], "min": 2, "max": 4}}},
        "spot-gpu-from-zero": group(min=0, capacity={"type": "spot"}, taints=[{"key": "dedicated", "value": "x"}]),
        "reserved": group(capacity={"type": "reserved", "reservation": "cr-0123456789abcdef0"}),
        "disk-and-zones": group(
            zones=["us-east-1b"],
            labels={"tier": "gold"},
            volume={"size": "1Ti", "iops": 4000, "throughput": 250},
        ),
        "efa": group(instances=["p4d.24xlarge"], efa=True, placement="cluster", zones=["us-east-1a"]),
        "partitions": group(placement="partition"),
        "mixed": group(
            min=0,
            capacity={"type": "mixed", "onDemandBase": 1, "onDemandPercent": 20, "maxPrice": 0.9},
            taints=[{"key": "dedicated", "value": "x"}],
        ),
        "fallback": group(capacity={"type": "spot", "fallback": "on-demand"}),
        "node-pool": {**group(capacity={"type": "spot"}, placement="spread"), **KARPENTER},
        "neuron": {**CLUSTER, "nodeGroups": {"inf": {"instances": ["trn1.2xlarge"], "max": 1}, "system": SYSTEM}},
    },
    "load-balancer": {
        "defaults": entrance(),
        "public": entrance(scheme="internet-facing", allowedCidrs=["203.0.113.0/24", "198.51.100.0/24"]),
        "terminates-tls": entrance(certificate=CERTIFICATE, gateway="nginx"),
        "application": entrance(type="application"),
        "application-with-tls": entrance(type="application", certificate=CERTIFICATE),
        "each-for-itself": entrance(type="application", gateway="alb"),
        "nginx-ends-tls": entrance(gateway="nginx", domain="models.acme.example"),
        "named": entrance(domain="models.acme.example", zone="Z0123456789", certificate=CERTIFICATE),
    },
    "monitoring": {
        "defaults": watched(),
        "everybody-is-told": watched(alerts={"receivers": RECEIVERS, "rules": RULES}),
        "managed-prometheus": watched(
            metrics={"kind": "amp"}, logs={"kind": "none"}, alerts={"receivers": RECEIVERS, "rules": RULES}
        ),
        "logs-in-loki": watched(logs={"kind": "loki"}),
        "unread": watched(metrics={"kind": "amp"}, logs={"kind": "none"}, dashboards="none"),
    },
    "budget": {
        "alone": {"lifecycle": {"budget": {"monthlyUSD": 600}}},
        "with-a-topic": {**watched(alerts={"receivers": RECEIVERS}), "lifecycle": {"budget": {"monthlyUSD": 99.5}}},
    },
    "registry": {
        "defaults": {"registries": {"models": {}}},
        "keeps-all": {"registries": {"models": {"keepLast": 0, "encryption": "kms", "immutable": False}}},
        "mirror": {"registries": {"mirror": {"pullThrough": ["public.ecr.aws", "registry.k8s.io", "quay.io"]}}},
    },
    "autoscaling": {
        "defaults": {**NODES, "autoscaling": {}},
        "keda": {**NODES, "autoscaling": {"pods": {"kind": "keda"}}},
        "karpenter": {**group(), **KARPENTER},
        "none": {**NODES, "autoscaling": {"nodes": {"kind": "none"}, "pods": {"kind": "none"}}},
    },
    "karpenter": {"defaults": {**group(), **KARPENTER}},
    "aws-node-termination-handler": {
        "spot": wishing(group(capacity={"type": "mixed"}), aws_node_termination_handler={}),
        "nothing-to-do": wishing(aws_node_termination_handler={}),
    },
    "metrics-server": {"defaults": wishing(metrics_server={})},
    "cluster-autoscaler": {
        "defaults": wishing(cluster_autoscaler={}),
        "gpu": wishing(group(priority=70), cluster_autoscaler={"fallbackAfter": "3m"}),
    },
    "nvidia-device-plugin": {
        "alone": wishing(group(), nvidia_device_plugin={}),
        "shared": wishing(group(), nvidia_device_plugin={"sharings": ["time-slicing-4", "mig-single"]}),
    },
    "neuron-device-plugin": {"defaults": wishing(neuron_device_plugin={"instances": ["trn1.2xlarge"]})},
    "aws-efa-device-plugin": {"defaults": wishing(aws_efa_device_plugin={})},
    "keda": {"defaults": wishing(keda={})},
    "keda-http": {"defaults": wishing(keda_http={})},
    "aws-ebs-csi-driver": {
        "defaults": wishing(aws_ebs_csi_driver={}),
        "an-add-on-already": wishing(
            {**NODES, "cluster": {"addons": {"aws-ebs-csi-driver": {}}}}, aws_ebs_csi_driver={}
        ),
    },
    "aws-efs-csi-driver": {
        "claimed": {**NODES, "cluster": {"volumes": ["efs"]}},
        "an-add-on-already": wishing(
            {**NODES, "cluster": {"addons": {"aws-efs-csi-driver": {}}}}, aws_efs_csi_driver={}
        ),
    },
    "aws-fsx-csi-driver": {"claimed": {**NODES, "cluster": {"volumes": ["fsx"]}}},
    "prometheus": {
        "defaults": wishing(prometheus={}),
        "managed": {**NODES, "monitoring": {"metrics": {"kind": "amp"}, "dashboards": "none"}},
    },
    "dcgm-exporter": {"gpu": wishing(group(), dcgm_exporter={}), "no-gpu": wishing(dcgm_exporter={})},
    "fluent-bit": {"defaults": {**NODES, "monitoring": {}}},
    "kserve": {
        "defaults": {**NODES, "runtimes": {"kserve": {}}},
        "serverless": {**NODES, "runtimes": {"kserve": {"mode": "serverless"}}},
        "asleep-under-a-name": {
            **entrance(domain="acme.example", certificate=CERTIFICATE),
            "runtimes": {"kserve": {"domain": "acme.example", "mode": "serverless"}},
        },
        "under-a-name": {
            **entrance(domain="acme.example", gateway="nginx"),
            "runtimes": {"kserve": {"domain": "acme.example"}},
        },
        "under-a-name-by-istio": {
            **entrance(domain="acme.example", certificate=CERTIFICATE),
            "runtimes": {"kserve": {"domain": "acme.example"}},
        },
    },
    "knative": {"defaults": wishing(knative={})},
    "mlflow": {
        "defaults": {**NODES, "runtimes": {"mlflow": {}}},
        "watched": {**NODES, "monitoring": {"logs": {"kind": "none"}}, "runtimes": {"mlflow": {}}},
        "behind-alb": {
            **entrance(domain="acme.example", type="application", gateway="alb", certificate=CERTIFICATE),
            "runtimes": {"mlflow": {"domain": "ml.acme.example"}},
        },
        "under-its-name": {
            **entrance(domain="acme.example"),
            "runtimes": {"mlflow": {"domain": "ml.acme.example"}},
        },
    },
    "flyte": {
        "under-its-name": {
            **entrance(domain="acme.example", type="application", gateway="alb", certificate=CERTIFICATE),
            "runtimes": {"flyte": {"domain": "flyte.acme.example", "signIn": SIGN_IN}},
        },
        "with-programs": {
            **entrance(domain="acme.example", type="application", gateway="alb", certificate=CERTIFICATE),
            "runtimes": {"flyte": {"domain": "flyte.acme.example", "signIn": {**SIGN_IN, "programs": PROGRAMS}}},
        },
        "defaults": {**NODES, "runtimes": {"flyte": {}}},
        "watched": {
            **NODES,
            "monitoring": {"logs": {"kind": "none"}},
            "runtimes": {"flyte": {"projects": ["recsys"], "databaseSize": "db.m7g.large"}},
        },
    },
    "model-serving": {"defaults": wishing(model_serving={})},
    "triton": {"defaults": {**NODES, "runtimes": {"triton": {"version": "25.09"}}}},
    "endpoint": {
        "defaults": {**NODES, "endpoints": {"ranker": {"model": "s3://acme-models/ranker/7"}}},
        "gpu": endpoint(resources={"cpu": 2, "memory": "8Gi", "gpu": 1}, nodeGroups=["gpu"]),
        "fixed": endpoint(replicas={"min": 2, "max": 2}),
        "sleeping": {**endpoint(replicas={"min": 0}), "loadBalancers": DOORS},
        "shared-by-nginx": {
            **entrance(domain="acme.example", gateway="nginx"),
            "endpoints": {
                "ranker": {
                    "traffic": {
                        "stable": {"model": "s3://acme-models/ranker/7", "weight": 90},
                        "canary": {"model": "s3://acme-models/ranker/8", "weight": 10},
                    }
                }
            },
        },
        "shared": {
            **entrance(domain="acme.example"),
            "endpoints": {
                "ranker": {
                    "traffic": {
                        "stable": {"model": "s3://acme-models/ranker/7", "weight": 90},
                        "canary": {"model": "s3://acme-models/ranker/8", "weight": 10},
                    }
                }
            },
        },
        "shared-by-alb": {
            **entrance(domain="acme.example", type="application", gateway="alb", certificate=CERTIFICATE),
            "endpoints": {
                "ranker": {
                    "traffic": {
                        "stable": {"model": "s3://acme-models/ranker/7", "weight": 90},
                        "canary": {"model": "s3://acme-models/ranker/8", "weight": 10},
                    }
                }
            },
        },
        "behind-gateways": {**endpoint(), "loadBalancers": DOORS},
    },
    "cert-manager": {"defaults": wishing(cert_manager={})},
    "loki": {"defaults": wishing(loki={})},
    "istio": {"defaults": wishing(istio={})},
    "external-dns": {"defaults": wishing(external_dns={"zones": ["Z1", "Z2"], "domains": ["models.acme.example"]})},
    "aws-load-balancer-controller": {"defaults": wishing(aws_load_balancer_controller={})},
}


@cache
def graphs() -> dict[str, Graph]:
    """Every case, built; by `module/case`."""
    return {f"{module}/{case}": graph(one) for module, cases in CASES.items() for case, one in cases.items()}


def graph(sections: Sections) -> Graph:
    """One case, built."""
    return graph_of(sections, library=WISHING)
