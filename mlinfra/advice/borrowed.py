"""What a stack names and does not make: networks, zones, keys, principals, certificates. Looked for before.

AWS refuses what is built upon something that is not there, and says so when its turn comes, which is when half of the
stack is made: so a plan says it first, and is not applied. The session's adviser asks for what is about to be made.
What may not be asked is told as not checked, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from mlinfra.advice import tokens
from mlinfra.advice.codes import Code
from mlinfra.aws.calls import Answer, Calls
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.core.source import Source

_AT_ONCE = 8


class Borrowed(msgspec.Struct, frozen=True):
    """Something that `address` is built upon: the type of it, where that is known, and its id, name or ARN.

    maker: what of the stack itself is called so, and may be about to make it.
    later: AWS does not look for it when `address` is made, but when that is used.
    """

    address: Address
    name: str
    type: str = ""
    maker: Address | None = None
    later: bool = False


class _Look(msgspec.Struct, frozen=True):
    """The call that raises `NotFound` for an id of a type; `each`: its parameter takes a list. what: in a word.

    arn: the service in ARNs, where it is called otherwise there.
    """

    what: str
    service: str
    operation: str
    parameter: str
    each: bool = False
    arn: str = ""

    def ask(self, calls: Calls, name: str) -> Answer:
        params = {self.parameter: [name] if self.each else name}
        return calls.one(self.service, self.operation, params, about=name)


def _balancing(what: str, operation: str, parameter: str) -> _Look:
    return _Look(what, "elbv2", operation, parameter, each=True, arn="elasticloadbalancing")


def _in_ec2(what: str, operation: str, parameter: str) -> _Look:
    return _Look(what, "ec2", operation, parameter, each=True)


_LOOKS: Mapping[str, _Look] = {
    tokens.VPC: _in_ec2("VPC", "DescribeVpcs", "VpcIds"),
    tokens.SUBNET: _in_ec2("subnet", "DescribeSubnets", "SubnetIds"),
    tokens.SECURITY_GROUP: _in_ec2("security group", "DescribeSecurityGroups", "GroupIds"),
    tokens.ROUTE_TABLE: _in_ec2("route table", "DescribeRouteTables", "RouteTableIds"),
    tokens.PUBLIC_ADDRESS: _in_ec2("address", "DescribeAddresses", "AllocationIds"),
    tokens.FILE_SYSTEM: _Look("file system", "efs", "DescribeFileSystems", "FileSystemId"),
    tokens.ZONE: _Look("hosted zone", "route53", "GetHostedZone", "Id"),
    tokens.KEY: _Look("key", "kms", "DescribeKey", "KeyId"),
    tokens.CERTIFICATE: _Look("certificate", "acm", "DescribeCertificate", "CertificateArn"),
    tokens.POLICY: _Look("policy", "iam", "GetPolicy", "PolicyArn"),
    tokens.ROLE: _Look("role", "iam", "GetRole", "RoleName"),
    tokens.CLUSTER: _Look("cluster", "eks", "DescribeCluster", "name"),
    tokens.TEMPLATE: _in_ec2("launch template", "DescribeLaunchTemplates", "LaunchTemplateIds"),
    tokens.LOAD_BALANCER: _balancing("load balancer", "DescribeLoadBalancers", "LoadBalancerArns"),
    tokens.TARGET_GROUP: _balancing("target group", "DescribeTargetGroups", "TargetGroupArns"),
    tokens.TOPIC: _Look("topic", "sns", "GetTopicAttributes", "TopicArn"),
    tokens.QUEUE: _Look("queue", "sqs", "GetQueueAttributes", "QueueUrl"),
    tokens.BUCKET: _Look("bucket", "s3", "HeadBucket", "Bucket"),
    tokens.SECRET: _Look("secret", "secretsmanager", "DescribeSecret", "SecretId"),
    tokens.REPOSITORY: _Look("repository", "ecr", "DescribeRepositories", "repositoryNames", each=True),
}
_USER = _Look("user", "iam", "GetUser", "UserName")
_PASSING = frozenset({"Creating", "Updating"})  # of keys; all other states last until somebody ends them


def borrowed_findings(
    calls: Calls, account: str, borrowed: Iterable[Borrowed], source: Callable[[Borrowed], Source | None]
) -> tuple[Diagnostic, ...]:
    """An error for each that is not there or cannot be used, a note for each that may not be looked for.

    source: where it is named. Of another account or region nothing is known, and nothing said. What many are built upon
    is told of the first.
    """
    first: dict[tuple[str, str], Borrowed] = {}
    for one in sorted(borrowed, key=lambda one: one.later):
        # An ARN says itself what it is of.
        first.setdefault(("" if one.name.startswith("arn:") else one.type, one.name), one)

    def look(one: Borrowed) -> Diagnostic | None:
        question = _question(calls, account, one)
        said = _answer(*question, one) if question is not None else None
        return msgspec.structs.replace(said, address=one.address, source=source(one)) if said else None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(said for said in pool.map(look, first.values()) if said)


def _answer(what: str, question: Callable[[], Answer], one: Borrowed) -> Diagnostic | None:
    called = one.name if one.name.startswith("arn:") else f"{what} {one.name}"
    try:
        answer = question()
    except NotFound:
        return _missing(called, one)
    except ProviderError as error:
        summary = f"{one.address}: whether there is a {called} was not checked"
        return Diagnostic(severity=Severity.NOTE, code=Code.NOT_LOOKED_FOR, summary=summary, detail=str(error))
    state = answer.get("KeyMetadata", {}).get("KeyState", "Enabled")
    if state == "Enabled":
        return None
    summary, hint = f"{one.address}: {called} cannot be used, it is {state}", "enable it again, or name another one"
    return _unusable(one, summary, hint, passing=state in _PASSING)


def _missing(called: str, one: Borrowed) -> Diagnostic:
    if one.maker is not None:
        output = "arn" if one.name.startswith("arn:") else "id"
        return Diagnostic(
            severity=Severity.WARNING,
            code=Code.NOT_REFERRED_TO,
            summary=f"{one.address}: there is no {called} yet",
            detail=f"{one.maker} may be about to make it, and nothing says that it goes first.",
            hint=f"refer to it: ${{{one.maker}.{output}}}, or another of its outputs",
        )
    return _unusable(one, f"{one.address}: there is no {called}", "make it first, or name one that is there")


def _unusable(one: Borrowed, summary: str, hint: str, *, passing: bool = False) -> Diagnostic:
    if one.later:
        detail = "AWS takes the name as it is; what is made of this later would fail."
    else:
        detail = "AWS would refuse to make what is built upon it, once the rest is made."
    severity = Severity.WARNING if one.later or passing else Severity.ERROR
    return Diagnostic(severity=severity, code=Code.MISSING, summary=summary, detail=detail, hint=hint)


def _question(calls: Calls, account: str, one: Borrowed) -> tuple[str, Callable[[], Answer]] | None:
    """What it is, and what raises `NotFound` where it is not there; `None` for what cannot be asked from here."""
    name, look = one.name, _LOOKS.get(one.type)
    if name.startswith("https:") and f"/{account}/" not in name:
        return None
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        if len(parts) < 6 or parts[4] != account or parts[3] not in ("", calls.region):
            return None
        kind = parts[5].partition("/")[0]
        if parts[2] == "iam" and kind in ("role", "user"):
            look, name = _LOOKS[tokens.ROLE] if kind == "role" else _USER, parts[5].rpartition("/")[2]  # without a path
        elif parts[2] == "acm":
            look = _LOOKS[tokens.CERTIFICATE]
        elif look is not None and parts[2] != (look.arn or look.service):
            return None
    return (look.what, lambda: look.ask(calls, name)) if look is not None else None
