"""EKS clusters. What AWS does is documented in the EKS API reference and user guide; pages are named by each test."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox

NO_DELAY = {"Delay": 0, "MaxAttempts": 5}


def test_a_cluster_is_creating_at_first_and_active_at_the_next_look(aws: Any) -> None:
    asked = {
        "name": "ml",
        "roleArn": aws.role("cluster", "eks.amazonaws.com"),
        "resourcesVpcConfig": {"subnetIds": aws.subnets(aws.vpc())},
    }
    created = aws.eks.create_cluster(**asked)["cluster"]
    assert created["status"] == "CREATING"
    assert "endpoint" not in created
    assert aws.eks.describe_cluster(name="ml")["cluster"]["status"] == "ACTIVE"


def test_an_active_cluster_has_its_own_issuer_endpoint_and_authority(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html
    first, second = aws.cluster("one"), aws.cluster("two")
    issuers = {cluster["identity"]["oidc"]["issuer"] for cluster in (first, second)}
    assert len(issuers) == 2
    assert first["endpoint"] != second["endpoint"]
    authority = base64.b64decode(first["certificateAuthority"]["data"])
    assert authority.startswith(b"-----BEGIN CERTIFICATE-----")


def test_a_cluster_gets_a_security_group_and_interfaces_in_its_vpc(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html and .../network-reqs.html
    cluster = aws.cluster()
    network = cluster["resourcesVpcConfig"]
    (group,) = aws.ec2.describe_security_groups(GroupIds=[network["clusterSecurityGroupId"]])["SecurityGroups"]
    assert group["VpcId"] == network["vpcId"]
    assert {"Key": "kubernetes.io/cluster/ml", "Value": "owned"} in group["Tags"]
    assert [pair["GroupId"] for rule in group["IpPermissions"] for pair in rule["UserIdGroupPairs"]] == [
        group["GroupId"]
    ]
    interfaces = aws.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["Amazon EKS ml"]}])[
        "NetworkInterfaces"
    ]
    assert {interface["SubnetId"] for interface in interfaces} == set(network["subnetIds"])


def test_a_deleted_cluster_leaves_nothing_in_the_vpc(aws: Any, sandbox: Sandbox) -> None:
    role, subnets = aws.role("cluster", "eks.amazonaws.com"), aws.subnets(aws.vpc())
    before = sandbox.inventory()
    aws.eks.create_cluster(name="ml", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    aws.eks.get_waiter("cluster_active").wait(name="ml", WaiterConfig=NO_DELAY)
    assert aws.eks.delete_cluster(name="ml")["cluster"]["status"] == "DELETING"
    aws.eks.get_waiter("cluster_deleted").wait(name="ml", WaiterConfig=NO_DELAY)
    assert sandbox.inventory() == before


@pytest.mark.parametrize(
    "broken",
    [
        {"roleArn": "arn:aws:iam::123456789012:role/absent"},
        {"resourcesVpcConfig": {"subnetIds": ["subnet-00000000000000000", "subnet-00000000000000001"]}},
        {"version": "1.9"},
        {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:us-east-1:1:key/x"}}]},
    ],
    ids=["role", "subnets", "version", "key"],
)
def test_a_cluster_that_refers_to_nothing_is_refused(
    aws: Any, refused: Callable[..., str], broken: dict[str, Any]
) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html#API_CreateCluster_Errors
    good = {
        "name": "ml",
        "roleArn": aws.role("cluster", "eks.amazonaws.com"),
        "resourcesVpcConfig": {"subnetIds": aws.subnets(aws.vpc())},
    }
    assert refused(aws.eks.create_cluster, **{**good, **broken}) == "InvalidParameterException"
    assert aws.eks.list_clusters()["clusters"] == []


def test_subnets_in_one_zone_are_not_enough(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    role = aws.role("cluster", "eks.amazonaws.com")
    network = {"subnetIds": aws.subnets(aws.vpc(), "aa")}
    assert refused(aws.eks.create_cluster, name="ml", roleArn=role, resourcesVpcConfig=network) == (
        "InvalidParameterException"
    )


def test_a_role_that_does_not_trust_eks_is_refused(aws: Any, refused: Callable[..., str]) -> None:
    role = aws.role("cluster", "ec2.amazonaws.com")
    network = {"subnetIds": aws.subnets(aws.vpc())}
    assert refused(aws.eks.create_cluster, name="ml", roleArn=role, resourcesVpcConfig=network) == (
        "InvalidParameterException"
    )


def test_the_same_token_gives_the_same_cluster_and_another_token_is_refused(
    aws: Any, refused: Callable[..., str]
) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html, clientRequestToken
    asked = {
        "name": "ml",
        "roleArn": aws.role("cluster", "eks.amazonaws.com"),
        "resourcesVpcConfig": {"subnetIds": aws.subnets(aws.vpc())},
        "clientRequestToken": "t",
    }
    first = aws.eks.create_cluster(**asked)["cluster"]
    assert aws.eks.create_cluster(**asked)["cluster"]["arn"] == first["arn"]
    assert refused(aws.eks.create_cluster, **{**asked, "tags": {"a": "b"}}) == "InvalidRequestException"
    assert refused(aws.eks.create_cluster, **{**asked, "clientRequestToken": "u"}) == "ResourceInUseException"


def test_an_upgrade_takes_one_minor_version_at_a_time(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
    aws.cluster()
    assert refused(aws.eks.update_cluster_version, name="ml", version="1.35") == "InvalidParameterException"
    update = aws.eks.update_cluster_version(name="ml", version="1.34")["update"]
    assert update["status"] == "InProgress"
    assert aws.eks.describe_update(name="ml", updateId=update["id"])["update"]["status"] == "Successful"
    assert aws.eks.describe_cluster(name="ml")["cluster"]["version"] == "1.34"


def test_an_update_whose_answer_was_lost_may_be_asked_for_again(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html, clientRequestToken
    aws.cluster()
    asked = {"name": "ml", "version": "1.34", "clientRequestToken": "t"}
    first = aws.eks.update_cluster_version(**asked)["update"]
    assert aws.eks.describe_cluster(name="ml")["cluster"]["version"] == "1.34"
    assert aws.eks.update_cluster_version(**asked)["update"]["id"] == first["id"]
    assert refused(aws.eks.update_cluster_version, **{**asked, "version": "1.35"}) == "InvalidRequestException"


def test_an_update_that_changes_nothing_is_refused(aws: Any, refused: Callable[..., str]) -> None:
    aws.cluster()
    network = {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    assert refused(aws.eks.update_cluster_config, name="ml", resourcesVpcConfig=network) == "InvalidParameterException"


def test_each_aspect_of_a_cluster_can_be_changed(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html
    aws.cluster()
    changes: list[dict[str, Any]] = [
        {"resourcesVpcConfig": {"endpointPrivateAccess": True, "publicAccessCidrs": ["10.0.0.0/8"]}},
        {"logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]}},
        {"upgradePolicy": {"supportType": "STANDARD"}},
        {"deletionProtection": True},
    ]
    for change in changes:
        aws.eks.update_cluster_config(name="ml", **change)
    cluster = aws.eks.describe_cluster(name="ml")["cluster"]
    assert cluster["resourcesVpcConfig"]["publicAccessCidrs"] == ["10.0.0.0/8"]
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"]
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["api", "audit"], "enabled": True}
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster["deletionProtection"]


def test_a_cluster_with_node_groups_is_not_deleted(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html
    cluster = aws.cluster()
    aws.node_group(cluster)
    assert refused(aws.eks.delete_cluster, name="ml") == "ResourceInUseException"


def test_secrets_are_encrypted_once_and_for_all(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateEncryptionConfig.html
    aws.cluster()
    key = aws.kms.create_key()["KeyMetadata"]["Arn"]
    config = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    aws.eks.associate_encryption_config(clusterName="ml", encryptionConfig=config)
    assert aws.eks.describe_cluster(name="ml")["cluster"]["encryptionConfig"] == config
    assert refused(aws.eks.associate_encryption_config, clusterName="ml", encryptionConfig=config) == (
        "InvalidParameterException"
    )


def test_the_versions_on_offer_are_listed_with_their_support(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeClusterVersions.html
    versions = aws.eks.describe_cluster_versions()["clusterVersions"]
    assert len([version for version in versions if version["defaultVersion"]]) == 1
    assert {version["versionStatus"] for version in versions} == {"STANDARD_SUPPORT", "EXTENDED_SUPPORT"}


def test_tags_of_clusters_and_node_groups_are_kept(aws: Any) -> None:
    cluster = aws.cluster(tags={"a": "1"})
    group = aws.node_group(cluster, tags={"b": "2"})
    for arn, own in ((cluster["arn"], {"a": "1"}), (group["nodegroupArn"], {"b": "2"})):
        aws.eks.tag_resource(resourceArn=arn, tags={"c": "3"})
        assert aws.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {**own, "c": "3"}
        aws.eks.untag_resource(resourceArn=arn, tagKeys=["c"])
        assert aws.eks.list_tags_for_resource(resourceArn=arn)["tags"] == own
