"""Scaling groups of our own: what EKS has no node groups for, spot machines beside others and a price for them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Ref
from tests.library.samples import FACTS, LIBRARY, codes, graph_of, properties, refusals
from tests.modules.cases import group

MIXED = {"type": "mixed", "onDemandBase": 1, "onDemandPercent": 20, "maxPrice": 0.9}


def _own(**about: Any) -> Graph:
    return graph_of(group(capacity=MIXED, **about))


def _told(graph: Graph) -> str:
    """What a machine is told, with references by their names."""
    data = properties(graph, "nodeGroups.gpu.launch-template")["userData"]
    return "".join(part if isinstance(part, str) else f"<{part.path[-1]}>" for part in data.content.parts)


@pytest.mark.parametrize(
    ("capacity", "ours"),
    [
        ({"type": "mixed"}, True),
        ({"type": "spot", "maxPrice": 0.5}, True),
        ({"type": "spot", "fallback": "on-demand"}, True),
        ({"type": "spot"}, False),
        ({"type": "on-demand"}, False),
    ],
)
def test_what_node_groups_of_eks_do_not_offer_takes_a_scaling_group_of_our_own(
    capacity: dict[str, Any], ours: bool
) -> None:
    graph = graph_of(group(capacity=capacity))
    assert (Address("nodeGroups.gpu.scaling-group") in graph.resources) is ours
    assert (Address("nodeGroups.gpu") in graph.resources) is not ours


def test_machines_are_bought_as_asked_and_types_keep_their_order() -> None:
    made = properties(_own(instances=["g5.2xlarge", "g5.xlarge"]), "nodeGroups.gpu.scaling-group")
    policy = made["mixedInstancesPolicy"]
    assert policy["launchTemplate"]["overrides"] == [{"instanceType": "g5.2xlarge"}, {"instanceType": "g5.xlarge"}]
    assert policy["instancesDistribution"] == {
        "onDemandAllocationStrategy": "prioritized",
        "onDemandBaseCapacity": 1,
        "onDemandPercentageAboveBaseCapacity": 20,
        "spotAllocationStrategy": "capacity-optimized-prioritized",
        "spotMaxPrice": "0.9",
    }
    assert made["capacityRebalance"] is True


def test_how_many_there_are_is_the_autoscalers_affair() -> None:
    made = properties(_own(min=1, max=7), "nodeGroups.gpu.scaling-group")
    assert (made["minSize"], made["desiredCapacity"], made["maxSize"]) == (1, 1, 7)


def test_an_autoscaler_finds_the_group_and_machines_bear_the_clusters_mark_and_the_stacks_tags() -> None:
    sections = group(capacity=MIXED, min=0)
    made = properties(graph_of(sections, name="recsys", tags={"team": "ml"}), "nodeGroups.gpu.scaling-group")
    tags = {one["key"]: one["value"] for one in made["tags"]}
    assert tags["k8s.io/cluster-autoscaler/recsys"] == "owned"
    assert tags["k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu"] == "1"
    assert tags["k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu"] == "present:NoSchedule"
    onward = {one["key"]: one["value"] for one in made["tags"] if one["propagateAtLaunch"]}
    assert onward == {"team": "ml", "Name": "recsys/gpu", "kubernetes.io/cluster/recsys": "owned"}


def test_its_machines_are_let_in_by_their_role_and_start_from_the_image_of_the_clusters_version() -> None:
    graph = _own()
    role = Ref(Address("nodeGroups.gpu.machine-role"), ("arn",))
    entry = properties(graph, "nodeGroups.gpu.access")
    assert (entry["type"], entry["principalArn"]) == ("EC2_LINUX", role)
    template = properties(graph, "nodeGroups.gpu.launch-template")
    assert template["imageId"] == "ami-135x86_64"
    assert template["iamInstanceProfile"] == {"arn": Ref(Address("nodeGroups.gpu.instance-profile"), ("arn",))}
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert {"nodeGroups.gpu.access", "cluster.addons.vpc-cni"} < set(
        graph.resources[Address("nodeGroups.gpu.scaling-group")].depends_on
    )


def test_a_machine_is_told_which_cluster_it_joins_and_as_what() -> None:
    told = yaml.safe_load(_told(_own(taints=[{"key": "dedicated", "value": "x", "effect": "NoExecute"}])))
    assert told["apiVersion"] == "node.eks.aws/v1alpha1"
    assert told["spec"]["cluster"] == {
        "name": "<name>",
        "apiServerEndpoint": "<endpoint>",
        "certificateAuthority": "<data>",
        "cidr": "<serviceIpv4Cidr>",
    }
    assert told["spec"]["kubelet"]["flags"] == [
        "--node-labels=workload=gpu,mlinfra/node-group=gpu,mlinfra/gpu=A10G",
        "--register-with-taints=dedicated=x:NoExecute,nvidia.com/gpu=present:NoSchedule",
    ]


def test_a_fallback_is_a_second_group_bought_on_demand_that_begins_with_nothing() -> None:
    graph = graph_of(group(capacity={"type": "spot", "fallback": "on-demand"}, min=1, priority=70))
    first, second = (properties(graph, f"nodeGroups.gpu.{name}") for name in ("scaling-group", "fallback"))
    bought = [one["mixedInstancesPolicy"]["instancesDistribution"] for one in (first, second)]
    assert [one["onDemandPercentageAboveBaseCapacity"] for one in bought] == [0, 100]
    assert (second["minSize"], second["desiredCapacity"], second["maxSize"]) == (0, 0, first["maxSize"])
    assert second["capacityRebalance"] is False
    assert second["tags"] == first["tags"]


def test_a_version_without_an_image_is_refused() -> None:
    facts = msgspec.structs.replace(FACTS, images={})
    assert codes(refusals(group(capacity=MIXED), facts=facts)) == [("MLI2312", "nodeGroups.gpu.instances[0]")]


def test_only_groups_of_our_own_want_to_know_their_image() -> None:
    module = LIBRARY.modules["node-group"]
    assert module.wants is not None
    for capacity, images in ((MIXED, {"g5.xlarge"}), ({"type": "spot"}, set())):
        about = {"instances": ["g5.xlarge"], "max": 1, "capacity": capacity}
        assert module.wants(msgspec.convert(about, module.inputs)).images == images
