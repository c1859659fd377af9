"""Node groups as pools of Karpenter, and what Karpenter itself needs and may do."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Expression, Json, Ref, resolve
from mlinfra.library.assembly import wants
from tests.library.samples import FACTS, LIBRARY, codes, graph_of, of_type, properties, refusals, stack_of
from tests.modules.cases import CLUSTER, KARPENTER, SYSTEM, Sections, group


def _sections(nodes: Sections | None = None, **gpu: Any) -> Sections:
    return {**group(**gpu), "autoscaling": {"nodes": {"kind": "karpenter", **(nodes or {})}}}


def _pool(nodes: Sections | None = None, **gpu: Any) -> dict[str, Any]:
    return dict(properties(graph_of(_sections(nodes, **gpu)), "nodeGroups.gpu.node-pool")["spec"])


def _class(**gpu: Any) -> dict[str, Any]:
    return dict(properties(graph_of(_sections(**gpu)), "nodeGroups.gpu.node-class")["spec"])


def _asked(spec: dict[str, Any]) -> dict[str, list[str]]:
    return {one["key"].rpartition("/")[2]: one["values"] for one in spec["template"]["spec"]["requirements"]}


def test_a_pool_has_the_types_the_zones_the_bound_and_the_priority_of_its_group() -> None:
    spec = _pool(max=7, priority=80, zones=["us-east-1b"])
    assert _asked(spec) == {
        "instance-type": ["g5.xlarge", "g5.2xlarge"],
        "capacity-type": ["on-demand"],
        "zone": ["us-east-1b"],
    }
    assert (spec["limits"], spec["weight"]) == ({"nodes": "7"}, 80)
    assert spec["template"]["spec"]["expireAfter"] == "Never"


@pytest.mark.parametrize(
    ("capacity", "markets"),
    [
        ({"type": "on-demand"}, ["on-demand"]),
        ({"type": "spot"}, ["spot"]),
        ({"type": "spot", "fallback": "on-demand"}, ["spot", "on-demand"]),
        ({"type": "mixed"}, ["spot", "on-demand"]),
    ],
)
def test_machines_are_bought_as_the_group_says(capacity: Sections, markets: list[str]) -> None:
    assert _asked(_pool(capacity=capacity))["capacity-type"] == markets


def test_nodes_bear_the_labels_and_taints_of_their_group() -> None:
    template = _pool(labels={"tier": "gold"}, taints=[{"key": "dedicated", "value": "x"}])["template"]
    assert template["metadata"]["labels"] == {
        "workload": "gpu",
        "tier": "gold",
        "mlinfra/node-group": "gpu",
        "mlinfra/gpu": "A10G",
    }
    assert template["spec"]["taints"] == [
        {"key": "dedicated", "value": "x", "effect": "NoSchedule"},
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
    ]


def test_how_much_is_disturbed_is_as_the_section_says() -> None:
    assert _pool()["disruption"] == {
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "consolidateAfter": "5m",
        "budgets": [{"nodes": "10%"}],
    }
    still = _pool({"consolidate": False, "disruptionBudget": "1"})["disruption"]
    assert (still["consolidationPolicy"], still["budgets"]) == ("WhenEmpty", [{"nodes": "1"}])


def test_machines_have_the_pinned_image_the_disk_and_the_places_of_their_group() -> None:
    spec = _class(volume={"size": "1Ti", "iops": 4000, "throughput": 250}, zones=["us-east-1b"])
    assert spec["amiSelectorTerms"] == [{"id": "ami-135x86_64"}]
    assert spec["subnetSelectorTerms"] == [{"id": Ref(Address("network.private.us-east-1b.subnet"))}]
    assert spec["securityGroupSelectorTerms"] == [
        {"id": Ref(Address("cluster"), ("vpcConfig", "clusterSecurityGroupId"))}
    ]
    (disk,) = spec["blockDeviceMappings"]
    assert disk["ebs"] == {
        "volumeSize": "1Ti",
        "volumeType": "gp3",
        "encrypted": True,
        "deleteOnTermination": True,
        "iops": 4000,
        "throughput": 250,
    }
    assert spec["metadataOptions"]["httpTokens"] == "required"


def test_changing_a_tag_of_the_stack_changes_nothing_that_would_replace_machines() -> None:
    before, after = (graph_of(_sections(), tags={"team": team}) for team in ("recsys", "search"))
    for part in ("node-pool", "node-class"):
        assert properties(before, f"nodeGroups.gpu.{part}") == properties(after, f"nodeGroups.gpu.{part}")


def test_what_karpenter_cannot_make_stays_a_group_of_eks() -> None:
    reserved = {"type": "reserved", "reservation": "cr-0123456789abcdef0"}
    trained = {"instances": ["p4d.24xlarge"], "max": 2, "efa": True, "zones": ["us-east-1a"]}
    groups = {"system": SYSTEM, "kept": {"instances": ["g5.xlarge"], "max": 2, "capacity": reserved}, "efa": trained}
    graph = graph_of({**CLUSTER, **KARPENTER, "nodeGroups": groups})
    assert [one.address for one in of_type(graph, "aws:eks/nodeGroup:NodeGroup")] == [
        "nodeGroups.system",
        "nodeGroups.kept",
        "nodeGroups.efa",
    ]
    empty = {**groups, "efa": {**trained, "min": 0}}
    assert codes(refusals({**CLUSTER, **KARPENTER, "nodeGroups": empty})) == [("MLI2320", "nodeGroups.efa.min")]


@pytest.mark.parametrize(
    ("gpu", "at"),
    [
        ({"min": 1}, "min"),
        ({"capacity": {"type": "spot", "maxPrice": 0.9}}, "capacity.maxPrice"),
        ({"capacity": {"type": "mixed", "onDemandBase": 1}}, "capacity.onDemandBase"),
        ({"capacity": {"type": "mixed", "onDemandPercent": 20}}, "capacity.onDemandPercent"),
        ({"sharing": {"mig": "mixed"}}, "sharing.mig"),
        ({"labels": {"karpenter.sh/nodepool": "mine"}}, "labels.karpenter.sh/nodepool"),
    ],
)
def test_what_a_pool_does_not_have_is_refused(gpu: Sections, at: str) -> None:
    ((code, where),) = codes(refusals(_sections(**gpu)))
    assert (code, where.replace('["', ".").removesuffix('"]')) == ("MLI2320", f"nodeGroups.gpu.{at}")


def test_that_a_pool_may_be_empty_may_be_said() -> None:
    assert _pool(min=0) == _pool()


def test_karpenter_needs_a_group_that_it_does_not_make() -> None:
    sections = _sections()
    sections["nodeGroups"]["core"] = sections["nodeGroups"].pop("system")
    (wrong,) = refusals(sections)
    assert (wrong.code, "call it system" in wrong.hint) == ("MLI2207", True)


@pytest.mark.parametrize(("fewest", "replicas"), [(1, 1), (2, 2), (5, 2)])
def test_there_are_two_of_it_where_two_nodes_can_hold_them(fewest: int, replicas: int) -> None:
    sections = _sections()
    sections["nodeGroups"]["system"] = {"instances": ["m6i.large"], "min": fewest, "max": 6}
    assert properties(graph_of(sections), "components.karpenter")["values"]["replicas"] == replicas


def test_images_of_all_types_are_asked_for_with_karpenter_alone() -> None:
    assert wants(stack_of(group()), LIBRARY).images == frozenset()
    assert wants(stack_of(_sections()), LIBRARY).images == {"g5.xlarge", "g5.2xlarge", "m6i.large"}
    assert FACTS.images


def _statements() -> list[dict[str, Any]]:
    policy = properties(graph_of(_sections()), "components.karpenter.role.policy")["policy"]
    return list(resolve(policy.content, _named)["Statement"])


def _named(ref: Expression) -> str:
    assert isinstance(ref, Ref)
    return "demo" if ref.address == "cluster" else f"<{ref.address}>"


_READING = ("Describe", "Get", "List", "Receive")


def test_what_it_changes_bears_the_tags_of_this_cluster_or_is_its_own() -> None:
    for one in _statements():
        changing = [action for action in one["Action"] if not action.partition(":")[2].startswith(_READING)]
        conditions = str(one.get("Condition", ""))
        ours = all(resource.startswith("<components.karpenter") for resource in one["Resource"])
        used = all(not action.startswith("ec2:Create") or action == "ec2:CreateFleet" for action in changing) and all(
            resource.rpartition(":")[2].partition("/")[0]
            in ("image", "snapshot", "security-group", "subnet", "capacity-reservation", "placement-group")
            for resource in one["Resource"]
        )
        spot = one["Action"] == ["iam:CreateServiceLinkedRole"] and "spot.amazonaws.com" in conditions
        assert not changing or ours or used or spot or "kubernetes.io/cluster/demo" in conditions, one


def test_it_hands_machines_one_role_and_makes_none() -> None:
    statements = {action: one for one in _statements() for action in one["Action"]}
    assert statements["iam:PassRole"]["Resource"] == ["<components.karpenter.node-role>"]
    assert not [action for action in statements if action.startswith("iam:Create") and "ServiceLinked" not in action]


def test_it_hears_of_interruptions_by_a_queue_that_takes_them_from_these_rules_alone() -> None:
    graph = graph_of(_sections())
    rules = of_type(graph, "aws:cloudwatch/eventRule:EventRule")
    assert len(rules) == 5
    assert Json({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]}) in [
        one.properties["eventPattern"] for one in rules
    ]
    allowed, denied = properties(graph, "components.karpenter.interruptions.policy")["policy"].content["Statement"]
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": [Ref(one.address, ("arn",)) for one in rules]}}
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_it_goes_after_its_machines_and_what_waits_for_them_comes_after_it() -> None:
    resources = graph_of(_sections()).resources
    controller = Address("components.karpenter")
    assert Address("nodeGroups.gpu.node-pool") not in resources[controller].dependencies()
    assert controller in resources[Address("nodeGroups.gpu.node-class")].dependencies()
    assert Address("nodeGroups.gpu.node-class") in resources[Address("nodeGroups.gpu.node-pool")].dependencies()
    plugin = resources[Address("components.nvidia-device-plugin")]
    assert Address("nodeGroups.gpu.node-pool") in plugin.dependencies()
