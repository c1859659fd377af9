"""Managed node groups: the machines behind them, and how they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule

NO_DELAY = {"Delay": 0, "MaxAttempts": 5}


def instances(aws: Any, group: str = "workers") -> list[dict[str, Any]]:
    filters = [
        {"Name": "tag:eks:nodegroup-name", "Values": [group]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    return [
        instance
        for reservation in aws.ec2.describe_instances(Filters=filters)["Reservations"]
        for instance in reservation["Instances"]
    ]


def test_a_node_group_makes_a_scaling_group_whose_instances_spread_over_the_zones(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
    group = aws.node_group(aws.cluster(), labels={"workload": "inference"})
    assert group["status"] == "ACTIVE"
    name = group["resources"]["autoScalingGroups"][0]["name"]
    (scaling,) = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    assert {instance["AvailabilityZone"] for instance in scaling["Instances"]} == {"us-east-1a", "us-east-1b"}
    tags = {tag["Key"]: tag["Value"] for tag in scaling["Tags"]}
    assert tags["k8s.io/cluster-autoscaler/enabled"] == "true"
    assert tags["kubernetes.io/cluster/ml"] == "owned"


def test_its_instances_bear_the_tags_and_the_security_group_of_the_cluster(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html
    cluster = aws.cluster()
    aws.node_group(cluster)
    for instance in instances(aws):
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        assert tags["eks:cluster-name"] == "ml"
        assert tags["kubernetes.io/cluster/ml"] == "owned"
        groups = [group["GroupId"] for group in instance["SecurityGroups"]]
        assert groups == [cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]]


def test_a_launch_template_gives_its_instances_security_groups_and_tags(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    cluster = aws.cluster()
    vpc = cluster["resourcesVpcConfig"]["vpcId"]
    own = aws.ec2.create_security_group(GroupName="own", Description="own", VpcId=vpc)["GroupId"]
    data = {
        "SecurityGroupIds": [own],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "ml"}]}],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 100, "VolumeType": "gp3"}}],
    }
    template = aws.ec2.create_launch_template(LaunchTemplateName="t", LaunchTemplateData=data)["LaunchTemplate"]
    group = aws.node_group(cluster, launchTemplate={"id": template["LaunchTemplateId"], "version": "1"})
    assert group["launchTemplate"] == {"id": template["LaunchTemplateId"], "name": "t", "version": "1"}
    assert "diskSize" not in group
    for instance in instances(aws):
        assert [g["GroupId"] for g in instance["SecurityGroups"]] == [own]
        assert {"Key": "team", "Value": "ml"} in instance["Tags"]


@pytest.mark.parametrize(
    ("data", "beside"),
    [
        ({}, {"diskSize": 100}),
        ({"InstanceType": "m6i.large"}, {}),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, {}),
        ({"IamInstanceProfile": {"Name": "p"}}, {}),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-1"}]}, {}),
        ({"ImageId": "ami-12345678"}, {"amiType": "AL2023_x86_64_STANDARD"}),
    ],
    ids=["disk size", "instance type twice", "spot options", "profile", "subnet", "image and its type"],
)
def test_a_launch_template_that_managed_groups_do_not_take_is_refused(
    aws: Any, refused: Callable[..., str], data: dict[str, Any], beside: dict[str, Any]
) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics
    cluster = aws.cluster()
    made = aws.ec2.create_launch_template(LaunchTemplateName="t", LaunchTemplateData={"EbsOptimized": True, **data})
    template = {"id": made["LaunchTemplate"]["LaunchTemplateId"]}
    assert refused(aws.node_group, cluster=cluster, launchTemplate=template, **beside) == "InvalidParameterException"


@pytest.mark.parametrize(
    "broken",
    [
        {"nodeRole": "arn:aws:iam::123456789012:role/absent"},
        {"subnets": ["subnet-00000000000000000"]},
        {"instanceTypes": ["m99.mega"]},
        {"amiType": "AL1_x86_64"},
        {"launchTemplate": {"id": "lt-00000000000000000"}},
        {"scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 3}},
        {"version": "1.35"},
    ],
    ids=["role", "subnet", "instance type", "image type", "launch template", "sizes", "version"],
)
def test_a_node_group_that_refers_to_nothing_is_refused(
    aws: Any, refused: Callable[..., str], broken: dict[str, Any]
) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html#API_CreateNodegroup_Errors
    cluster = aws.cluster()
    assert refused(aws.node_group, cluster=cluster, **broken) == "InvalidParameterException"


def test_nodes_without_the_workers_policy_never_join(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
    group = aws.node_group(aws.cluster(), nodeRole=aws.role("bare", "ec2.amazonaws.com"))
    assert group["status"] == "CREATE_FAILED"
    assert [issue["code"] for issue in group["health"]["issues"]] == ["NodeCreationFailure"]


def test_a_lack_of_capacity_fails_the_group_and_says_so(aws: Any, sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html: AsgInstanceLaunchFailures
    cluster = aws.cluster()
    sandbox.faults.add(FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances", where={"InstanceType": "p4d.*"}))
    group = aws.node_group(cluster, instanceTypes=["p4d.24xlarge"])
    assert group["status"] == "CREATE_FAILED"
    (issue,) = group["health"]["issues"]
    assert issue["code"] == "AsgInstanceLaunchFailures"
    assert "p4d.24xlarge" in issue["message"]
    name = group["resources"]["autoScalingGroups"][0]["name"]
    activities = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
    assert activities[0]["StatusCode"] == "Failed"


def test_the_next_instance_type_is_taken_where_the_first_has_no_capacity(aws: Any, sandbox: Sandbox) -> None:
    cluster = aws.cluster()
    sandbox.faults.add(FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances", where={"InstanceType": "g5.*"}))
    group = aws.node_group(cluster, instanceTypes=["g5.xlarge", "g4dn.xlarge"], capacityType="SPOT")
    assert group["status"] == "ACTIVE"
    assert {instance["InstanceType"] for instance in instances(aws)} == {"g4dn.xlarge"}
    assert {instance["InstanceLifecycle"] for instance in instances(aws)} == {"spot"}


def test_an_exhausted_quota_fails_the_group(aws: Any) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#on-demand-instance-limits
    group = aws.node_group(
        aws.cluster(),
        instanceTypes=["p5.48xlarge"],
        scalingConfig={"minSize": 0, "maxSize": 9, "desiredSize": 5},
    )
    assert group["status"] == "CREATE_FAILED"
    assert "VcpuLimitExceeded" in group["health"]["issues"][0]["message"]


def test_sizes_labels_and_taints_are_changed_by_an_update(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html
    cluster = aws.cluster()
    taint = {"key": "gpu", "value": "true", "effect": "NO_SCHEDULE"}
    aws.node_group(cluster, labels={"a": "1", "b": "2"}, taints=[taint])
    update = aws.eks.update_nodegroup_config(
        clusterName="ml",
        nodegroupName="workers",
        labels={"addOrUpdateLabels": {"a": "3"}, "removeLabels": ["b"]},
        taints={"removeTaints": [taint]},
        scalingConfig={"minSize": 0, "maxSize": 5, "desiredSize": 4},
        updateConfig={"maxUnavailablePercentage": 50},
    )["update"]
    done = aws.eks.describe_update(name="ml", nodegroupName="workers", updateId=update["id"])["update"]
    assert done["status"] == "Successful"
    group = aws.eks.describe_nodegroup(clusterName="ml", nodegroupName="workers")["nodegroup"]
    assert group["labels"] == {"a": "3"}
    assert group["taints"] == []
    assert group["updateConfig"] == {"maxUnavailablePercentage": 50}
    assert len(instances(aws)) == 4


def test_a_new_version_replaces_the_nodes(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    aws.node_group(aws.cluster())
    before = {instance["InstanceId"] for instance in instances(aws)}
    aws.eks.update_cluster_version(name="ml", version="1.34")
    aws.eks.update_nodegroup_version(clusterName="ml", nodegroupName="workers")
    group = aws.eks.describe_nodegroup(clusterName="ml", nodegroupName="workers")["nodegroup"]
    assert group["version"] == "1.34"
    after = {instance["InstanceId"] for instance in instances(aws)}
    assert len(after) == 2
    assert not after & before


def test_a_group_whose_scaling_group_is_gone_is_degraded(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html: AutoScalingGroupNotFound
    group = aws.node_group(aws.cluster())
    name = group["resources"]["autoScalingGroups"][0]["name"]
    aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    group = aws.eks.describe_nodegroup(clusterName="ml", nodegroupName="workers")["nodegroup"]
    assert group["status"] == "DEGRADED"
    assert group["health"]["issues"][0]["code"] == "AutoScalingGroupNotFound"


def test_an_instance_that_someone_ends_is_replaced(aws: Any) -> None:
    aws.node_group(aws.cluster())
    victim = instances(aws)[0]["InstanceId"]
    aws.ec2.terminate_instances(InstanceIds=[victim])
    aws.eks.describe_nodegroup(clusterName="ml", nodegroupName="workers")
    alive = {instance["InstanceId"] for instance in instances(aws)}
    assert len(alive) == 2
    assert victim not in alive


def test_a_deleted_group_leaves_nothing(aws: Any, sandbox: Sandbox) -> None:
    cluster, role = aws.cluster(), aws.role("nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy")
    before = sandbox.inventory()
    aws.node_group(cluster, nodeRole=role)
    assert sandbox.inventory() != before
    aws.eks.delete_nodegroup(clusterName="ml", nodegroupName="workers")
    aws.eks.get_waiter("nodegroup_deleted").wait(clusterName="ml", nodegroupName="workers", WaiterConfig=NO_DELAY)
    assert sandbox.inventory() == before


def test_the_same_token_gives_the_same_group(aws: Any, refused: Callable[..., str]) -> None:
    cluster, role = aws.cluster(), aws.role("nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy")
    first = aws.node_group(cluster, nodeRole=role, clientRequestToken="t")
    again = aws.node_group(cluster, nodeRole=role, clientRequestToken="t")
    assert again["nodegroupArn"] == first["nodegroupArn"]
    assert refused(aws.node_group, cluster=cluster, nodeRole=role, clientRequestToken="u") == "ResourceInUseException"
