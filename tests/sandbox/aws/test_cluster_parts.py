"""Add-ons, access entries, pod identities and Fargate profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlinfra.sandbox.aws.sandbox import Sandbox

NO_DELAY = {"Delay": 0, "MaxAttempts": 5}


def test_an_add_on_comes_changes_and_goes(aws: Any, sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html
    aws.cluster()
    before = sandbox.inventory()
    created = aws.eks.create_addon(clusterName="ml", addonName="coredns", configurationValues='{"replicaCount": 3}')
    assert created["addon"]["status"] == "CREATING"
    aws.eks.get_waiter("addon_active").wait(clusterName="ml", addonName="coredns", WaiterConfig=NO_DELAY)
    offered = aws.eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.33")["addons"][0]
    newest, older = (version["addonVersion"] for version in offered["addonVersions"])
    assert created["addon"]["addonVersion"] == newest
    aws.eks.update_addon(clusterName="ml", addonName="coredns", addonVersion=older)
    assert aws.eks.describe_addon(clusterName="ml", addonName="coredns")["addon"]["addonVersion"] == older
    aws.eks.delete_addon(clusterName="ml", addonName="coredns")
    aws.eks.get_waiter("addon_deleted").wait(clusterName="ml", addonName="coredns", WaiterConfig=NO_DELAY)
    assert sandbox.inventory() == before


def test_add_ons_and_versions_that_do_not_exist_are_refused(aws: Any, refused: Callable[..., str]) -> None:
    aws.cluster()
    create = aws.eks.create_addon
    assert refused(create, clusterName="ml", addonName="teapot") == "InvalidParameterException"
    assert refused(create, clusterName="ml", addonName="coredns", addonVersion="v0") == "InvalidParameterException"
    aws.eks.create_addon(clusterName="ml", addonName="coredns")
    assert refused(create, clusterName="ml", addonName="coredns") == "ResourceInUseException"


def test_an_add_on_owns_its_pod_identities(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html
    aws.cluster()
    role = aws.role("csi", "pods.eks.amazonaws.com")
    identity = {"serviceAccount": "ebs-csi-controller-sa", "roleArn": role}
    aws.eks.create_addon(clusterName="ml", addonName="aws-ebs-csi-driver", podIdentityAssociations=[identity])
    (association,) = aws.eks.list_pod_identity_associations(clusterName="ml")["associations"]
    add_on = aws.eks.describe_addon(clusterName="ml", addonName="aws-ebs-csi-driver")["addon"]
    assert association["ownerArn"] == add_on["addonArn"]
    aws.eks.delete_addon(clusterName="ml", addonName="aws-ebs-csi-driver")
    assert aws.eks.list_pod_identity_associations(clusterName="ml")["associations"] == []


def test_the_creator_is_admitted_and_nodes_admit_themselves(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    group = aws.node_group(aws.cluster())
    caller = aws.sts.get_caller_identity()["Arn"]
    entries = aws.eks.list_access_entries(clusterName="ml")["accessEntries"]
    assert entries == sorted([caller, group["nodeRole"]])
    nodes = aws.eks.describe_access_entry(clusterName="ml", principalArn=group["nodeRole"])["accessEntry"]
    assert nodes["type"] == "EC2_LINUX"
    policies = aws.eks.list_associated_access_policies(clusterName="ml", principalArn=caller)
    assert [policy["policyArn"].rpartition("/")[2] for policy in policies["associatedAccessPolicies"]] == [
        "AmazonEKSClusterAdminPolicy"
    ]


def test_a_principal_is_admitted_with_a_policy_for_some_namespaces(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateAccessPolicy.html
    aws.cluster()
    role = aws.role("users", "ec2.amazonaws.com")
    of = {"clusterName": "ml", "principalArn": role}
    aws.eks.create_access_entry(**of, kubernetesGroups=["viewers"], tags={"a": "b"})
    view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"type": "namespace", "namespaces": ["serving"]}
    aws.eks.associate_access_policy(**of, policyArn=view, accessScope=scope)
    (policy,) = aws.eks.list_associated_access_policies(**of)["associatedAccessPolicies"]
    assert policy["accessScope"] == scope
    aws.eks.update_access_entry(**of, kubernetesGroups=["editors"])
    assert aws.eks.describe_access_entry(**of)["accessEntry"]["kubernetesGroups"] == ["editors"]
    aws.eks.disassociate_access_policy(**of, policyArn=view)
    aws.eks.delete_access_entry(**of)
    assert role not in aws.eks.list_access_entries(clusterName="ml")["accessEntries"]


def test_an_entry_needs_a_principal_a_known_policy_and_the_right_mode(aws: Any, refused: Callable[..., str]) -> None:
    aws.cluster()
    absent = "arn:aws:iam::123456789012:role/absent"
    create = aws.eks.create_access_entry
    assert refused(create, clusterName="ml", principalArn=absent) == "InvalidParameterException"
    of = {"clusterName": "ml", "principalArn": aws.role("users", "ec2.amazonaws.com")}
    create(**of)
    assert refused(create, **of) == "ResourceInUseException"
    unknown = "arn:aws:eks::aws:cluster-access-policy/Unknown"
    associate = aws.eks.associate_access_policy
    assert refused(associate, **of, policyArn=unknown, accessScope={"type": "cluster"}) == "InvalidParameterException"
    # https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html
    aws.cluster(
        "old",
        accessConfig={"authenticationMode": "CONFIG_MAP"},
        resourcesVpcConfig={
            "subnetIds": aws.eks.describe_cluster(name="ml")["cluster"]["resourcesVpcConfig"]["subnetIds"]
        },
    )
    assert refused(create, clusterName="old", principalArn=of["principalArn"]) == "InvalidRequestException"


def test_a_service_account_has_one_identity_at_most(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
    aws.cluster()
    role = aws.role("pods", "pods.eks.amazonaws.com")
    asked = {"clusterName": "ml", "namespace": "serving", "serviceAccount": "ranker", "roleArn": role}
    made = aws.eks.create_pod_identity_association(**asked)["association"]
    assert refused(aws.eks.create_pod_identity_association, **asked) == "ResourceInUseException"
    other = aws.role("other", "pods.eks.amazonaws.com")
    of = {"clusterName": "ml", "associationId": made["associationId"]}
    aws.eks.update_pod_identity_association(**of, roleArn=other)
    assert aws.eks.describe_pod_identity_association(**of)["association"]["roleArn"] == other
    aws.eks.delete_pod_identity_association(**of)
    assert refused(aws.eks.describe_pod_identity_association, **of) == "ResourceNotFoundException"


def test_a_fargate_profile_keeps_its_cluster_from_being_deleted(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html
    aws.cluster()
    role = aws.role("fargate", "eks-fargate-pods.amazonaws.com")
    of = {"clusterName": "ml", "fargateProfileName": "serving"}
    aws.eks.create_fargate_profile(**of, podExecutionRoleArn=role, selectors=[{"namespace": "serving"}])
    aws.eks.get_waiter("fargate_profile_active").wait(**of, WaiterConfig=NO_DELAY)
    assert refused(aws.eks.delete_cluster, name="ml") == "ResourceInUseException"
    aws.eks.delete_fargate_profile(**of)
    aws.eks.get_waiter("fargate_profile_deleted").wait(**of, WaiterConfig=NO_DELAY)
    aws.eks.delete_cluster(name="ml")
