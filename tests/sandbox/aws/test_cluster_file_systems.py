"""What drivers of volumes make in the account: there for whoever asks AWS, made once, refused as for anybody."""

from __future__ import annotations

import pytest

from mlinfra.sandbox.aws.cluster_cloud import ClusterCloud
from mlinfra.sandbox.kubernetes.controllers.cloud import AccessPoint, CloudError, Lustre

from .conftest import Aws

MARK = {"kubernetes.io/cluster/ml": "owned"}


@pytest.fixture
def cloud(aws: Aws) -> ClusterCloud:
    """Of a cluster that is only just being made."""
    role, subnets = aws.role("cluster", "eks.amazonaws.com"), aws.subnets(aws.vpc())
    aws.eks.create_cluster(name="ml", version="1.33", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    return ClusterCloud(aws.sandbox.inside, "ml", aws.sandbox.region)


def point(system: str) -> AccessPoint:
    path = "/dyn/pvc-1"
    return AccessPoint(
        token="pvc-1", file_system=system, path=path, permissions="700", user=50_000, group=50_000, tags=MARK
    )


def test_an_access_point_is_made_once_and_deleted_once(aws: Aws, cloud: ClusterCloud) -> None:
    system = aws.efs.create_file_system(CreationToken="home")["FileSystemId"]
    made = cloud.ensure_access_point(point(system))
    assert cloud.ensure_access_point(point(system)) == made
    (found,) = aws.efs.describe_access_points()["AccessPoints"]
    assert (found["AccessPointId"], found["FileSystemId"], found["RootDirectory"]["Path"]) == (
        made,
        system,
        "/dyn/pvc-1",
    )
    assert found["Tags"] == [{"Key": "kubernetes.io/cluster/ml", "Value": "owned"}]
    for _ in range(2):
        cloud.delete_access_point(made)
    assert aws.efs.describe_access_points()["AccessPoints"] == []


def test_a_file_system_that_is_not_there_has_no_access_points(cloud: ClusterCloud) -> None:
    with pytest.raises(CloudError, match="fs-0gone"):
        cloud.ensure_access_point(point("fs-0gone"))


def test_a_file_system_of_fsx_is_made_once_takes_time_and_goes(aws: Aws, cloud: ClusterCloud) -> None:
    subnet = aws.eks.describe_cluster(name="ml")["cluster"]["resourcesVpcConfig"]["subnetIds"][0]
    wanted = Lustre(token="pvc-2", size=1200, subnet=subnet, settings={"DeploymentType": "SCRATCH_2"}, tags=MARK)
    made = cloud.ensure_file_system(wanted)
    (found,) = aws.fsx.describe_file_systems()["FileSystems"]
    assert (found["FileSystemId"], found["StorageCapacity"], found["LustreConfiguration"]["MountName"]) == (
        made.id,
        1200,
        made.mount_name,
    )
    again = cloud.ensure_file_system(wanted)
    assert (made.ready, again.id, again.ready) == (False, made.id, True)
    for _ in range(2):
        cloud.delete_file_system(made.id)
    assert aws.fsx.describe_file_systems()["FileSystems"] == []
