"""The two halves together: an EKS cluster whose endpoint is a Kubernetes API with the cluster's nodes."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule
from mlinfra.sandbox.kubernetes.controllers.options import Timings
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints
from tests.sandbox.aws.entrance import token

SWIFT = Timings(node_boot=0.01)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """In place of the sandbox that the other tests use."""
    with Sandbox(endpoints=lambda account: KubernetesEndpoints(account, SWIFT)) as sandbox:
        yield sandbox


def get(cluster: dict[str, Any], path: str, bearer: str) -> Any:
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificateAuthority"]["data"]).decode())
    request = urllib.request.Request(cluster["endpoint"] + path, headers={"Authorization": f"Bearer {bearer}"})
    with urllib.request.urlopen(request, context=context, timeout=10) as response:
        return json.loads(response.read())


def test_the_machines_of_a_node_group_join_its_cluster(aws: Any) -> None:
    cluster = aws.cluster()
    aws.node_group(cluster, labels={"workload": "inference"})
    bearer = token(aws, "ml")
    assert get(cluster, "/version", bearer)["minor"].startswith("33")
    nodes = joined(cluster, 2, bearer)
    assert {node["metadata"]["labels"]["eks.amazonaws.com/nodegroup"] for node in nodes} == {"workers"}
    assert {node["metadata"]["labels"]["workload"] for node in nodes} == {"inference"}


def joined(cluster: dict[str, Any], count: int, bearer: str) -> list[dict[str, Any]]:
    """The nodes, once there are so many; those that there are, where that takes too long."""
    deadline = time.monotonic() + 20
    nodes: list[dict[str, Any]] = []
    while len(nodes) < count and time.monotonic() < deadline:
        nodes = get(cluster, "/api/v1/nodes", bearer)["items"]
        time.sleep(0.02)
    return nodes


def test_machines_of_a_group_of_ones_own_join_as_soon_as_they_are_let_in(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/launch-workers.html: a node registers once its role has an entry.
    cluster = aws.cluster()
    arn = aws.role("own", "ec2.amazonaws.com")
    aws.iam.create_instance_profile(InstanceProfileName="own")
    aws.iam.add_role_to_instance_profile(InstanceProfileName="own", RoleName="own")
    data = {"ImageId": "ami-12345678", "InstanceType": "m6i.large", "IamInstanceProfile": {"Name": "own"}}
    aws.ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="own",
        MinSize=1,
        MaxSize=2,
        VPCZoneIdentifier=",".join(cluster["resourcesVpcConfig"]["subnetIds"]),
        LaunchTemplate={"LaunchTemplateName": "own"},
        Tags=[{"Key": "kubernetes.io/cluster/ml", "Value": "owned", "PropagateAtLaunch": True}],
    )
    bearer = token(aws, "ml")
    assert get(cluster, "/api/v1/nodes", bearer)["items"] == []
    aws.eks.create_access_entry(clusterName="ml", principalArn=arn, type="EC2_LINUX")
    assert len(joined(cluster, 1, bearer)) == 1
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="own", DesiredCapacity=2)
    assert len(joined(cluster, 2, bearer)) == 2


def test_whoever_has_no_entry_stays_outside(aws: Any) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    cluster = aws.cluster()
    bearer = token(aws, "ml")
    assert get(cluster, "/api/v1/namespaces", bearer)["items"]
    aws.eks.delete_access_entry(clusterName="ml", principalArn=aws.sts.get_caller_identity()["Arn"])
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(cluster, "/api/v1/namespaces", bearer)
    assert raised.value.code == 401
    raised.value.close()


def test_faults_reach_the_kubernetes_api(aws: Any, sandbox: Sandbox) -> None:
    cluster = aws.cluster()
    bearer = token(aws, "ml")
    sandbox.faults.add(FaultRule(kind=FaultKind.THROTTLE, service="kubernetes", operation="list:namespaces", count=1))
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(cluster, "/api/v1/namespaces", bearer)
    assert raised.value.code == 429
    raised.value.close()
    assert get(cluster, "/api/v1/namespaces", bearer)["items"]


def test_a_deleted_cluster_answers_no_more(aws: Any) -> None:
    cluster = aws.cluster()
    aws.eks.delete_cluster(name="ml")
    aws.eks.get_waiter("cluster_deleted").wait(name="ml", WaiterConfig={"Delay": 0, "MaxAttempts": 5})
    deadline = time.monotonic() + 10
    while answers(cluster) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not answers(cluster)


def answers(cluster: dict[str, Any]) -> bool:
    address = urlsplit(cluster["endpoint"])
    try:
        socket.create_connection((address.hostname, address.port), timeout=5).close()
    except OSError:
        return False
    return True
