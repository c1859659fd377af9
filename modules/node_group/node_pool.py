"""Node pools: groups whose machines Karpenter makes, one by one, as pods need them.

Fields: karpenter.sh/v1 and karpenter.k8s.aws/v1 of aws/karpenter-provider-aws and kubernetes-sigs/karpenter, release
1.14.1 (read 2026-11-24). Tags of the stack are not among them: Karpenter replaces machines whose tags would differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlinfra.core.value import Properties, Value
from mlinfra.library import Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.karpenter import CONTROLLER, INSTANCE_PROFILE, NODE_CLASS, NODE_POOL
from mlinfra.library.outputs import Autoscaling, Cluster, Network, Subnet

from .capacity import Capacity
from .launch_template import ROOT_DEVICE, Volume
from .sharing import Sharing

# The group that Karpenter itself runs on, with what else the cluster cannot be without.
SYSTEM = "system"
# How long a node may idle, or be less than full, before it is taken away.
_CONSOLIDATE_AFTER = "5m"


def is_pool(name: str, capacity: Capacity, *, efa: bool) -> bool:
    """Whether Karpenter makes the group's machines, where the stack has it."""
    return name != SYSTEM and capacity.type != "reserved" and not efa


def pool_problems(
    scope: Scope, fewest: int, capacity: Capacity, sharing: Sharing, labels: Mapping[str, str]
) -> Iterator[Problem]:
    """What a node pool does not have. That it may be empty, which is so, may be said."""
    hint = f"take min out; groups called {SYSTEM}, reserved ones and those with EFA have it"
    if fewest > 0 and scope.says("min"):
        yield _problem("Karpenter makes the nodes that pods need, and has no fewest of them", "min", hint=hint)
    for field, value in (("onDemandBase", capacity.on_demand_base), ("onDemandPercent", capacity.on_demand_percent)):
        if value:
            summary = "Karpenter buys on demand what it finds no spot machine for, and no fixed share"
            hint = f"take {field} out, or give what must not be taken back a group of type on-demand"
            yield _problem(summary, "capacity", field, hint=hint)
    if capacity.max_price:
        hint = "take maxPrice out: AWS charges the market's price, up to that on demand"
        yield _problem("Karpenter knows no highest price for spot machines", "capacity", "maxPrice", hint=hint)
    if sharing.mig == "mixed":
        summary = "Karpenter does not know how many parts of which size a machine's GPUs have"
        yield _problem(summary, "sharing", "mig", hint="set mig to single: each part is then announced as a GPU")
    for key in labels:
        if "karpenter.sh/" in key or "karpenter.k8s.aws/" in key:
            hint = "choose another key, or another field of the group: types, zones, capacity"
            yield _problem(f"the label {key} is for Karpenter to set", "labels", key, hint=hint)


def rooted_problems(fewest: int) -> Iterator[Problem]:
    """A group beside the pools that begins without a node: nobody would ever grow it."""
    if fewest == 0:
        summary = "Karpenter makes no nodes of this group, and nothing else would: it would stay empty"
        hint = "set min to 1 or more; or choose kind: cluster-autoscaler in autoscaling.nodes, which grows such groups"
        yield _problem(summary, "min", hint=hint)


def _problem(summary: str, *at: str, hint: str) -> Problem:
    return Problem(Code.NODE_POOL, summary, at=at, hint=hint)


def add_node_class(
    scope: Scope,
    volume: Volume,
    image: str,
    cluster: Cluster,
    network: Network,
    subnets: Iterable[Subnet],
    placement: Handle | None,
    user_data: Value,
) -> Handle:
    """Add what machines of the pool are like, whatever their type. user_data: what they do besides joining."""
    spec: Properties = {
        "amiFamily": "AL2023",
        "amiSelectorTerms": [{"id": image}],
        "instanceProfile": INSTANCE_PROFILE["name"],
        "subnetSelectorTerms": [{"id": subnet.id} for subnet in subnets],
        "securityGroupSelectorTerms": [{"id": cluster.security_group_id}],
        "associatePublicIPAddress": network.nodes_public,
        # Version 2 of the metadata service only, and one hop: pods cannot take the node's identity.
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": ROOT_DEVICE, "ebs": _disk(volume)}],
    }
    if user_data is not None:
        spec["userData"] = user_data
    if placement is not None:
        spec["placementGroupSelector"] = {"name": placement["name"]}
    properties = {"metadata": {"name": scope.name}, "spec": spec}
    # Machines join by way of what stands before nodes; the kind is the controller's, which must outlive its objects.
    before = (CONTROLLER, *network.routes, *cluster.before_nodes)
    return scope.add("node-class", NODE_CLASS, properties, depends_on=before)


def _disk(volume: Volume) -> Properties:
    return {
        "volumeSize": volume.size,
        "volumeType": volume.type,
        "encrypted": True,
        "deleteOnTermination": True,
        **({"iops": volume.iops} if volume.iops else {}),
        **({"throughput": volume.throughput} if volume.throughput else {}),
    }


def add_node_pool(
    scope: Scope,
    instances: Iterable[str],
    capacity: Capacity,
    zones: Iterable[str],
    most: int,
    priority: int,
    labels: Mapping[str, str],
    taints: Iterable[Mapping[str, str]],
    autoscaling: Autoscaling,
    node_class: Handle,
) -> Handle:
    """Add the pool: which machines there may be, how many, what their nodes are called, and when they go again."""
    requirements = [
        _one_of("node.kubernetes.io/instance-type", instances),
        _one_of("karpenter.sh/capacity-type", _markets(capacity)),
    ]
    if known := [zone for zone in zones if zone]:
        requirements.append(_one_of("topology.kubernetes.io/zone", known))
    kept = [dict(taint) for taint in taints]
    spec: Properties = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": scope.name},
        "requirements": requirements,
        **({"taints": kept} if kept else {}),
        # Age alone ends no node: that knows neither budgets nor what is being trained. A new image replaces them.
        "expireAfter": "Never",
    }
    properties: Properties = {
        "metadata": {"name": scope.name},
        "spec": {
            "template": {"metadata": {"labels": dict(labels)}, "spec": spec},
            "weight": priority,
            "limits": {"nodes": str(max(most, 1))},
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized" if autoscaling.consolidate else "WhenEmpty",
                "consolidateAfter": _CONSOLIDATE_AFTER,
                "budgets": [{"nodes": autoscaling.disruption_budget}],
            },
        },
    }
    return scope.add("node-pool", NODE_POOL, properties, depends_on=[node_class])


def _one_of(key: str, values: Iterable[str]) -> Properties:
    return {"key": key, "operator": "In", "values": list(values)}


def _markets(capacity: Capacity) -> list[str]:
    """Of two, Karpenter takes spot machines as long as there are any."""
    if capacity.type == "mixed" or (capacity.type == "spot" and capacity.fallback == "on-demand"):
        return ["spot", "on-demand"]
    return ["spot" if capacity.type == "spot" else "on-demand"]
