"""Reads that do not yet see the newest object, as AWS's eventual consistency has it.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html (2026). The gateway notes what the last
mutating call brought into being, while a rule asks for it; a read that is struck is answered without that: it is
missing from lists, and a call that names it says that it is not found. Services that moto answers as ready-made text
(KMS, Logs, Events) are hidden from by name only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mlinfra.sandbox.aws.call import AwsError

_NOT_FOUND = {
    "vpc": "InvalidVpcID.NotFound",
    "subnet": "InvalidSubnetID.NotFound",
    "igw": "InvalidInternetGatewayID.NotFound",
    "nat": "NatGatewayNotFound",
    "rtb": "InvalidRouteTableID.NotFound",
    "sg": "InvalidGroup.NotFound",
    "eipalloc": "InvalidAllocationID.NotFound",
    "eni": "InvalidNetworkInterfaceID.NotFound",
    "i": "InvalidInstanceID.NotFound",
    "lt": "InvalidLaunchTemplateId.NotFound",
    "vpce": "InvalidVpcEndpointId.NotFound",
    "vol": "InvalidVolume.NotFound",
    "pg": "InvalidPlacementGroup.Unknown",
    "cr": "InvalidCapacityReservationId.NotFound",
}
_BY_SERVICE = {
    "iam": "NoSuchEntity",
    "ecr": "RepositoryNotFoundException",
    "kms": "NotFoundException",
    "elbv2": "LoadBalancerNotFound",
    "sqs": "QueueDoesNotExist",
    "sns": "NotFound",
}
_IDENTIFYING = ("id", "name", "arn", "allocation_id", "function_name")


def identities(entries: Iterable[tuple[str, str]]) -> frozenset[str]:
    """By what calls may name the objects of these entries of the inventory."""
    return frozenset(name for kind, key in entries for name in _names(kind, key))


def _names(kind: str, key: str) -> Iterator[str]:
    yield key
    if key.startswith("arn:"):
        parts = key.split(":", 5)[5].split("/")
        yield parts[1 if kind == "eks:cluster" or len(parts) < 3 else 2] if len(parts) > 1 else parts[0]


def refuse_names(service: str, params: Any, hidden: frozenset[str]) -> None:
    """Say that it is not found where a call names something hidden."""
    for name in _strings(params):
        if name in hidden:
            code = _NOT_FOUND.get(name.partition("-")[0]) if service == "ec2" else None
            code = code or _BY_SERVICE.get(service, "ResourceNotFoundException")
            raise AwsError(code, f"{name} does not exist", status=404 if service in ("iam", "eks") else 0)


def without(result: Any, hidden: frozenset[str]) -> Any:
    """A result whose lists lack what is hidden."""
    if not isinstance(result, dict):
        return result
    return {
        name: [item for item in value if not _is_hidden(item, hidden)] if isinstance(value, list | tuple) else value
        for name, value in result.items()
    }


def _is_hidden(item: Any, hidden: frozenset[str]) -> bool:
    if isinstance(item, str):
        return item in hidden
    if isinstance(item, dict):
        named = [value for key, value in item.items() if str(key).endswith(("Id", "Name", "Arn", "ARN", "name", "arn"))]
        return any(isinstance(value, str) and value in hidden for value in named)
    if any(getattr(item, name, None) in hidden for name in _IDENTIFYING if isinstance(getattr(item, name, None), str)):
        return True
    instances = getattr(item, "instances", None)  # a reservation is as hidden as its instances
    return isinstance(instances, list) and any(getattr(one, "id", "") in hidden for one in instances)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for below in value.values():
            yield from _strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from _strings(below)
