"""An object of each kind that stacks declare, with what its fields look like in earnest."""

from __future__ import annotations

from typing import Any

from mlinfra.core.value import Properties, Secret

_LABELS = {"app": "ranker"}


def _meta(name: str, namespace: str = "samples", **more: Any) -> Properties:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def _of(kind: str, name: str = "ranker", namespace: str = "samples", **properties: Any) -> tuple[str, Properties]:
    return f"kubernetes:{kind}", {"metadata": _meta(name, namespace), **properties}


def _cluster(kind: str, name: str = "ranker", **properties: Any) -> tuple[str, Properties]:
    return _of(kind, name, "", **properties)


_CONTAINER = {
    "name": "main",
    "image": "example.com/ranker:1",
    "args": ["--port", "8080"],
    "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9090, "protocol": "UDP"}],
    "env": [
        {"name": "MODEL", "value": "s3://models/ranker/7"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "ranker", "key": "key"}}},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ],
    "envFrom": [{"configMapRef": {"name": "ranker"}}],
    "resources": {
        "requests": {"cpu": "1000m", "memory": "1024Mi"},
        "limits": {"memory": "2Gi", "nvidia.com/gpu": "1"},
    },
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    "volumeMounts": [{"name": "models", "mountPath": "/models"}, {"name": "settings", "mountPath": "/etc/settings"}],
}
_POD = {
    "serviceAccountName": "ranker",
    "initContainers": [
        {"name": "fetch", "image": "example.com/fetch:1"},
        {"name": "check", "image": "example.com/check:1"},
    ],
    "containers": [_CONTAINER, {"name": "proxy", "image": "example.com/proxy:1"}],
    "nodeSelector": {"workload": "inference"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": _LABELS},
        }
    ],
    "affinity": {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "podAffinityTerm": {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchLabels": _LABELS},
                    },
                }
            ]
        }
    },
    "volumes": [
        {"name": "models", "emptyDir": {"sizeLimit": "10240Mi"}},
        {"name": "settings", "configMap": {"name": "ranker", "items": [{"key": "a", "path": "a"}]}},
        {
            "name": "token",
            "projected": {"sources": [{"serviceAccountToken": {"path": "token", "audience": "sts.amazonaws.com"}}]},
        },
    ],
}
_TEMPLATE = {"metadata": {"labels": _LABELS, "annotations": {"checksum": "1"}}, "spec": _POD}
_SELECTOR = {"matchLabels": _LABELS}
_PLAIN_POD = {"containers": [{"name": "main", "image": "example.com/x:1"}], "restartPolicy": "Never"}
_CLAIM = {
    "accessModes": ["ReadWriteOnce"],
    "storageClassName": "gp3",
    "resources": {"requests": {"storage": "10240Mi"}},
}
_RBAC = "rbac.authorization.k8s.io"
_RULES = [{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "watch"]}]
_SUBJECTS = [{"kind": "ServiceAccount", "name": "ranker", "namespace": "samples"}]
_WEBHOOK = {
    "name": "admit.example.com",
    "admissionReviewVersions": ["v1"],
    "sideEffects": "None",
    "clientConfig": {"service": {"name": "ranker", "namespace": "samples", "path": "/admit"}},
    "rules": [
        {"apiGroups": ["none.example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}
    ],
}
_SCHEMA = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 1, "minimum": 1}}}},
}
_DEFINED = {
    "group": "samples.example.com",
    "scope": "Namespaced",
    "names": {"plural": "things", "kind": "Thing"},
    "versions": [
        {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": _SCHEMA},
            "subresources": {"status": {}},
            "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
        }
    ],
}

SAMPLES: dict[str, Properties] = dict(
    (
        _cluster("core/v1:Namespace", "samples-own"),
        _of("core/v1:ConfigMap", data={"a": "1", "settings.yaml": "x: 1\n"}),
        _of("core/v1:Secret", stringData={"key": Secret("sm", "sample")}, type="Opaque"),
        _of("core/v1:ServiceAccount", automountServiceAccountToken=False),
        _of(
            "core/v1:Service",
            spec={
                "selector": _LABELS,
                "ports": [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "m", "port": 81}],
            },
        ),
        _of("core/v1:PersistentVolumeClaim", spec=_CLAIM),
        _cluster(
            "core/v1:PersistentVolume",
            spec={
                "capacity": {"storage": "1024Gi"},
                "accessModes": ["ReadWriteMany"],
                "csi": {"driver": "efs.csi.aws.com", "volumeHandle": "fs-1"},
            },
        ),
        _of("core/v1:ResourceQuota", spec={"hard": {"requests.cpu": "8000m", "pods": "10"}}),
        _of("core/v1:LimitRange", spec={"limits": [{"type": "Container", "default": {"cpu": "0.5"}}]}),
        _of("core/v1:Pod", spec=_PLAIN_POD),
        _of("apps/v1:Deployment", spec={"replicas": 2, "selector": _SELECTOR, "template": _TEMPLATE}),
        _of("apps/v1:DaemonSet", spec={"selector": _SELECTOR, "template": _TEMPLATE}),
        _of(
            "apps/v1:StatefulSet",
            spec={
                "serviceName": "ranker",
                "replicas": 1,
                "selector": _SELECTOR,
                "template": _TEMPLATE,
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _CLAIM}],
            },
        ),
        _of("batch/v1:Job", spec={"backoffLimit": 2, "template": {"spec": _PLAIN_POD}}),
        _of(
            "batch/v1:CronJob",
            spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": _PLAIN_POD}}}},
        ),
        _of(
            "autoscaling/v2:HorizontalPodAutoscaler",
            spec={
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ranker"},
                "minReplicas": 1,
                "maxReplicas": 4,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                    }
                ],
            },
        ),
        _of("policy/v1:PodDisruptionBudget", spec={"maxUnavailable": 1, "selector": _SELECTOR}),
        _of(
            "networking.k8s.io/v1:NetworkPolicy",
            spec={
                "podSelector": _SELECTOR,
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 8080}]}],
            },
        ),
        _of(
            "networking.k8s.io/v1:Ingress",
            spec={
                "ingressClassName": "alb",
                "rules": [
                    {
                        "host": "ranker.example.com",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "pathType": "Prefix",
                                    "backend": {"service": {"name": "ranker", "port": {"number": 80}}},
                                }
                            ]
                        },
                    }
                ],
            },
        ),
        _cluster("networking.k8s.io/v1:IngressClass", spec={"controller": "ingress.k8s.aws/alb"}),
        _cluster(f"{_RBAC}/v1:ClusterRole", "system:ranker", rules=_RULES),
        _cluster(
            f"{_RBAC}/v1:ClusterRoleBinding",
            "system:ranker",
            roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": "view"},
            subjects=_SUBJECTS,
        ),
        _of(f"{_RBAC}/v1:Role", rules=_RULES),
        _of(
            f"{_RBAC}/v1:RoleBinding",
            roleRef={"apiGroup": _RBAC, "kind": "Role", "name": "ranker"},
            subjects=_SUBJECTS,
        ),
        _cluster(
            "storage.k8s.io/v1:StorageClass",
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true"},
            volumeBindingMode="WaitForFirstConsumer",
            allowVolumeExpansion=True,
        ),
        _cluster("scheduling.k8s.io/v1:PriorityClass", value=1000, description="what answers users"),
        _cluster("node.k8s.io/v1:RuntimeClass", handler="nvidia"),
        _cluster("apiextensions.k8s.io/v1:CustomResourceDefinition", "things.samples.example.com", spec=_DEFINED),
        _cluster("admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration", webhooks=[_WEBHOOK]),
        _cluster("admissionregistration.k8s.io/v1:MutatingWebhookConfiguration", webhooks=[_WEBHOOK]),
        _cluster(
            "apiregistration.k8s.io/v1:APIService",
            "v1.samples-own.example.com",
            spec={
                "group": "samples-own.example.com",
                "version": "v1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "service": {"name": "ranker", "namespace": "samples"},
            },
        ),
    )
)
