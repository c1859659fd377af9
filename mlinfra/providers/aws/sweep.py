"""Sweeping: what still bears the mark of a cluster that is gone, because nobody in it could take it down any more.

Called through the session's teardown, once the cluster is deleted, for clusters that a record says were ours. Volumes
and snapshots hold data: they are kept and named, unless their deletion was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from mlinfra.aws.calls import Calls
from mlinfra.core.clock import Clock, waited_text
from mlinfra.core.errors import AccessDenied, Conflict, InvalidRequest, NotFound, ProviderError
from mlinfra.providers.aws.cluster_marks import bears, tags_in

_PATIENCE = 900.0  # seconds; interfaces of balancers and of instances take minutes to go
_EVERY = 5.0
_TAGS_AT_ONCE = 20  # DescribeTags of both load balancing APIs
_ENDED = frozenset({"terminated", "shutting-down"})
_GROUP = "aws:autoscaling:groupName"  # its group looks after it


class Says(Protocol):
    """The part of an operation that a sweep needs."""

    def say(self, progress: str) -> None:
        """A few words on what is being done."""
        ...

    def check(self) -> None:
        """Raises where the run is being stopped at once."""
        ...

    def fence(self) -> None:
        """Called right before each removal; raises where nothing may be changed any more."""
        ...


class Left(msgspec.Struct, frozen=True, order=True):
    """One thing that bears a cluster's mark: `what` it is (`load balancer`), its id, and its name where it has one.

    data: somebody's data may be in it.
    """

    what: str
    id: str
    name: str = ""
    data: bool = False

    def __str__(self) -> str:
        return f"{self.what} {self.id}" + (f" ({self.name})" if self.name else "")


Remove = Callable[[str], object]


class Sweep:
    """The sweep of one account and region."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls, self._clock = calls, clock

    def left(self, cluster: str) -> tuple[Left, ...]:
        """All that bears the mark of the cluster of that name. Only looks."""
        return tuple(found for find, _ in self._kinds() for found in find(cluster))

    def run(self, cluster: str, operation: Says, *, delete_data: bool = False) -> tuple[Left, ...]:
        """Remove it; answers the data that was kept. Raises `ProviderError` that names what does not go.

        Where a cluster of that name is there, its marks may be on what it uses: nothing is done.
        """
        if self.is_there(cluster):
            operation.say(f"there is a cluster {cluster}, so that nothing that bears its mark is removed")
            return ()
        kept: list[Left] = []
        for find, remove in self._kinds():
            for found in self._found(find, cluster, operation):
                if found.data and not delete_data:
                    kept.append(found)
                    operation.say(f"keeps {found}: there may be data in it")
                    continue
                operation.say(f"removes {found}, which the cluster left")
                self._remove(found, remove, operation)
        return tuple(kept)

    def _kinds(self) -> tuple[tuple[Callable[[str], Iterator[Left]], Remove], ...]:
        """In the order in which they let go of one another."""
        return (
            (self._instances, self._terminate),
            (self._balancers, lambda one: self._elbv2("DeleteLoadBalancer", LoadBalancerArn=one)),
            (self._classic_balancers, lambda one: self._one("elb", "DeleteLoadBalancer", LoadBalancerName=one)),
            (self._target_groups, lambda one: self._elbv2("DeleteTargetGroup", TargetGroupArn=one)),
            (self._interfaces, lambda one: self._ec2("DeleteNetworkInterface", NetworkInterfaceId=one)),
            (self._security_groups, self._delete_security_group),
            (self._launch_templates, lambda one: self._ec2("DeleteLaunchTemplate", LaunchTemplateId=one)),
            (self._instance_profiles, self._delete_instance_profile),
            (self._access_points, lambda one: self._one("efs", "DeleteAccessPoint", AccessPointId=one)),
            (self._file_systems, lambda one: self._one("fsx", "DeleteFileSystem", FileSystemId=one)),
            (self._volumes, lambda one: self._ec2("DeleteVolume", VolumeId=one)),
            (self._snapshots, lambda one: self._ec2("DeleteSnapshot", SnapshotId=one)),
        )

    def _found(self, find: Callable[[str], Iterator[Left]], cluster: str, operation: Says) -> list[Left]:
        """What there is of a kind. Few clusters have file systems: who may not list those is told so, and goes on."""
        try:
            return list(find(cluster))
        except AccessDenied as error:
            if find not in (self._access_points, self._file_systems):
                raise
            operation.say(f"may not look for file systems that the cluster left: {error}")
            return []

    def _remove(self, found: Left, remove: Remove, operation: Says) -> None:
        """Remove one thing, waiting for what still holds it to let go."""
        began = self._clock.monotonic()
        while True:
            operation.fence()
            try:
                remove(found.id)
            except NotFound:
                return
            except (Conflict, InvalidRequest) as error:
                if self._clock.monotonic() - began > _PATIENCE or not _passes(error):
                    raise type(error)(f"{found} was left by the cluster and does not go: {error}") from error
            else:
                return
            operation.check()
            self._clock.sleep(_EVERY)

    def is_there(self, cluster: str) -> bool:
        """Whether there is a cluster of that name."""
        try:
            self._one("eks", "DescribeCluster", name=cluster)
        except NotFound:
            return False
        return True

    # What there is

    def _instances(self, cluster: str) -> Iterator[Left]:
        for reservation in self._listed("DescribeInstances", "Reservations"):
            for one in reservation["Instances"]:
                tags = tags_in(one.get("Tags"))
                alive = one["State"]["Name"] not in _ENDED
                if alive and _GROUP not in tags and bears(tags, cluster):
                    yield Left("instance", one["InstanceId"], tags.get("Name", ""))

    def _interfaces(self, cluster: str) -> Iterator[Left]:
        for one in self._listed("DescribeNetworkInterfaces", "NetworkInterfaces"):
            if bears(tags_in(one.get("TagSet")), cluster) and not one.get("RequesterManaged"):
                yield Left("network interface", one["NetworkInterfaceId"], one.get("Description", ""))

    def _security_groups(self, cluster: str) -> Iterator[Left]:
        for one in self._listed("DescribeSecurityGroups", "SecurityGroups"):
            if bears(tags_in(one.get("Tags")), cluster):
                yield Left("security group", one["GroupId"], one["GroupName"])

    def _launch_templates(self, cluster: str) -> Iterator[Left]:
        for one in self._listed("DescribeLaunchTemplates", "LaunchTemplates"):
            if bears(tags_in(one.get("Tags")), cluster):
                yield Left("launch template", one["LaunchTemplateId"], one["LaunchTemplateName"])

    def _volumes(self, cluster: str) -> Iterator[Left]:
        for one in self._listed("DescribeVolumes", "Volumes"):
            tags = tags_in(one.get("Tags"))
            if bears(tags, cluster) and one["State"] != "deleting":
                claim = "/".join(filter(None, (tags.get(f"kubernetes.io/created-for/pvc/{k}") for k in _CLAIM)))
                yield Left("volume", one["VolumeId"], claim or tags.get("Name", ""), data=True)

    def _snapshots(self, cluster: str) -> Iterator[Left]:
        for one in self._listed("DescribeSnapshots", "Snapshots", OwnerIds=["self"]):
            tags = tags_in(one.get("Tags"))
            if bears(tags, cluster):
                yield Left("snapshot", one["SnapshotId"], tags.get("CSIVolumeSnapshotName", ""), data=True)

    def _access_points(self, cluster: str) -> Iterator[Left]:
        """Ways into file systems, one for each claim; what was written stays where it is."""
        for one in self._pages("efs", "DescribeAccessPoints", "AccessPoints"):
            if bears(tags_in(one.get("Tags")), cluster) and one.get("LifeCycleState") != "deleting":
                yield Left("access point", one["AccessPointId"], one.get("FileSystemId", ""))

    def _file_systems(self, cluster: str) -> Iterator[Left]:
        for one in self._pages("fsx", "DescribeFileSystems", "FileSystems"):
            tags = tags_in(one.get("Tags"))
            if bears(tags, cluster) and one.get("Lifecycle") != "DELETING":
                yield Left("file system", one["FileSystemId"], tags.get("CSIVolumeName", ""), data=True)

    def _listed(self, operation: str, items: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        """All there are: a filter takes one tag's key and value, and the marks have many."""
        for page in self._calls.pages("ec2", operation, params):
            yield from page.get(items) or ()

    def _balancers(self, cluster: str) -> Iterator[Left]:
        listed = self._pages("elbv2", "DescribeLoadBalancers", "LoadBalancers")
        names = {one["LoadBalancerArn"]: one["LoadBalancerName"] for one in listed}
        for arn in self._tagged(names, cluster):
            yield Left("load balancer", arn, names[arn])

    def _target_groups(self, cluster: str) -> Iterator[Left]:
        listed = self._pages("elbv2", "DescribeTargetGroups", "TargetGroups")
        names = {one["TargetGroupArn"]: one["TargetGroupName"] for one in listed}
        for arn in self._tagged(names, cluster):
            yield Left("target group", arn, names[arn])

    def _tagged(self, arns: Mapping[str, str], cluster: str) -> Iterator[str]:
        for some in _batches(list(arns)):
            for one in self._elbv2("DescribeTags", ResourceArns=some)["TagDescriptions"]:
                if bears(tags_in(one.get("Tags")), cluster):
                    yield one["ResourceArn"]

    def _classic_balancers(self, cluster: str) -> Iterator[Left]:
        listed = self._pages("elb", "DescribeLoadBalancers", "LoadBalancerDescriptions")
        for some in _batches([one["LoadBalancerName"] for one in listed]):
            for one in self._one("elb", "DescribeTags", LoadBalancerNames=some)["TagDescriptions"]:
                if bears(tags_in(one.get("Tags")), cluster):
                    yield Left("classic load balancer", one["LoadBalancerName"])

    def _instance_profiles(self, cluster: str) -> Iterator[Left]:
        """Karpenter calls them after the cluster, or puts them on a path of it; their tags decide."""
        for one in self._pages("iam", "ListInstanceProfiles", "InstanceProfiles"):
            name = one["InstanceProfileName"]
            if name.startswith(f"{cluster}_") or f"/{cluster}/" in one["Path"]:
                tags = self._one("iam", "ListInstanceProfileTags", InstanceProfileName=name).get("Tags")
                if bears(tags_in(tags), cluster):
                    yield Left("instance profile", name)

    # How it goes

    def _terminate(self, identity: str) -> None:
        self._ec2("TerminateInstances", InstanceIds=[identity])
        began = self._clock.monotonic()
        while self._clock.monotonic() - began < _PATIENCE:
            found = self._ec2("DescribeInstances", InstanceIds=[identity])["Reservations"]
            if not found or found[0]["Instances"][0]["State"]["Name"] == "terminated":
                return
            self._clock.sleep(_EVERY)
        raise Conflict(f"instance {identity} is not terminated after {waited_text(self._clock, _PATIENCE)}")

    def _delete_security_group(self, identity: str) -> None:
        """Rules of other groups that name it go first: the controller let balancers through to the nodes."""
        query = {"Filters": [{"Name": "ip-permission.group-id", "Values": [identity]}]}
        for page in self._calls.pages("ec2", "DescribeSecurityGroups", query, about=identity):
            for group in page["SecurityGroups"]:
                naming = [
                    {**rule, "UserIdGroupPairs": pairs, "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
                    for rule in group["IpPermissions"]
                    if (pairs := [pair for pair in rule["UserIdGroupPairs"] if pair.get("GroupId") == identity])
                ]
                if naming:
                    self._ec2("RevokeSecurityGroupIngress", GroupId=group["GroupId"], IpPermissions=naming)
        self._ec2("DeleteSecurityGroup", GroupId=identity)

    def _delete_instance_profile(self, name: str) -> None:
        profile = self._one("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
        for role in profile.get("Roles") or ():
            params = {"InstanceProfileName": name, "RoleName": role["RoleName"]}
            self._one("iam", "RemoveRoleFromInstanceProfile", **params)
        self._one("iam", "DeleteInstanceProfile", InstanceProfileName=name)

    def _pages(self, service: str, operation: str, items: str) -> Iterator[Mapping[str, Any]]:
        for page in self._calls.pages(service, operation):
            yield from page.get(items) or ()

    def _ec2(self, operation: str, **params: Any) -> Any:
        return self._one("ec2", operation, **params)

    def _elbv2(self, operation: str, **params: Any) -> Any:
        return self._one("elbv2", operation, **params)

    def _one(self, service: str, operation: str, **params: Any) -> Any:
        return self._calls.one(service, operation, params)


_CLAIM = ("namespace", "name")


def _passes(error: ProviderError) -> bool:
    """Whether waiting may help: something still uses it, or is on its way out."""
    return isinstance(error, Conflict) or "in use" in str(error)


def _batches(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _TAGS_AT_ONCE):
        yield items[start : start + _TAGS_AT_ONCE]
