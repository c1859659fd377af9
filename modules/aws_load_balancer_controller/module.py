"""Load balancers of AWS for services and ingresses, and pods as targets of load balancers that are there already."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Definition, Entrance, Namespace, Permission, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, Network, NodeGroup
from mlinfra.library.pod_security import CONTAINER, POD

from .permissions import STATEMENTS

SECTION = Place("components", entry="aws-load-balancer-controller")
NEEDS = (Network, Cluster, NodeGroup)
Outputs = Component

_NAME = "aws-load-balancer-controller"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="3.5.0",
            digest="sha256:45051f634b33e10baccb3354d0681b7de787c60445e599fa276e0c9aedd4ccd5",
            repository="https://aws.github.io/eks-charts",
            app_version="v3.5.0",
            source="https://github.com/kubernetes-sigs/aws-load-balancer-controller/tree/225f44568848eb25f13e304a5f1cc68c0cd9415d",
            looked_up="2026-08-17",
        ),
    ),
    namespaces=(Namespace(name=_NAME, entrances=(Entrance("control-plane", (9443,)),)),),
    crds=(
        Definition("albtargetcontrolconfigs.elbv2.k8s.aws", "ALBTargetControlConfig", ("v1beta1",)),
        Definition("globalaccelerators.aga.k8s.aws", "GlobalAccelerator", ("v1beta1",)),
        Definition("ingressclassparams.elbv2.k8s.aws", "IngressClassParams", ("v1beta1",), namespaced=False),
        Definition("listenerruleconfigurations.gateway.k8s.aws", "ListenerRuleConfiguration", ("v1", "v1beta1")),
        Definition("loadbalancerconfigurations.gateway.k8s.aws", "LoadBalancerConfiguration", ("v1", "v1beta1")),
        Definition("targetgroupbindings.elbv2.k8s.aws", "TargetGroupBinding", ("v1beta1", "v1alpha1")),
        Definition("targetgroupconfigurations.gateway.k8s.aws", "TargetGroupConfiguration", ("v1", "v1beta1")),
    ),
    workloads=(Workload("Deployment", _NAME, _NAME),),
    permissions=(Permission(service_account=_NAME, namespace=_NAME, statements=STATEMENTS),),
    teardown=Teardown(
        recipe="The release, then its namespace, once it has taken down every load balancer that it made.",
        drain=("Service", "Ingress.networking.k8s.io", "TargetGroupBinding.elbv2.k8s.aws"),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Load balancers for services and ingresses."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it. What it makes bears the stack's tags, and its own of the cluster, by which a sweep finds it."""
    values = {
        "clusterName": scope.one(Cluster).name,
        "region": facts.region,
        "vpcId": scope.one(Network).vpc_id,
        "serviceAccount": {"name": _NAME},
        "defaultTags": dict(scope.stack.tags),
        # Its certificate is made when it is installed; an upgrade that made another would cut off the API server.
        "keepTLSSecret": True,
        # Services say themselves whom they are for; none is held up while this is not there.
        "enableServiceMutatorWebhook": False,
        # Not used by anything here, hence not among the permissions.
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        "podSecurityContext": {**POD, "fsGroup": 65534},
        "securityContext": CONTAINER,
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
