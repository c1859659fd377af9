"""What a cluster left is found by its mark and removed; what is somebody else's, or data, stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlinfra.core.errors import Conflict
from mlinfra.providers.aws.cluster_marks import bears
from mlinfra.providers.aws.sweep import Left, Sweep
from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.providers.aws.lifecycle import Account, Journal, QuickClock

_BY_BALANCERS = {"elbv2.k8s.aws/cluster": "ml", "service.k8s.aws/stack": "default/web"}
_OWNED = {"kubernetes.io/cluster/ml": "owned"}
_BY_KARPENTER = {**_OWNED, "eks:eks-cluster-name": "ml", "karpenter.sh/nodepool": "gpu"}


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def specified(resource: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": resource, "Tags": listed(tags)}]


class Leftovers:
    """What controllers of a cluster may have left in an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.vpc = self.ec2("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2("CreateSubnet", VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)["Subnet"][
                "SubnetId"
            ]
            for n, zone in enumerate(("us-east-1a", "us-east-1b"))
        ]

    def call(self, service: str, operation: str, **params: Any) -> Any:
        return self._account.calls.one(service, operation, params)

    def ec2(self, operation: str, **params: Any) -> Any:
        return self.call("ec2", operation, **params)

    def group(self, name: str, tags: dict[str, str]) -> str:
        about = {"GroupName": name, "Description": name, "VpcId": self.vpc}
        made = self.ec2("CreateSecurityGroup", **about, TagSpecifications=specified("security-group", tags))
        return str(made["GroupId"])

    def let_in(self, group: str, source: str) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": source}]}
        self.ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])

    def balancer(self, name: str, tags: dict[str, str], group: str) -> str:
        about = {"Name": name, "Subnets": self.subnets, "SecurityGroups": [group], "Scheme": "internal"}
        made = self.call("elbv2", "CreateLoadBalancer", **about, Tags=listed(tags))
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        targets = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": self.vpc, "TargetType": "ip"}
        target = self.call("elbv2", "CreateTargetGroup", **targets, Tags=listed(tags))["TargetGroups"][0][
            "TargetGroupArn"
        ]
        action = {"Type": "forward", "TargetGroupArn": target}
        self.call("elbv2", "CreateListener", LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action])
        return str(arn)

    def classic(self, name: str, tags: dict[str, str]) -> None:
        listener = {"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 80}
        self.call(
            "elb",
            "CreateLoadBalancer",
            LoadBalancerName=name,
            Listeners=[listener],
            Subnets=self.subnets,
            Tags=listed(tags),
        )

    def instance(self, tags: dict[str, str]) -> str:
        about = {"ImageId": self._image(), "InstanceType": "m6i.large", "MinCount": 1, "MaxCount": 1}
        about["SubnetId"] = self.subnets[0]
        made = self.ec2("RunInstances", **about, TagSpecifications=specified("instance", tags))
        return str(made["Instances"][0]["InstanceId"])

    def _image(self) -> str:
        return str(self.ec2("DescribeImages", Owners=["amazon"])["Images"][0]["ImageId"])

    def volume(self, tags: dict[str, str]) -> str:
        about = {"AvailabilityZone": "us-east-1a", "Size": 1}
        return str(self.ec2("CreateVolume", **about, TagSpecifications=specified("volume", tags))["VolumeId"])

    def snapshot(self, volume: str, tags: dict[str, str]) -> str:
        made = self.ec2("CreateSnapshot", VolumeId=volume, TagSpecifications=specified("snapshot", tags))
        return str(made["SnapshotId"])

    def interface(self, tags: dict[str, str]) -> str:
        about = {"SubnetId": self.subnets[0], "TagSpecifications": specified("network-interface", tags)}
        return str(self.ec2("CreateNetworkInterface", **about)["NetworkInterface"]["NetworkInterfaceId"])

    def template(self, name: str, tags: dict[str, str]) -> str:
        about = {"LaunchTemplateName": name, "LaunchTemplateData": {"InstanceType": "m6i.large"}}
        made = self.ec2("CreateLaunchTemplate", **about, TagSpecifications=specified("launch-template", tags))
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def file_system(self, tags: dict[str, str]) -> str:
        about = {"FileSystemType": "LUSTRE", "StorageCapacity": 1200, "SubnetIds": self.subnets[:1]}
        made = self.call("fsx", "CreateFileSystem", **about, Tags=listed({**tags, "CSIVolumeName": "pvc-1"}))
        return str(made["FileSystem"]["FileSystemId"])

    def access_point(self, tags: dict[str, str]) -> str:
        system = self.call("efs", "CreateFileSystem", CreationToken="shared")["FileSystemId"]
        self.call("efs", "DescribeFileSystems")
        made = self.call("efs", "CreateAccessPoint", ClientToken="claim", FileSystemId=system, Tags=listed(tags))
        return str(made["AccessPointId"])

    def profile(self, name: str, tags: dict[str, str]) -> None:
        self.call("iam", "CreateInstanceProfile", InstanceProfileName=name, Tags=listed(tags))


@pytest.fixture
def sweep(account: Account) -> Sweep:
    return Sweep(account.calls, QuickClock())


@pytest.fixture
def leftovers(account: Account) -> Leftovers:
    return Leftovers(account)


def test_all_that_bears_the_mark_of_the_cluster_goes(leftovers: Leftovers, sweep: Sweep) -> None:
    group = leftovers.group("k8s-default-web", _BY_BALANCERS)
    nodes = leftovers.group("nodes", {"mlinfra:stack": "demo"})
    leftovers.let_in(nodes, group)
    leftovers.balancer("k8s-default-web", _BY_BALANCERS, group)
    leftovers.classic("a0123456789", {**_OWNED, "kubernetes.io/service-name": "default/old"})
    leftovers.instance(_BY_KARPENTER)
    leftovers.interface({"cluster.k8s.amazonaws.com/name": "ml"})
    leftovers.template("karpenter.k8s.aws/1", {"karpenter.k8s.aws/cluster": "ml"})
    leftovers.profile("ml_123", _BY_KARPENTER)
    found = [left.what for left in sweep.left("ml")]
    assert found == [
        "instance",
        "load balancer",
        "classic load balancer",
        "target group",
        "network interface",
        "security group",
        "launch template",
        "instance profile",
    ]
    journal = Journal()
    assert sweep.run("ml", journal) == ()
    assert sweep.left("ml") == ()
    assert len(journal.words) == len(found)


def test_what_may_hold_data_is_kept_and_named(leftovers: Leftovers, sweep: Sweep) -> None:
    claim = {"kubernetes.io/created-for/pvc/namespace": "mlflow", "kubernetes.io/created-for/pvc/name": "data"}
    volume = leftovers.volume({**_OWNED, **claim})
    snapshot = leftovers.snapshot(volume, _OWNED)
    journal = Journal()
    kept = sweep.run("ml", journal)
    assert kept == (Left("volume", volume, "mlflow/data", data=True), Left("snapshot", snapshot, data=True))
    assert journal.words[0] == f"keeps volume {volume} (mlflow/data): there may be data in it"
    assert sweep.left("ml") == kept


def test_ways_into_a_file_system_go_and_file_systems_made_for_claims_are_kept(
    leftovers: Leftovers, sweep: Sweep
) -> None:
    point = leftovers.access_point({**_OWNED, "efs.csi.aws.com/cluster": "true"})
    system = leftovers.file_system(_OWNED)
    assert [left.id for left in sweep.left("ml")] == [point, system]
    assert sweep.run("ml", Journal()) == (Left("file system", system, "pvc-1", data=True),)
    assert [left.id for left in sweep.left("ml")] == [system]
    assert sweep.run("ml", Journal(), delete_data=True) == ()


def test_who_may_not_list_file_systems_is_told_and_the_rest_is_swept(
    account: Account, leftovers: Leftovers, sweep: Sweep
) -> None:
    leftovers.group("k8s-default-web", _BY_BALANCERS)
    account.server.faults.add(FaultRule(kind=FaultKind.DENIED, service="fsx"))
    journal = Journal()
    assert sweep.run("ml", journal) == ()
    assert len(journal.words) == 2
    assert journal.words[1].startswith("may not look for file systems that the cluster left: ")


def test_data_goes_where_that_is_asked_for(leftovers: Leftovers, sweep: Sweep) -> None:
    leftovers.snapshot(leftovers.volume(_OWNED), _OWNED)
    assert sweep.run("ml", Journal(), delete_data=True) == ()
    assert sweep.left("ml") == ()


def test_what_bears_another_mark_stays(leftovers: Leftovers, sweep: Sweep) -> None:
    leftovers.group("other", {"elbv2.k8s.aws/cluster": "other"})
    leftovers.group("shared", {"kubernetes.io/cluster/ml": "shared"})
    leftovers.group("ours", {**_OWNED, "mlinfra:stack": "demo"})
    leftovers.volume({"kubernetes.io/cluster/ml-2": "owned"})
    assert sweep.left("ml") == ()


def test_nothing_is_swept_while_a_cluster_of_that_name_is_there(account: Account, leftovers: Leftovers) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = leftovers.call("iam", "CreateRole", RoleName="eks", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    network = {"subnetIds": leftovers.subnets}
    leftovers.call("eks", "CreateCluster", name="ml", roleArn=role, resourcesVpcConfig=network)
    leftovers.group("k8s-default-web", _BY_BALANCERS)
    journal = Journal()
    sweep = Sweep(account.calls, QuickClock())
    assert sweep.run("ml", journal) == ()
    assert "k8s-default-web" in [left.name for left in sweep.left("ml")]
    assert journal.words == ["there is a cluster ml, so that nothing that bears its mark is removed"]


def test_what_does_not_let_go_is_waited_for_and_then_named(
    account: Account, leftovers: Leftovers, sweep: Sweep
) -> None:
    group = leftovers.group("k8s-default-web", _BY_BALANCERS)
    about = {"SubnetId": leftovers.subnets[0], "Groups": [group]}
    interface = leftovers.ec2("CreateNetworkInterface", **about)["NetworkInterface"]["NetworkInterfaceId"]
    with pytest.raises(Conflict, match=rf"security group {group} \(k8s-default-web\) was left by the cluster"):
        sweep.run("ml", Journal())
    leftovers.ec2("DeleteNetworkInterface", NetworkInterfaceId=interface)
    sweep.run("ml", Journal())
    assert sweep.left("ml") == ()


def test_a_sweep_that_was_interrupted_is_taken_up_again(account: Account, leftovers: Leftovers, sweep: Sweep) -> None:
    leftovers.balancer("k8s-default-web", _BY_BALANCERS, leftovers.group("k8s-default-web", _BY_BALANCERS))
    account.server.faults.add(FaultRule(kind=FaultKind.RESET, service="elbv2", operation="DeleteLoadBalancer", count=1))
    sweep.run("ml", Journal())
    sweep.run("ml", Journal())
    assert sweep.left("ml") == ()


@pytest.mark.parametrize(
    ("tags", "marked"),
    [
        ({"eks:cluster-name": "ml"}, True),
        ({"ebs.csi.aws.com/cluster-name": "ml"}, True),
        ({"ebs.csi.aws.com/cluster": "true"}, False),
        ({"kubernetes.io/cluster/ml": "shared"}, False),
        ({}, False),
    ],
)
def test_a_mark_names_the_cluster(tags: dict[str, str], marked: bool) -> None:
    assert bears(tags, "ml") is marked
