from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Json, Ref
from tests.library.samples import FACTS, LIBRARY, codes, graph_of, of_type, properties, refusals
from tests.modules.cases import ADMINS, CLUSTER, NETWORK, SYSTEM, USERS, group


def _cluster(**inputs: Any) -> Graph:
    return graph_of({**NETWORK, "cluster": inputs}, name="recsys")


def _peopled(**inputs: Any) -> Graph:
    return graph_of({**NETWORK, "cluster": inputs, "nodeGroups": {"system": SYSTEM}})


def _refused(**inputs: Any) -> list[tuple[str, str]]:
    return codes(refusals({**NETWORK, "cluster": inputs}))


def test_the_cluster_bears_the_stacks_name_and_lives_in_private_subnets() -> None:
    cluster = properties(_cluster(), "cluster")
    assert cluster["name"] == "recsys"
    assert [one.address for one in cluster["vpcConfig"]["subnetIds"]] == [
        "network.private.us-east-1a.subnet",
        "network.private.us-east-1b.subnet",
    ]


def test_by_default_it_is_private_encrypted_logged_and_of_the_newest_version() -> None:
    cluster = properties(_cluster(), "cluster")
    assert cluster["version"] == "1.35"
    assert cluster["vpcConfig"]["endpointPublicAccess"] is False
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    assert "publicAccessCidrs" not in cluster["vpcConfig"]
    assert cluster["enabledClusterLogTypes"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    assert cluster["encryptionConfig"] == {
        "provider": {"keyArn": Ref(Address("cluster.key"), ("arn",))},
        "resources": ["secrets"],
    }


def test_whoever_creates_it_is_its_administrator_and_entries_are_the_only_way_in() -> None:
    assert properties(_cluster(), "cluster")["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": True,
    }


def test_the_log_group_and_the_roles_rights_are_there_before_the_cluster() -> None:
    graph = _cluster(logRetentionDays=30)
    assert graph.resources[Address("cluster")].depends_on == ("cluster.role.cluster-policy", "cluster.log-group")
    assert properties(graph, "cluster.log-group") == {"name": "/aws/eks/recsys/cluster", "retentionInDays": 30}


def test_version_logs_and_endpoint_are_as_chosen() -> None:
    endpoint = {"private": False, "public": True, "allowedCidrs": ["203.0.113.0/24"]}
    cluster = properties(_cluster(version="1.32", logs=["audit"], endpoint=endpoint), "cluster")
    assert (cluster["version"], cluster["enabledClusterLogTypes"]) == ("1.32", ["audit"])
    assert cluster["vpcConfig"]["publicAccessCidrs"] == ["203.0.113.0/24"]
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is False


def test_without_encryption_there_is_no_key() -> None:
    graph = _cluster(secretsEncryption=False)
    assert "encryptionConfig" not in properties(graph, "cluster")
    assert not of_type(graph, "aws:kms/key:Key")


def test_the_key_rotates_and_waits_before_it_goes() -> None:
    key = properties(_cluster(), "cluster.key")
    assert (key["enableKeyRotation"], key["deletionWindowInDays"]) == (True, 30)
    graph = graph_of(CLUSTER, environment="ephemeral")
    assert properties(graph, "cluster.key")["deletionWindowInDays"] == 7


def test_the_identity_provider_is_that_of_the_clusters_issuer() -> None:
    provider = properties(_cluster(), "cluster.oidc-provider")
    assert provider["url"] == Ref(Address("cluster"), ("identities", 0, "oidcs", 0, "issuer"))


def test_access_is_an_entry_for_each_identity_and_an_association_for_each_policy() -> None:
    graph = _cluster(access=[ADMINS, USERS, {**USERS, "policy": "edit", "namespaces": ["lab"]}])
    assert [one.address for one in of_type(graph, "aws:eks/accessEntry:AccessEntry")] == [
        "cluster.access.ml-admins",
        "cluster.access.ml-users",
    ]
    admin = properties(graph, "cluster.access.ml-admins.cluster-admin")
    assert admin["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert admin["accessScope"] == {"type": "cluster"}
    edit = properties(graph, "cluster.access.ml-users.edit")
    assert edit["accessScope"] == {"type": "namespace", "namespaces": ["lab"]}


def test_an_entry_is_called_as_it_wants() -> None:
    graph = _cluster(access=[{**USERS, "name": "readers"}])
    assert Address("cluster.access.readers.view") in graph.resources


def test_what_nodes_need_stands_before_them_and_dns_after_them() -> None:
    graph = graph_of(group())
    before = graph.resources[Address("nodeGroups.gpu")].depends_on
    assert {"cluster.addons.vpc-cni", "cluster.addons.kube-proxy", "cluster.addons.eks-pod-identity-agent"} < set(
        before
    )
    assert graph.resources[Address("cluster.addons.coredns")].depends_on == ("nodeGroups.system",)


def test_without_nodes_only_what_nodes_need_is_added() -> None:
    assert [one.address.rpartition(".")[2] for one in of_type(_cluster(), "aws:eks/addon:Addon")] == [
        "vpc-cni",
        "kube-proxy",
        "eks-pod-identity-agent",
    ]


@pytest.mark.parametrize("about", [{"min": 0}, {"taints": [{"key": "a"}]}, {"instances": ["g5.xlarge"]}])
def test_nodes_that_have_no_room_for_the_clusters_own_pods_are_refused(about: dict[str, Any]) -> None:
    groups = {"system": {"instances": ["m6i.large"], "max": 2, **about}}
    assert codes(refusals({**CLUSTER, "nodeGroups": groups})) == [("MLI2207", "cluster")]


def test_network_policies_are_enforced_unless_a_stack_says_otherwise() -> None:
    unenforced = {"vpc-cni": {"configuration": {"enableNetworkPolicy": "false"}}}
    for addons, enforced in (({}, "true"), (unenforced, "false")):
        addon = properties(_peopled(addons=addons), "cluster.addons.vpc-cni")
        assert addon["configurationValues"] == Json({"enableNetworkPolicy": enforced})


def test_an_addon_is_pinned_and_configured_wherever_it_comes_from() -> None:
    addons = {name: {"version": "v1.2.3-eksbuild.4", "configuration": {"a": 1}} for name in ("vpc-cni", "adot")}
    graph = _peopled(addons=addons)
    for name in addons:
        addon = properties(graph, f"cluster.addons.{name}")
        assert (addon["addonName"], addon["addonVersion"]) == (name, "v1.2.3-eksbuild.4")
        assert addon["configurationValues"].content["a"] == 1


def test_an_addon_without_a_version_has_that_of_the_clusters_version() -> None:
    for version in ("1.33", "1.34"):
        graph = _peopled(version=version)
        assert properties(graph, "cluster.addons.coredns")["addonVersion"] == f"v{version}.1-eksbuild.2"
        assert properties(graph, "cluster.addons.kube-proxy")["addonVersion"] == f"v{version}.1-eksbuild.1"


def test_of_a_pinned_addon_it_is_asked_whether_there_is_that_version() -> None:
    module = LIBRARY.modules["cluster"]
    about = {"addons": {"vpc-cni": {"version": "v1.20.0-eksbuild.1"}, "adot": {}}}
    assert module.wants is not None
    wanted = module.wants(msgspec.convert(about, module.inputs))
    pinned = "vpc-cni/v1.20.0-eksbuild.1"
    assert wanted.addons == {pinned, "kube-proxy", "eks-pod-identity-agent", "coredns", "adot"}


@pytest.mark.parametrize(("offered", "fine"), [("v99.0.0-eksbuild.1", True), ("v1.20.4-eksbuild.1", False)])
def test_a_version_that_eks_does_not_offer_is_refused_with_the_nearest(offered: str, fine: bool) -> None:
    facts = msgspec.structs.replace(FACTS, addons={**FACTS.addons, "1.33/vpc-cni/v99.0.0-eksbuild.1": offered})
    about = {"version": "1.33", "addons": {"vpc-cni": {"version": "v99.0.0-eksbuild.1"}}}
    if fine:
        assert graph_of({**CLUSTER, "cluster": about}, facts=facts)
        return
    (wrong,) = refusals({**CLUSTER, "cluster": about}, facts=facts)
    assert (wrong.code, str(wrong.source)) == ("MLI2292", "cluster.addons.vpc-cni.version:1")
    assert "the nearest is v1.20.4-eksbuild.1" in wrong.hint


def test_a_storage_driver_gets_its_rights_by_pod_identity() -> None:
    graph = _peopled(addons={"aws-ebs-csi-driver": {}})
    role = "cluster.addons.aws-ebs-csi-driver.role"
    addon = graph.resources[Address("cluster.addons.aws-ebs-csi-driver")]
    assert addon.properties["podIdentityAssociations"] == [
        {"roleArn": Ref(Address(role), ("arn",)), "serviceAccount": "ebs-csi-controller-sa"}
    ]
    assert f"{role}.policy" in addon.depends_on
    trust = properties(graph, role)["assumeRolePolicy"].content["Statement"][0]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"version": "1.29"}, [("MLI2201", "cluster.version")]),
        ({"endpoint": {"private": False}}, [("MLI2202", "cluster.endpoint.private")]),
        ({"endpoint": {"public": True}}, [("MLI2202", "cluster.endpoint.allowedCidrs")]),
        ({"endpoint": {"allowedCidrs": ["10.0.0.0/8"]}}, [("MLI2202", "cluster.endpoint.allowedCidrs")]),
        ({"access": [{"principal": "arn:aws:s3:::bucket"}]}, [("MLI2204", "cluster.access[0].principal")]),
        (
            {"access": [{"principal": "arn:aws:sts::123456789012:assumed-role/a/b"}]},
            [("MLI2204", "cluster.access[0].principal")],
        ),
        ({"access": [USERS, USERS]}, [("MLI2203", "cluster.access[1]")]),
        (
            {"access": [USERS, {"principal": "arn:aws:iam::210987654321:role/ml-users"}]},
            [("MLI2203", "cluster.access[1]")],
        ),
        ({"access": [{**ADMINS, "namespaces": ["a"]}]}, [("MLI2206", "cluster.access[0].namespaces")]),
        ({"addons": {"vpc-cin": {}, "adot": {}}}, [("MLI2220", "cluster.addons.vpc-cin")]),
        ({"addons": {"of-tomorrow": {"version": "v1.0.0-eksbuild.1"}}}, [("MLI2220", "cluster.addons.of-tomorrow")]),
    ],
)
def test_clusters_that_cannot_be_are_refused(inputs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert _refused(**inputs) == expected


def test_a_misspelt_addon_is_said_to_be_one() -> None:
    (wrong,) = refusals({**CLUSTER, "cluster": {"addons": {"metric-server": {"version": "v0.8.0-eksbuild.2"}}}})
    assert (wrong.summary, wrong.hint) == ("EKS has no add-on metric-server", "did you mean metrics-server?")


def test_an_addon_that_only_eks_knows_is_as_good_as_any() -> None:
    name, version = "of-tomorrow", "v1.0.0-eksbuild.1"
    offered = msgspec.structs.replace(FACTS, addons={**FACTS.addons, f"1.33/{name}": version})
    sections = {**NETWORK, "cluster": {"version": "1.33", "addons": {name: {}}}, "nodeGroups": {"system": SYSTEM}}
    graph = graph_of(sections, facts=offered)
    assert properties(graph, f"cluster.addons.{name}")["addonVersion"] == version


def test_one_zone_is_too_few() -> None:
    (wrong,) = refusals({**CLUSTER, "network": {"zones": 1}})
    assert (wrong.code, wrong.hint) == ("MLI2205", "set network.zones to 2 or more")


def test_one_subnet_of_an_existing_network_is_too_few() -> None:
    use = {"vpcId": "vpc-0abc", "subnetIds": ["subnet-0a"]}
    assert codes(refusals({"network": {"use": use}, "cluster": {}})) == [("MLI2205", "cluster")]


@pytest.mark.parametrize(
    ("endpoint", "where"),
    [
        ({"proxy": "http://proxy:3128"}, "cluster.endpoint.proxy"),
        ({"reach": "proxy", "bastion": "i-0a"}, "cluster.endpoint.bastion"),
    ],
)
def test_a_way_that_is_not_taken_is_not_described(endpoint: dict[str, str], where: str) -> None:
    assert _refused(endpoint=endpoint) == [("MLI2202", where)]
