from __future__ import annotations

import pytest

from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.ec2_launch_template import LAUNCH_TEMPLATE
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.eks_access import (
    ACCESS_ENTRY,
    ACCESS_POLICY_ASSOCIATION,
    POD_IDENTITY_ASSOCIATION,
)
from mlinfra.providers.aws.services.eks_addon import ADDON
from mlinfra.providers.aws.services.eks_cluster import CLUSTER, one_minor_at_a_time
from mlinfra.providers.aws.services.eks_node_group import NODE_GROUP
from mlinfra.providers.aws.services.iam_roles import ROLE, ROLE_POLICY_ATTACHMENT
from tests.providers.aws.lifecycle import OURS, Account, Build, Case, live
from tests.providers.aws.test_ec2_network import A_VPC
from tests.providers.aws.test_ec2_security_groups import A_GROUP
from tests.providers.aws.test_iam import trust
from tests.providers.aws.test_kms import A_KEY


def subnet(number: int) -> tuple[str, Build]:
    zone = f"us-east-1{'ab'[number]}"
    return SUBNET, lambda account: {
        "vpcId": account.id("vpc"),
        "cidrBlock": f"10.0.{number}.0/24",
        "availabilityZone": zone,
    }


def role(service: str, name: str) -> tuple[str, Build]:
    return ROLE, lambda account: {"name": name, "assumeRolePolicy": trust({"Service": f"{service}.amazonaws.com"})}


def attachment(role: str, policy: str) -> tuple[str, Build]:
    return ROLE_POLICY_ATTACHMENT, lambda account: {"role": role, "policyArn": f"arn:aws:iam::aws:policy/{policy}"}


NETWORK = {"vpc": A_VPC, "a": subnet(0), "b": subnet(1), "group": A_GROUP}
BEFORE_CLUSTER = {
    **NETWORK,
    "role": role("eks", "cluster"),
    "policy": attachment("cluster", "AmazonEKSClusterPolicy"),
    "key": A_KEY,
}
A_CLUSTER = (
    CLUSTER,
    lambda account: {
        "name": "demo",
        "roleArn": account.output("role", "arn"),
        "version": "1.32",
        "vpcConfig": {"subnetIds": [account.id("a"), account.id("b")]},
        "accessConfig": {"authenticationMode": "API"},
    },
)
BEFORE_NODES = {
    **BEFORE_CLUSTER,
    "cluster": A_CLUSTER,
    "nodes": role("ec2", "nodes"),
    **{
        name.replace("_", ""): attachment("nodes", name)
        for name in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
    },
    "template": (LAUNCH_TEMPLATE, lambda account: {"name": "nodes", "metadataOptions": {"httpTokens": "required"}}),
}

A_NODE_GROUP = (
    NODE_GROUP,
    lambda account: {
        "clusterName": "demo",
        "nodeGroupName": "system",
        "nodeRoleArn": account.output("nodes", "arn"),
        "subnetIds": [account.id("a"), account.id("b")],
        "scalingConfig": {"minSize": 1, "maxSize": 1, "desiredSize": 1},
    },
)
AN_ENTRY = (
    ACCESS_ENTRY,
    lambda account: {"clusterName": "demo", "principalArn": account.output("nodes", "arn")},
)

CASES = [
    Case(
        type=CLUSTER,
        needs=BEFORE_CLUSTER,
        properties=lambda account: {
            "name": "demo",
            "roleArn": account.output("role", "arn"),
            "version": "1.32",
            "vpcConfig": {
                "subnetIds": [account.id("b"), account.id("a")],
                "endpointPrivateAccess": True,
                "endpointPublicAccess": True,
                "publicAccessCidrs": ["203.0.113.0/24"],
            },
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
            "enabledClusterLogTypes": ["audit", "api"],
            "encryptionConfig": {"provider": {"keyArn": account.output("key", "arn")}, "resources": ["secrets"]},
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"},
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"version": "1.33"},
            lambda account: {
                "vpcConfig": {
                    "subnetIds": [account.id("a"), account.id("b")],
                    "endpointPrivateAccess": True,
                    "endpointPublicAccess": False,
                }
            },
            lambda account: {"enabledClusterLogTypes": ["api", "authenticator"]},
            lambda account: {"enabledClusterLogTypes": None},
            lambda account: {"tags": {"team": "search"}},
        ),
        listed_by_tags=False,
    ),
    Case(
        type=NODE_GROUP,
        needs=BEFORE_NODES,
        properties=lambda account: {
            "clusterName": "demo",
            "nodeGroupName": "inference",
            "nodeRoleArn": account.output("nodes", "arn"),
            "subnetIds": [account.id("a"), account.id("b")],
            "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1},
            "capacityType": "SPOT",
            "instanceTypes": ["g5.xlarge", "g5.2xlarge"],
            "amiType": "AL2023_x86_64_NVIDIA",
            "launchTemplate": {"id": account.id("template"), "version": "1"},
            "labels": {"workload": "inference"},
            "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
            "updateConfig": {"maxUnavailable": 1},
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"scalingConfig": {"minSize": 0, "maxSize": 5, "desiredSize": 1}},
            lambda account: {"labels": {"workload": "serving", "more": "yes"}},
            lambda account: {"labels": {"more": "yes"}},
            lambda account: {"taints": None},
            lambda account: {"updateConfig": {"maxUnavailable": 2}},
            lambda account: {"tags": None},
        ),
    ),
    Case(
        type=ADDON,
        needs=BEFORE_NODES | {"node-group": A_NODE_GROUP},
        properties=lambda account: {
            "clusterName": "demo",
            "addonName": "vpc-cni",
            "resolveConflictsOnCreate": "OVERWRITE",
            "configurationValues": '{"env":{"WARM_IP_TARGET":"2"}}',
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"configurationValues": '{"env":{"WARM_IP_TARGET":"3"}}'},
            lambda account: {"configurationValues": None},
            lambda account: {"resolveConflictsOnUpdate": "PRESERVE"},
            lambda account: {"tags": None},
        ),
    ),
    Case(
        type=ACCESS_ENTRY,
        needs=BEFORE_NODES,
        properties=lambda account: {
            "clusterName": "demo",
            "principalArn": account.output("nodes", "arn"),
            "kubernetesGroups": ["b", "a"],
            "userName": "someone",
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"kubernetesGroups": ["a"]},
            lambda account: {"userName": "somebody"},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=ACCESS_POLICY_ASSOCIATION,
        needs=BEFORE_NODES | {"entry": AN_ENTRY},
        properties=lambda account: {
            "clusterName": "demo",
            "principalArn": account.output("entry", "principalArn"),
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
            "accessScope": {"type": "namespace", "namespaces": ["serving"]},
        },
        changes=(lambda account: {"accessScope": {"type": "cluster"}},),
    ),
    Case(
        type=POD_IDENTITY_ASSOCIATION,
        needs=BEFORE_NODES | {"pods": role("pods.eks", "pods"), "others": role("pods.eks", "others")},
        properties=lambda account: {
            "clusterName": "demo",
            "namespace": "kube-system",
            "serviceAccount": "autoscaler",
            "roleArn": account.output("pods", "arn"),
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"roleArn": account.output("others", "arn")},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


@pytest.mark.parametrize(
    ("observed", "desired", "versions"),
    [
        ("1.30", "1.33", ["1.31", "1.32", "1.33"]),
        ("1.32", "1.33", ["1.33"]),
        ("1.33", "1.33", ["1.33"]),
        ("1.33", "1.31", ["1.31"]),
    ],
)
def test_a_cluster_is_upgraded_one_minor_version_at_a_time(observed: str, desired: str, versions: list[str]) -> None:
    targets = one_minor_at_a_time({"version": observed, "name": "demo"}, {"version": desired, "name": "demo"})
    assert [target["version"] for target in targets] == versions
    assert {target["name"] for target in targets} == {"demo"}


def test_a_cluster_without_a_desired_version_has_no_hops() -> None:
    assert one_minor_at_a_time({"version": "1.30"}, {"name": "demo"}) == [{"name": "demo"}]


def test_once_a_cluster_and_its_children_are_recorded_no_clusters_are_listed(account: Account) -> None:
    needs: dict[str, tuple[str, Build]] = {**BEFORE_NODES, "entry": AN_ENTRY}
    for name, (token, build) in needs.items():
        account.make(name, token, build(account))
    recorded = [
        account.target(name, token, build(account), account.id(name))
        for name, (token, build) in needs.items()
        if token in (CLUSTER, ACCESS_ENTRY)
    ]
    interest = {one.type: Interest(frozenset({one.id}), frozenset({"demo", "demo-2"}), (one,)) for one in recorded}
    account.server.calls.clear()
    listed = account.provider.list(interest, OURS)
    assert [one.id for one in listed[CLUSTER].objects] == ["demo"]
    assert account.id("entry") in [one.id for one in listed[ACCESS_ENTRY].objects]
    assert "eks:ListClusters" not in account.server.calls.counts()
    account.provider.list({ACCESS_ENTRY: Interest(names=frozenset({"theirs"}))}, OURS)  # a cluster, or somebody in one
    assert account.server.calls.counts()["eks:ListClusters"] == 1
