"""The controllers of a cluster on the simulated account: what they make is there, for whoever asks AWS."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from mlinfra.sandbox.aws.cluster_cloud import ClusterCloud
from mlinfra.sandbox.aws.interruptions import Interruption
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule
from mlinfra.sandbox.kubernetes.controllers.catalog import CLAIM, NODE, NODE_CLAIM, NODE_POOL, POD, SERVICE
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.controllers.programs import CLUSTER_AUTOSCALER, KARPENTER, LOAD_BALANCER_CONTROLLER
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import GPU_TOLERATION, World, meta, pod, workload
from .test_autoscaling import KARPENTER_KINDS, pool

NO_DELAY = {"Delay": 0, "MaxAttempts": 5}


class Aws:
    """Clients of a sandbox, and the cluster that all tests here use."""

    def __init__(self, sandbox: Sandbox) -> None:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")

        def client(name: str) -> Any:
            config = Config(retries={"total_max_attempts": 1})
            return session.client(name, endpoint_url=sandbox.endpoint, config=config)

        self.sandbox = sandbox
        self.ec2, self.eks, self.iam = client("ec2"), client("eks"), client("iam")
        self.elb, self.elbv2, self.autoscaling = client("elb"), client("elbv2"), client("autoscaling")

    def role(self, name: str, service: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return str(self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])

    def build(self) -> None:
        """A cluster in two zones with tagged subnets."""
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        tags = [
            {"Key": "kubernetes.io/role/elb", "Value": "1"},
            {"Key": "kubernetes.io/role/internal-elb", "Value": "1"},
        ]
        subnets = [
            self.ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.0.{number}.0/24",
                AvailabilityZone=f"us-east-1{zone}",
                TagSpecifications=[{"ResourceType": "subnet", "Tags": tags}],
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        self.eks.create_cluster(
            name="ml",
            version="1.33",
            roleArn=self.role("cluster", "eks.amazonaws.com"),
            resourcesVpcConfig={"subnetIds": subnets},
            accessConfig={"authenticationMode": "API"},
        )
        self.eks.get_waiter("cluster_active").wait(name="ml", WaiterConfig=NO_DELAY)
        self.subnets = subnets

    def node_group(self, name: str, instance: str, sizes: tuple[int, int, int], **more: Any) -> None:
        low, high, desired = sizes
        self.eks.create_nodegroup(
            clusterName="ml",
            nodegroupName=name,
            subnets=self.subnets,
            instanceTypes=[instance],
            scalingConfig={"minSize": low, "maxSize": high, "desiredSize": desired},
            nodeRole=self.role(f"{name}-nodes", "ec2.amazonaws.com"),
            **more,
        )
        self.eks.describe_nodegroup(clusterName="ml", nodegroupName=name)

    def size(self, group: str) -> int:
        found = self.eks.describe_nodegroup(clusterName="ml", nodegroupName=group)["nodegroup"]
        return int(found["scalingConfig"]["desiredSize"])

    def spot_machines(self) -> list[Any]:
        wanted = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        found = self.ec2.describe_instances(Filters=wanted)["Reservations"]
        return [one for each in found for one in each["Instances"] if one.get("InstanceLifecycle") == "spot"]

    def world(self, *standing: str, kinds: Any = ()) -> World:
        cloud = ClusterCloud(self.sandbox.inside, "ml", "us-east-1")
        options = Options(standing=frozenset(standing), device_plugins="implied")
        return World(options, kinds, cloud, datetime.now(UTC))


@pytest.fixture(scope="module")
def running() -> Iterator[Aws]:
    with Sandbox(account="210987654321") as sandbox:
        yield Aws(sandbox)


@pytest.fixture
def aws(running: Aws) -> Iterator[Aws]:
    running.sandbox.reset()
    running.build()
    yield running
    running.sandbox.reset()


GPU_TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}


def test_machines_of_a_node_group_become_nodes(aws: Aws) -> None:
    aws.node_group("gpu", "p4d.24xlarge", (0, 2, 1), labels={"workload": "training"}, taints=[GPU_TAINT])
    world = aws.world()
    world.settle()
    (node,) = world.store.list(NODE)
    labels, status = node["metadata"]["labels"], node["status"]
    assert (labels["eks.amazonaws.com/nodegroup"], labels["workload"]) == ("gpu", "training")
    assert labels["eks.amazonaws.com/capacityType"] == "ON_DEMAND"
    assert status["capacity"]["nvidia.com/gpu"] == "8"
    assert (status["capacity"]["cpu"], status["allocatable"]["cpu"]) == ("96", "95690m")
    assert node["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
    assert node["metadata"]["name"].endswith(".ec2.internal")
    assert status["nodeInfo"]["kubeletVersion"].startswith("v1.33.")


def test_gpus_that_are_shared_serve_as_many_pods_as_their_label_says(aws: Aws) -> None:
    labels = {"nvidia.com/device-plugin.config": "time-slicing-4"}
    aws.node_group("gpu", "g5.xlarge", (0, 2, 0), labels=labels, taints=[GPU_TAINT])
    world = aws.world(CLUSTER_AUTOSCALER)
    for number in range(5):
        world.create(pod(f"notebook-{number}", {"nvidia.com/gpu": "1"}, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert aws.size("gpu") == 2
    assert {node["status"]["allocatable"]["nvidia.com/gpu"] for node in world.store.list(NODE)} == {"4"}
    assert set(world.phases().values()) == {"Running"}


@pytest.mark.parametrize(
    ("config", "profile", "offered"),
    [
        ("mig-single", "3g.20gb", {"nvidia.com/gpu": "16"}),
        ("mig-mixed", "1g.5gb", {"nvidia.com/mig-1g.5gb": "56"}),
        ("time-slicing-2-mig-mixed-1g.5gb", "1g.5gb", {"nvidia.com/mig-1g.5gb": "112"}),
        ("mig-single", "9g.90gb", {"nvidia.com/gpu": "8"}),  # which no manager could do
    ],
)
def test_divided_gpus_are_announced_by_their_parts(
    aws: Aws, config: str, profile: str, offered: dict[str, str]
) -> None:
    labels = {"nvidia.com/device-plugin.config": config, "nvidia.com/mig.config": f"all-{profile}"}
    aws.node_group("gpu", "p4d.24xlarge", (1, 1, 1), labels=labels)
    world = aws.world()
    world.settle()
    (node,) = world.store.list(NODE)
    shown = node["status"]["allocatable"]
    assert {name: amount for name, amount in shown.items() if name.startswith("nvidia.com/")} == offered


def test_the_autoscaler_changes_the_size_that_eks_shows(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (1, 2, 1))
    aws.node_group("gpu", "g5.xlarge", (0, 2, 0), taints=[GPU_TAINT])
    world = aws.world(CLUSTER_AUTOSCALER)
    world.create(pod("train", {"nvidia.com/gpu": "1"}, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert (aws.size("system"), aws.size("gpu")) == (1, 1)
    assert world.phases() == {"train": "Running"}
    world.store.delete(POD, "train", "default")
    world.advance(minutes=15)
    assert aws.size("gpu") == 0
    states = [i["State"]["Name"] for r in aws.ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    assert sorted(states) == ["running", "terminated"]


def test_a_shortage_in_the_account_falls_through_to_the_next_group(aws: Aws) -> None:
    aws.node_group("first", "g5.xlarge", (0, 2, 0), taints=[GPU_TAINT])
    aws.node_group("second", "g4dn.2xlarge", (0, 2, 0), taints=[GPU_TAINT])
    aws.sandbox.faults.add(FaultRule(kind=FaultKind.CAPACITY, where={"InstanceType": "g5.xlarge"}))
    world = aws.world(CLUSTER_AUTOSCALER)
    world.create(pod("train", {"nvidia.com/gpu": "1"}, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert (aws.size("first"), aws.size("second")) == (0, 1)
    assert "InsufficientInstanceCapacity" in world.said("train", "FailedScaleUp")[0]


def service(**notes: str) -> Object:
    prefix = "service.beta.kubernetes.io/aws-load-balancer-"
    marks = {f"{prefix}{key.replace('_', '-')}": value for key, value in notes.items()}
    spec = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta("web", annotations=marks), "spec": spec}


def groups_of_controllers(aws: Aws) -> list[str]:
    found = aws.ec2.describe_security_groups()["SecurityGroups"]
    return [group["GroupName"] for group in found if group["GroupName"].startswith("k8s-")]


def test_a_service_makes_a_network_load_balancer_with_its_groups_and_removes_them(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (2, 2, 2))
    world = aws.world(LOAD_BALANCER_CONTROLLER)
    world.create(workload("Deployment", "web", replicas=2))
    world.create(service(nlb_target_type="ip", scheme="internet-facing"))
    world.settle()
    (balancer,) = aws.elbv2.describe_load_balancers()["LoadBalancers"]
    assert (balancer["Type"], balancer["Scheme"]) == ("network", "internet-facing")
    assert ":loadbalancer/net/" in balancer["LoadBalancerArn"]
    with pytest.raises(ClientError, match="DependencyViolation"):  # it stands in the subnets
        aws.ec2.delete_subnet(SubnetId=aws.subnets[0])
    assert {zone["SubnetId"] for zone in balancer["AvailabilityZones"]} == set(aws.subnets)
    assert world.get(SERVICE, "web")["status"]["loadBalancer"]["ingress"][0]["hostname"] == balancer["DNSName"]
    (tags,) = aws.elbv2.describe_tags(ResourceArns=[balancer["LoadBalancerArn"]])["TagDescriptions"]
    assert {"Key": "service.k8s.aws/stack", "Value": "default/web"} in tags["Tags"]
    (group,) = aws.elbv2.describe_target_groups()["TargetGroups"]
    health = aws.elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    assert {item["Target"]["Id"] for item in health} == {item["status"]["podIP"] for item in world.pods()}
    assert len(groups_of_controllers(aws)) == 1
    world.store.delete(SERVICE, "web", "default")
    world.settle()
    assert aws.elbv2.describe_load_balancers()["LoadBalancers"] == []
    assert aws.elbv2.describe_target_groups()["TargetGroups"] == []
    assert groups_of_controllers(aws) == []
    enis = aws.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [eni for eni in enis if eni["Description"].startswith("ELB ")] == []


def test_without_the_controller_a_service_makes_a_classic_load_balancer(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (2, 2, 2))
    world = aws.world()
    world.create(service())
    world.settle()
    (balancer,) = aws.elb.describe_load_balancers()["LoadBalancerDescriptions"]
    assert balancer["Scheme"] == "internet-facing"
    assert len(balancer["Instances"]) == 2
    assert len(groups_of_controllers(aws)) == 1
    world.store.delete(SERVICE, "web", "default")
    world.settle()
    assert aws.elb.describe_load_balancers()["LoadBalancerDescriptions"] == []
    assert groups_of_controllers(aws) == []


def test_services_that_go_together_leave_no_security_group(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (2, 2, 2))
    world = aws.world()
    for name in ("a", "b", "c"):
        world.create({**service(), "metadata": meta(name)})
    world.settle()
    assert len(groups_of_controllers(aws)) == 3
    for name in ("a", "b", "c"):
        world.store.delete(SERVICE, name, "default")
    world.settle()
    assert world.store.list(SERVICE, "default", fields="metadata.name!=kubernetes") == []
    assert groups_of_controllers(aws) == []


def test_a_balancer_that_could_not_be_made_leaves_no_security_group(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (2, 2, 2))
    aws.ec2.delete_tags(Resources=aws.subnets, Tags=[{"Key": "kubernetes.io/role/elb"}])
    world = aws.world(LOAD_BALANCER_CONTROLLER)
    world.create(service(scheme="internet-facing"))
    world.runtime.settle()
    assert "unable to resolve at least one subnet" in world.said("web", "FailedDeployModel")[0]
    world.store.delete(SERVICE, "web", "default")
    world.advance(minutes=10)
    assert world.store.find(SERVICE, "web", "default") is None
    assert groups_of_controllers(aws) == []


def test_an_ingress_makes_an_application_load_balancer_with_rules(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (1, 1, 1))
    world = aws.world(LOAD_BALANCER_CONTROLLER)
    world.create(workload("Deployment", "web", replicas=1))
    plain = service()
    world.create({**plain, "spec": {**plain["spec"], "type": "ClusterIP"}})
    path = {"path": "/v1", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    spec = {"ingressClassName": "alb", "rules": [{"host": "a.example", "http": {"paths": [path]}}]}
    notes = {"alb.ingress.kubernetes.io/target-type": "ip"}
    head = meta("site", annotations=notes)
    world.create({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": head, "spec": spec})
    world.settle()
    (balancer,) = aws.elbv2.describe_load_balancers()["LoadBalancers"]
    assert (balancer["Type"], balancer["Scheme"]) == ("application", "internal")
    assert ":loadbalancer/app/" in balancer["LoadBalancerArn"]
    (listener,) = aws.elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = aws.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    assert [rule["Priority"] for rule in rules] == ["1", "default"]


def test_a_claim_makes_an_encrypted_volume_and_takes_it_along(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (1, 1, 1))
    aws.eks.create_addon(clusterName="ml", addonName="aws-ebs-csi-driver")
    aws.eks.describe_addon(clusterName="ml", addonName="aws-ebs-csi-driver")
    world = aws.world()
    storage = {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3", "encrypted": "true"}}
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "gp3"}}
    world.create({**head, **storage, "volumeBindingMode": "WaitForFirstConsumer"})
    body = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "gp3",
        "resources": {"requests": {"storage": "30Gi"}},
    }
    world.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta("models"), "spec": body})
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "models"}}
    world.create(pod("web", volumes=[volume]))
    world.settle()
    wanted = [{"Name": "tag:kubernetes.io/created-for/pvc/name", "Values": ["models"]}]
    (made,) = aws.ec2.describe_volumes(Filters=wanted)["Volumes"]
    assert (made["Size"], made["VolumeType"], made["Encrypted"]) == (30, "gp3", True)
    assert world.phases()["web"] == "Running"
    world.store.delete(POD, "web", "default")
    world.settle()
    world.store.delete(CLAIM, "models", "default")
    world.settle()
    assert aws.ec2.describe_volumes(Filters=wanted)["Volumes"] == []


def test_karpenter_launches_an_instance_of_its_own_and_ends_it(aws: Aws) -> None:
    aws.node_group("system", "m6i.large", (1, 1, 1))
    world = aws.world(KARPENTER, kinds=KARPENTER_KINDS)
    spec = {"role": "node", "subnetSelectorTerms": [{"tags": {"kubernetes.io/role/internal-elb": "*"}}]}
    head = {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": "default"}}
    world.create({**head, "spec": spec})
    world.create(pool())
    world.create(pod("train", {"nvidia.com/gpu": "1"}, tolerations=[GPU_TOLERATION]))
    world.settle()
    wanted = [
        {"Name": "tag:karpenter.sh/nodepool", "Values": ["gpu"]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    ((instance,),) = [item["Instances"] for item in aws.ec2.describe_instances(Filters=wanted)["Reservations"]]
    (claim,) = world.store.list(NODE_CLAIM)
    assert claim["status"]["providerID"].endswith(instance["InstanceId"])
    assert instance["InstanceLifecycle"] == "spot"
    assert world.get(POD, "train")["status"]["phase"] == "Running"
    world.store.delete(NODE_POOL, "gpu")
    world.settle()
    assert aws.ec2.describe_instances(Filters=wanted)["Reservations"] == []
    assert world.store.list(NODE_CLAIM) == []


def test_ec2_takes_spot_instances_back_and_the_group_has_started_another_by_then(aws: Aws) -> None:
    aws.node_group("spot", "m6i.large", (1, 2, 1), capacityType="SPOT")
    aws.node_group("kept", "m6i.large", (1, 1, 1))
    world = aws.world()
    world.settle()
    machines = {one.node_group.partition("-")[2].partition("-")[0]: one for one in world.plane.cluster.cloud.machines()}
    with pytest.raises(ValueError, match="was bought on demand"):
        aws.sandbox.interrupt(Interruption(instance=machines["kept"].instance_id))
    with pytest.raises(ValueError, match="no running instance i-0"):
        aws.sandbox.interrupt(Interruption(instance="i-0"))
    aws.sandbox.interrupt(Interruption(instance=machines["spot"].instance_id, seconds=0))
    assert len(aws.sandbox.interruptions()) == 1
    assert len(aws.spot_machines()) == 2
    world.plane.runtime.nudge()
    world.settle()
    assert aws.sandbox.interruptions() == {}
    assert len(aws.spot_machines()) == 1
    assert machines["spot"].name not in world.nodes()
    assert len(world.nodes()) == 2


def test_a_group_of_ones_own_joins_only_with_an_access_entry(aws: Aws) -> None:
    aws.role("own", "ec2.amazonaws.com")
    aws.iam.create_instance_profile(InstanceProfileName="own")
    aws.iam.add_role_to_instance_profile(InstanceProfileName="own", RoleName="own")
    script = b"kubelet --node-labels=pool=mixed,team=ml --register-with-taints=dedicated=ml:NoSchedule"
    data = {
        "ImageId": "ami-12345678",
        "InstanceType": "m6i.large",
        "IamInstanceProfile": {"Name": "own"},
        "UserData": base64.b64encode(script).decode(),
    }
    template = aws.ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)["LaunchTemplate"]
    tag = {"Key": "kubernetes.io/cluster/ml", "Value": "owned", "PropagateAtLaunch": True}
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="own",
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=",".join(aws.subnets),
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"]},
        Tags=[tag],
    )
    world = aws.world()
    world.settle()
    assert world.nodes() == []
    arn = aws.iam.get_role(RoleName="own")["Role"]["Arn"]
    aws.eks.create_access_entry(clusterName="ml", principalArn=arn, type="EC2_LINUX")
    world.runtime.nudge()
    world.settle()
    (node,) = world.store.list(NODE)
    assert (node["metadata"]["labels"]["pool"], node["metadata"]["labels"]["team"]) == ("mixed", "ml")
    assert node["spec"]["taints"] == [{"key": "dedicated", "value": "ml", "effect": "NoSchedule"}]
