"""Records in DNS for services and ingresses, written by external-dns into the hosted zones of load balancers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import (
    Chart,
    Contract,
    Definition,
    Namespace,
    Permission,
    Rival,
    Statement,
    Teardown,
    Workload,
)
from mlinfra.library.forms import Domain
from mlinfra.library.name_keeper import KEY, NAME, NAMESPACE
from mlinfra.library.outputs import Cluster, Component, NodeGroup

SECTION = Place("components", entry="external-dns")
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_NAME = NAMESPACE
# What it writes for services and ingresses, and the texts in which it says whose each of them is.
_TYPES = ["A", "AAAA", "CNAME", "TXT"]

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="1.21.1",
            digest="sha256:5dd033a4b872bf641860695705ee460031d0bc695f114bf8926fee6736814e19",
            repository="https://kubernetes-sigs.github.io/external-dns",
            app_version="0.21.0",
            source="https://github.com/kubernetes-sigs/external-dns/tree/2bf1bf8af2b70f23579f9147c1f7e9394f7f83d5",
            looked_up="2026-08-22",
        ),
    ),
    namespaces=(Namespace(name=_NAME, entrances=()),),
    crds=(
        Definition("dnsendpoints.externaldns.k8s.io", "DNSEndpoint", ("v1alpha1",)),
        Definition("dnsrecords.externaldns.k8s.io", "DNSRecord", ("v1alpha1",)),
    ),
    workloads=(Workload("Deployment", _NAME, _NAME),),
    permissions=(
        Permission(
            service_account=_NAME,
            namespace=_NAME,
            statements=(
                # docs/tutorials/aws.md of the chart's source, for these zones and these types of records alone.
                Statement(
                    actions=("route53:ChangeResourceRecordSets",),
                    resources=("{zones}",),
                    conditions={
                        "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": _TYPES},
                    },
                ),
                Statement(
                    actions=("route53:ListResourceRecordSets", "route53:ListTagsForResources"),
                    resources=("{zones}",),
                ),
                Statement(actions=("route53:ListHostedZones",)),
            ),
        ),
    ),
    rivals=(Rival(_NAME, "both run as external-dns in the namespace of that name", kind="addon"),),
    teardown=Teardown(
        recipe="What it wrote goes with the services and ingresses that asked for it; then the release, its namespace.",
        drain=("Service", "Ingress.networking.k8s.io"),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Records in DNS."""

    zones: Annotated[tuple[str, ...], Meta(description="the hosted zones that it writes into")] = ()
    domains: Annotated[tuple[Domain, ...], Meta(description="the domains of which it gives names")] = ()


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it. What it wrote is its own by the name of the cluster, and goes with what it was written for."""
    arns = [f"arn:{facts.partition}:route53:::hostedzone/{zone}" for zone in inputs.zones]
    note: Properties = {"metadata": {"name": NAME, "namespace": NAMESPACE}, "data": {KEY: ",".join(inputs.zones)}}
    zones = scope.add("zones", "kubernetes:core/v1:ConfigMap", note)
    values: Properties = {
        "policy": "sync",
        "registry": "txt",
        "txtOwnerId": scope.one(Cluster).name,
        "domainFilters": list(inputs.domains),
        "sources": ["service", "ingress"],
        "triggerLoopOnEvent": True,
        "managedRecordTypes": ["A", "AAAA", "CNAME"],
        "provider": {"name": "aws"},
        "env": [{"name": "AWS_DEFAULT_REGION", "value": facts.region}],
        "extraArgs": {"zone-id-filter": list(inputs.zones)},
        "serviceAccount": {"name": _NAME},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values, names={"zones": arns}, after=[zones]).address)
