from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Concat, Ref
from tests.library.samples import FACTS, codes, graph_of, of_type, properties, refusals
from tests.modules.cases import CLUSTER, NODES, SYSTEM, group

_TAG = "aws:autoscaling/tag:Tag"


def _made(**about: Any) -> dict[str, Any]:
    return properties(graph_of(group(**about)), "nodeGroups.gpu")


def _template(**about: Any) -> dict[str, Any]:
    return properties(graph_of(group(**about)), "nodeGroups.gpu.launch-template")


def _disk(**volume: Any) -> dict[str, Any]:
    disk: dict[str, Any] = _template(volume=volume)["blockDeviceMappings"][0]["ebs"]
    return disk


def _refused(**about: Any) -> list[tuple[str, str]]:
    return codes(refusals(group(**about)))


def _tags(graph: Graph) -> dict[str, str]:
    return {one.properties["tag"]["key"]: one.properties["tag"]["value"] for one in of_type(graph, _TAG)}


@pytest.mark.parametrize(
    ("instance", "image", "taint"),
    [
        ("m6i.large", "AL2023_x86_64_STANDARD", None),
        ("m7g.large", "AL2023_ARM_64_STANDARD", None),
        ("g5.xlarge", "AL2023_x86_64_NVIDIA", "nvidia.com/gpu"),
        ("g5g.xlarge", "AL2023_ARM_64_NVIDIA", "nvidia.com/gpu"),
        ("trn1.2xlarge", "AL2023_x86_64_NEURON", "aws.amazon.com/neuron"),
    ],
)
def test_image_and_taint_follow_from_the_machines(instance: str, image: str, taint: str | None) -> None:
    made = _made(instances=[instance])
    assert made["amiType"] == image
    expected = [{"key": taint, "value": "present", "effect": "NO_SCHEDULE"}] if taint else None
    assert made.get("taints") == expected


def test_a_gpu_taint_of_the_users_own_is_not_doubled() -> None:
    taint = {"key": "nvidia.com/gpu", "value": "a10g", "effect": "NoExecute"}
    assert _made(taints=[taint])["taints"] == [{**taint, "effect": "NO_EXECUTE"}]


def test_sizes_are_as_chosen_and_the_first_is_the_fewest() -> None:
    assert _made(min=2, max=7)["scalingConfig"] == {"minSize": 2, "maxSize": 7, "desiredSize": 2}


@pytest.mark.parametrize(("kind", "eks"), [("on-demand", "ON_DEMAND"), ("spot", "SPOT")])
def test_capacity_is_as_chosen(kind: str, eks: str) -> None:
    assert _made(capacity={"type": kind})["capacityType"] == eks


def test_a_reservation_is_targeted_by_its_identifier() -> None:
    capacity = {"type": "reserved", "reservation": "cr-0123456789abcdef0"}
    assert _made(capacity=capacity)["capacityType"] == "ON_DEMAND"
    assert _template(capacity=capacity)["capacityReservationSpecification"] == {
        "capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}
    }


def test_the_instance_types_keep_their_order() -> None:
    assert _made(instances=["g5.2xlarge", "g5.xlarge"])["instanceTypes"] == ["g5.2xlarge", "g5.xlarge"]


def test_nodes_follow_the_clusters_version() -> None:
    sections = group()
    sections["cluster"] = {"version": "1.33"}
    assert properties(graph_of(sections), "nodeGroups.gpu")["version"] == "1.33"


def test_labels_say_group_gpu_and_workload_and_those_of_the_user_win() -> None:
    assert _made()["labels"] == {"workload": "gpu", "mlinfra/node-group": "gpu", "mlinfra/gpu": "A10G"}
    assert _made(labels={"workload": "ranking"})["labels"]["workload"] == "ranking"
    assert _made(instances=["g5.xlarge", "g4dn.2xlarge"])["labels"]["mlinfra/gpu"] == "mixed"
    assert "mlinfra/gpu" not in _made(instances=["m6i.large"])["labels"]


def test_zones_choose_among_the_networks_subnets() -> None:
    assert _made(zones=["us-east-1b"])["subnetIds"] == [Ref(Address("network.private.us-east-1b.subnet"))]


def test_what_is_reserved_is_where_its_reservation_is() -> None:
    reserved = {"type": "reserved", "reservation": "cr-0123456789abcdef0"}
    assert _made(capacity=reserved)["subnetIds"] == [Ref(Address("network.private.us-east-1b.subnet"))]
    assert _made(instances=["p4d.24xlarge"], capacity=reserved, efa=True, placement="cluster")
    unknown = msgspec.structs.replace(FACTS, reservations={"cr-0123456789abcdef0": ""})
    made = properties(graph_of(group(capacity=reserved), facts=unknown), "nodeGroups.gpu")
    assert len(made["subnetIds"]) == 1


def test_a_machine_gives_its_identity_to_no_pod_and_has_no_public_address() -> None:
    template = _template()
    assert template["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    assert template["networkInterfaces"][0]["associatePublicIpAddress"] == "false"
    assert template["networkInterfaces"][0]["securityGroups"] == [
        Ref(Address("cluster"), ("vpcConfig", "clusterSecurityGroupId"))
    ]
    assert "tagSpecifications" not in template


def test_nodes_of_public_subnets_have_public_addresses() -> None:
    sections = {**group(), "network": {"nodeSubnets": "public", "nat": "none"}}
    template = properties(graph_of(sections), "nodeGroups.gpu.launch-template")
    assert template["networkInterfaces"][0]["associatePublicIpAddress"] == "true"


def test_the_disk_is_encrypted_and_as_chosen() -> None:
    assert _disk() == {"volumeSize": 100, "volumeType": "gp3", "encrypted": "true", "deleteOnTermination": "true"}
    disk = _disk(size="1Ti", iops=4000, throughput=1000)
    assert (disk["volumeSize"], disk["iops"], disk["throughput"]) == (1024, 4000, 1000)
    assert _disk(type="io2", iops=20000)["volumeType"] == "io2"


def test_the_group_uses_the_templates_latest_version() -> None:
    template = Address("nodeGroups.gpu.launch-template")
    assert _made()["launchTemplate"] == {"id": Ref(template), "version": Concat((Ref(template, ("latestVersion",)),))}


def test_nodes_start_after_rights_and_ways_out_and_go_before_them() -> None:
    depends_on = graph_of(group()).resources[Address("nodeGroups.gpu")].depends_on
    assert {"nodeGroups.gpu.role.cni", "network.private.us-east-1a.default-route"} < set(depends_on)


def test_the_role_has_the_rights_of_a_node_and_no_more() -> None:
    graph = graph_of(group())
    attached = [
        one.properties["policyArn"].rpartition("/")[2]
        for one in of_type(graph, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if one.address.is_within("nodeGroups.gpu")
    ]
    assert attached == [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryPullOnly",
    ]


def test_each_network_card_has_an_adapter_among_nodes_that_talk_freely() -> None:
    graph = graph_of(group(instances=["p4d.24xlarge"], efa=True, zones=["us-east-1a"]))
    interfaces = properties(graph, "nodeGroups.gpu.launch-template")["networkInterfaces"]
    assert [(one["networkCardIndex"], one["deviceIndex"], one.get("interfaceType")) for one in interfaces] == [
        (0, 0, None),
        (0, 1, "efa-only"),
        (1, 0, "efa-only"),
        (2, 0, "efa-only"),
        (3, 0, "efa-only"),
    ]
    own = Ref(Address("nodeGroups.gpu.efa.security-group"))
    assert all(one["securityGroups"][1] == own for one in interfaces)
    for way in ("ingress", "egress"):
        rule = properties(graph, f"nodeGroups.gpu.efa.security-group.{way}")
        assert (rule["securityGroupId"], rule["referencedSecurityGroupId"], rule["ipProtocol"]) == (own, own, "-1")


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"placement": "cluster", "zones": ["us-east-1a"]}, {"strategy": "cluster"}),
        ({"placement": "spread", "max": 14}, {"strategy": "spread"}),
        ({"placement": "partition"}, {"strategy": "partition", "partitionCount": 7}),
    ],
)
def test_nodes_lie_to_each_other_as_chosen(about: dict[str, Any], expected: dict[str, Any]) -> None:
    graph = graph_of(group(**about))
    assert properties(graph, "nodeGroups.gpu.placement-group") == expected
    assert properties(graph, "nodeGroups.gpu.launch-template")["placement"] == {
        "groupName": Ref(Address("nodeGroups.gpu.placement-group"), ("name",))
    }


def test_machines_with_adapters_cannot_be_public() -> None:
    about = group(instances=["p4d.24xlarge"], efa=True, zones=["us-east-1a"])
    sections = {**about, "network": {"nodeSubnets": "public", "nat": "none"}}
    assert codes(refusals(sections)) == [("MLI2310", "nodeGroups.gpu.efa")]


def test_from_zero_an_autoscaler_learns_what_a_node_would_be_like() -> None:
    graph = graph_of(group(min=0, taints=[{"key": "dedicated", "value": "x"}]))
    prefix = "k8s.io/cluster-autoscaler/node-template"
    assert _tags(graph) == {
        f"{prefix}/resources/nvidia.com/gpu": "1",
        f"{prefix}/label/workload": "gpu",
        f"{prefix}/label/mlinfra/node-group": "gpu",
        f"{prefix}/label/mlinfra/gpu": "A10G",
        f"{prefix}/taint/dedicated": "x:NoSchedule",
        f"{prefix}/taint/nvidia.com/gpu": "present:NoSchedule",
    }
    assert not _tags(graph_of(group(min=1)))


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"instances": ["g5.huge"]}, [("MLI2301", "instances[0]")]),
        ({"instances": ["g5.xlarge", "m6i.large"]}, [("MLI2302", "instances[1]")]),
        ({"instances": ["m6i.large", "m7g.large"]}, [("MLI2302", "instances[1]")]),
        ({"instances": ["m6i.large", "m6i.large"]}, [("MLI2302", "instances[1]")]),
        ({"instances": ["g4ad.xlarge"]}, [("MLI2302", "instances[0]")]),
        ({"min": 5, "max": 4}, [("MLI2303", "max")]),
        ({"min": 0, "max": 0}, [("MLI2303", "max")]),
        ({"capacity": {"type": "on-demand", "maxPrice": 0.9}}, [("MLI2304", "capacity.maxPrice")]),
        (
            {"capacity": {"type": "reserved", "reservation": "cr-0a", "fallback": "on-demand"}},
            [("MLI2304", "capacity.fallback")],
        ),
        ({"capacity": {"type": "spot", "onDemandBase": 1}}, [("MLI2304", "capacity.onDemandBase")]),
        ({"capacity": {"type": "mixed", "onDemandBase": 5}, "max": 4}, [("MLI2304", "capacity.onDemandBase")]),
        ({"capacity": {"type": "reserved"}}, [("MLI2304", "capacity")]),
        ({"capacity": {"reservation": "cr-0a"}}, [("MLI2304", "capacity.reservation")]),
        (
            {"capacity": {"type": "reserved", "reservation": "cr-0a"}, "zones": ["us-east-1b"]},
            [("MLI2313", "capacity.reservation")],
        ),
        ({"efa": True, "zones": ["us-east-1a"]}, [("MLI2310", "instances[0]"), ("MLI2310", "instances[1]")]),
        ({"efa": True, "instances": ["p4d.24xlarge"]}, [("MLI2310", "efa")]),
        (
            {"efa": True, "zones": ["us-east-1a"], "instances": ["p4d.24xlarge", "g5.8xlarge"]},
            [("MLI2310", "instances[1]")],
        ),
        ({"placement": "cluster"}, [("MLI2311", "placement")]),
        ({"placement": "spread", "max": 15}, [("MLI2311", "placement")]),
        ({"zones": ["us-east-1d"]}, [("MLI2306", "zones[0]")]),
        ({"labels": {"kubernetes.io/os": "linux"}}, [("MLI2309", 'labels["kubernetes.io/os"]')]),
        ({"labels": {"mlinfra/x": "y"}}, [("MLI2309", 'labels["mlinfra/x"]')]),
        ({"labels": {"a": "not a value"}}, [("MLI2309", "labels.a")]),
        ({"taints": [{"key": "a"}, {"key": "a"}]}, [("MLI2309", "taints[1]")]),
        ({"volume": {"type": "io1", "throughput": 200, "iops": 300}}, [("MLI2308", "volume.throughput")]),
        ({"volume": {"throughput": 100}}, [("MLI2308", "volume.throughput")]),
        ({"volume": {"throughput": 1000}}, [("MLI2308", "volume.throughput")]),
        ({"volume": {"iops": 200}}, [("MLI2308", "volume.iops")]),
        ({"volume": {"size": "20Gi", "iops": 12000}}, [("MLI2308", "volume.iops")]),
        ({"volume": {"size": "19Gi"}}, [("MLI2394", "volume.size")]),
        ({"volume": {"type": "gp2", "iops": 3000}}, [("MLI2308", "volume.iops")]),
        ({"volume": {"type": "io2"}}, [("MLI2308", "volume.iops")]),
        (
            {"volume": {"iops": 999999, "throughput": 9}},
            [("MLI2308", "volume.iops"), ("MLI2308", "volume.throughput")],
        ),
        (
            {"volume": {"size": "1Ti", "iops": 90000, "throughput": 2001}},
            [("MLI2308", "volume.iops"), ("MLI2308", "volume.throughput")],
        ),
    ],
)
def test_groups_that_cannot_be_are_refused(about: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert _refused(**about) == [(code, f"nodeGroups.gpu.{at}") for code, at in expected]


def test_nodes_without_a_way_out_or_the_endpoints_instead_of_it_are_refused() -> None:
    sections = {**group(), "network": {"nat": "none", "vpcEndpoints": ["s3"]}}
    wrong, other = refusals(sections)
    assert codes((wrong, other)) == [("MLI2307", "nodeGroups.gpu"), ("MLI2307", "nodeGroups.system")]
    assert "ec2, ecr.api, ecr.dkr, eks, eks-auth, sts" in wrong.hint
    needed = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "s3", "sts"]
    graph = graph_of({**sections, "network": {"nat": "none", "vpcEndpoints": needed}})
    # They join, and the images of most that runs on them are elsewhere.
    (told,) = [one for one in graph.notes if one.code == "MLI2950"]
    assert (str(told.address), told.detail) == ("network", "needed by nvidia-device-plugin")
    assert not [one for one in graph_of(group()).notes if one.code == "MLI2950"]


def test_zones_of_a_network_that_exists_are_not_known() -> None:
    use = {"vpcId": "vpc-0abc", "subnetIds": ["subnet-0a", "subnet-0b"]}
    (wrong,) = refusals({**group(zones=["us-east-1a"]), "network": {"use": use}})
    assert (wrong.code, wrong.hint) == ("MLI2306", "take zones out")


# Scaling groups of our own


def test_groups_need_a_cluster() -> None:
    sections = {name: one for name, one in {**CLUSTER, **group()}.items() if name != "cluster"}
    (wrong,) = refusals(sections)
    assert (wrong.code, wrong.hint) == ("MLI2007", "add the section cluster")


def test_nodes_that_the_way_to_the_api_leads_through_may_carry_a_tunnel_and_come_before_all_in_the_cluster() -> None:
    inside = {"names": {"type": "kubernetes:core/v1:Namespace", "properties": {"metadata": {"name": "serving"}}}}
    sections = {**NODES, "cluster": {"endpoint": {"reach": "ssm"}}}
    graph = graph_of(sections, resources=inside)
    assert properties(graph, "nodeGroups.system.role.tunnel")["policyArn"].endswith("AmazonSSMManagedInstanceCore")
    assert Address("nodeGroups.system") in graph.resources[Address("resources.names")].depends_on
    through_another = {**NODES, "cluster": {"endpoint": {"reach": "ssm", "bastion": "i-0a"}}}
    graph = graph_of(through_another, resources=inside)
    assert Address("nodeGroups.system.role.tunnel") not in graph.resources
    assert Address("nodeGroups.system") not in graph.resources[Address("resources.names")].depends_on


def test_nodes_without_a_way_to_session_manager_carry_no_tunnel() -> None:
    joins = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "s3", "sts"]
    network = {"zones": 2, "nat": "none", "vpcEndpoints": joins}
    cluster = {"endpoint": {"reach": "ssm"}}
    sections = {"network": network, "cluster": cluster, "nodeGroups": {"system": SYSTEM}}
    [refused, *_] = refusals(sections)
    assert refused.summary == "these nodes could never carry a tunnel: their subnets have no way out"
    assert str(refused.hint).endswith("ssm, ssmmessages")


def _handled(sections: dict[str, Any]) -> bool:
    return Address("components.aws-node-termination-handler") in graph_of(sections).resources


def test_nodes_that_nobody_empties_before_they_go_get_somebody_who_does() -> None:
    mixed = group(capacity={"type": "spot", "fallback": "on-demand"})
    values = properties(graph_of(mixed), "components.aws-node-termination-handler")["values"]
    (term,) = values["daemonsetAffinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"] == [{"key": "mlinfra/node-group", "operator": "In", "values": ["gpu"]}]
    assert not _handled(group(capacity={"type": "spot"}))
    assert not _handled({**mixed, "autoscaling": {"nodes": {"kind": "karpenter"}}})
