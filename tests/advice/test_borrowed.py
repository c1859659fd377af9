"""What a stack names and does not make is looked for before anything is made upon it."""

from __future__ import annotations

import json

import pytest

from mlinfra.advice import tokens
from mlinfra.advice.borrowed import Borrowed, borrowed_findings
from mlinfra.aws.calls import Calls
from mlinfra.core.address import Address
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule

_ROLE = "arn:aws:iam::123456789012:role/teams/ml-admins"
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
_AT = Address("cluster.access.ml-admins")


def _said(calls: Calls, name: str, *types: str) -> list[str]:
    borrowed = [Borrowed(_AT, name, token) for token in types or ("",)]
    found = borrowed_findings(calls, "123456789012", borrowed, lambda _: None)
    return [f"{one.severity} {one.summary}" for one in found]


def test_a_role_that_is_not_there_is_told_and_one_that_is_says_nothing(sandbox: Sandbox, calls: Calls) -> None:
    assert _said(calls, _ROLE, "", tokens.ROLE) == [f"error {_AT}: there is no {_ROLE}"]
    calls.one("iam", "CreateRole", {"RoleName": "ml-admins", "Path": "/teams/", "AssumeRolePolicyDocument": _TRUST})
    assert _said(calls, _ROLE) == []


def test_a_certificate_that_is_not_there_is_told(calls: Calls) -> None:
    arn = f"arn:aws:acm:{calls.region}:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"
    assert _said(calls, arn) == [f"error {_AT}: there is no {arn}"]


def test_what_the_stack_itself_may_be_about_to_make_stops_nothing(calls: Calls) -> None:
    made = Borrowed(_AT, _ROLE, tokens.ROLE, Address("resources.admins"))
    (told,) = borrowed_findings(calls, "123456789012", [made], lambda _: None)
    assert (told.severity, told.code) == ("warning", "MLI8031")
    assert "${resources.admins.arn}" in told.hint


def test_what_aws_does_not_look_for_itself_is_a_warning_unless_something_else_needs_it(calls: Calls) -> None:
    later = Borrowed(Address("resources.template"), "sg-0123456789abcdef0", tokens.SECURITY_GROUP, later=True)
    at_once = Borrowed(_AT, later.name, later.type)
    for borrowed, told in (([later], ("warning", later.address)), ([later, at_once], ("error", _AT))):
        (found,) = borrowed_findings(calls, "123456789012", borrowed, lambda _: None)
        assert (found.severity, found.address) == told


def test_what_may_not_be_looked_for_was_not_checked(sandbox: Sandbox, calls: Calls) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.DENIED, operation="GetRole"))
    assert _said(calls, _ROLE) == [f"note {_AT}: whether there is a {_ROLE} was not checked"]


def test_of_other_accounts_and_regions_nothing_is_said(calls: Calls) -> None:
    assert _said(calls, _ROLE.replace("123456789012", "210987654321")) == []
    assert _said(calls, "https://sqs.us-east-1.amazonaws.com/210987654321/none", tokens.QUEUE) == []
    assert _said(calls, "arn:aws:acm:ap-south-2:123456789012:certificate/0a1b2c3d") == []


@pytest.mark.parametrize(
    ("token", "name", "what"),
    [
        (tokens.VPC, "vpc-0123456789abcdef0", "VPC"),
        (tokens.SUBNET, "subnet-0123456789abcdef0", "subnet"),
        (tokens.SECURITY_GROUP, "sg-0123456789abcdef0", "security group"),
        (tokens.ROUTE_TABLE, "rtb-0123456789abcdef0", "route table"),
        (tokens.PUBLIC_ADDRESS, "eipalloc-0123456789abcdef0", "address"),
        (tokens.FILE_SYSTEM, "fs-0123456789abcdef0", "file system"),
        (tokens.ZONE, "Z0123456789ABCDEFGHIJ", "hosted zone"),
        (tokens.KEY, "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f", "key"),
        (tokens.ROLE, "nobody", "role"),
        (tokens.CLUSTER, "nowhere", "cluster"),
        (tokens.TEMPLATE, "lt-0123456789abcdef0", "launch template"),
        (tokens.QUEUE, "https://sqs.us-east-1.amazonaws.com/123456789012/none", "queue"),
        (tokens.BUCKET, "acme-nowhere", "bucket"),
        (tokens.SECRET, "nothing", "secret"),
        (tokens.REPOSITORY, "nothing", "repository"),
    ],
)
def test_what_is_named_by_its_id_and_not_there_is_told_once(token: str, name: str, what: str, calls: Calls) -> None:
    assert _said(calls, name, token, token) == [f"error {_AT}: there is no {what} {name}"]


@pytest.mark.parametrize(
    ("token", "service", "rest"),
    [
        (tokens.LOAD_BALANCER, "elasticloadbalancing", "loadbalancer/app/a/0123456789abcdef"),
        (tokens.TARGET_GROUP, "elasticloadbalancing", "targetgroup/a/0123456789abcdef"),
        (tokens.TOPIC, "sns", "nobody"),
        (tokens.POLICY, "iam", "policy/nothing"),
    ],
)
def test_so_is_what_is_named_by_its_arn(token: str, service: str, rest: str, calls: Calls) -> None:
    arn = f"arn:aws:{service}:{'' if service == 'iam' else calls.region}:123456789012:{rest}"
    assert _said(calls, arn, token) == [f"error {_AT}: there is no {arn}"]


def test_what_is_there_says_nothing_and_a_key_that_goes_is_told(calls: Calls) -> None:
    vpc = calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]["VpcId"]
    key = calls.one("kms", "CreateKey", {})["KeyMetadata"]
    assert _said(calls, vpc, tokens.VPC) == _said(calls, key["KeyId"], tokens.KEY) == []
    calls.one("kms", "ScheduleKeyDeletion", {"KeyId": key["KeyId"]})
    assert _said(calls, key["Arn"], tokens.KEY) == [f"error {_AT}: {key['Arn']} cannot be used, it is PendingDeletion"]
