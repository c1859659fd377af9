"""A simulated account for each test, and what most tests build in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from mlinfra.sandbox.aws.sandbox import Sandbox

NO_DELAY = {"Delay": 0, "MaxAttempts": 5}


class Aws:
    """Clients of a sandbox that never retry, and builders of what nearly everything needs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = boto3.Session(
            aws_access_key_id="sandbox", aws_secret_access_key="sandbox", region_name=sandbox.region
        )
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        """The client of a service: `aws.ec2`."""
        return self.client(service.replace("_", "-"))

    def client(self, service: str, **config: Any) -> Any:
        if service not in self._clients or config:
            made = self.session.client(
                service,
                endpoint_url=self.sandbox.endpoint,
                config=Config(retries={"total_max_attempts": 1}, **config),
            )
            if config:
                return made
            self._clients[service] = made
        return self._clients[service]

    def vpc(self, cidr: str = "10.0.0.0/16") -> str:
        return str(self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"])

    def subnets(self, vpc: str, zones: str = "ab") -> list[str]:
        return [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")[
                "Subnet"
            ]["SubnetId"]
            for n, zone in enumerate(zones)
        ]

    def role(self, name: str, service: str, *policies: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = str(self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
        for policy in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        return arn

    def cluster(self, name: str = "ml", **more: Any) -> dict[str, Any]:
        """An active cluster in a new VPC."""
        asked = {
            "name": name,
            "version": "1.33",
            "roleArn": self.role(f"{name}-cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy"),
            "resourcesVpcConfig": {"subnetIds": self.subnets(self.vpc())},
            "accessConfig": {"authenticationMode": "API"},
            **more,
        }
        self.eks.create_cluster(**asked)
        self.eks.get_waiter("cluster_active").wait(name=name, WaiterConfig=NO_DELAY)
        found: dict[str, Any] = self.eks.describe_cluster(name=name)["cluster"]
        return found

    def node_group(self, cluster: dict[str, Any], name: str = "workers", **more: Any) -> dict[str, Any]:
        """A node group of a cluster, as soon as EKS says what became of it."""
        asked = {
            "clusterName": cluster["name"],
            "nodegroupName": name,
            "subnets": cluster["resourcesVpcConfig"]["subnetIds"],
            "instanceTypes": ["m6i.large"],
            "scalingConfig": {"minSize": 1, "maxSize": 4, "desiredSize": 2},
            **more,
        }
        if "nodeRole" not in asked:
            asked["nodeRole"] = self.role(f"{name}-nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy")
        self.eks.create_nodegroup(**asked)
        found: dict[str, Any] = self.eks.describe_nodegroup(clusterName=cluster["name"], nodegroupName=name)
        return dict(found["nodegroup"])


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture(scope="module")
def _clients(running: Sandbox) -> Aws:
    return Aws(running)


@pytest.fixture
def aws(sandbox: Sandbox, _clients: Aws) -> Aws:
    return _clients


@pytest.fixture
def refused() -> Callable[..., str]:
    """Calls what AWS must refuse, and answers the code of its error."""

    def code_of(call: Callable[..., Any], **params: Any) -> str:
        with pytest.raises(ClientError) as raised:
            call(**params)
        return str(raised.value.response["Error"]["Code"])

    return code_of
