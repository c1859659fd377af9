"""Faults: at any call, before or after its effect, counted, drawn from a seed, killing the caller."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule, Faults, Occasion, When

CREATE = {"CidrBlock": "10.0.0.0/16"}


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_vpcs", ("RequestLimitExceeded", 503)),
        ("iam", "list_roles", ("Throttling", 400)),
        ("eks", "list_clusters", ("ThrottlingException", 429)),
        ("s3", "list_buckets", ("SlowDown", 503)),
        ("kms", "list_keys", ("ThrottlingException", 400)),
    ],
)
def test_a_throttled_call_gets_the_code_of_its_service(
    aws: Any, sandbox: Sandbox, service: str, operation: str, code: tuple[str, int]
) -> None:
    # the "Common errors" page of each service's API reference
    sandbox.faults.add(FaultRule(kind=FaultKind.THROTTLE, service=service, count=1))
    call = getattr(getattr(aws, service), operation)
    with pytest.raises(ClientError) as raised:
        call()
    assert code_of(raised) == code
    assert call()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.ERROR, ("InternalError", 500)),
        (FaultKind.DENIED, ("UnauthorizedOperation", 403)),
        (FaultKind.QUOTA, ("VpcLimitExceeded", 400)),
        (FaultKind.CAPACITY, ("InsufficientInstanceCapacity", 500)),
    ],
)
def test_a_refused_call_has_no_effect(aws: Any, sandbox: Sandbox, kind: FaultKind, code: tuple[str, int]) -> None:
    sandbox.faults.add(FaultRule(kind=kind, operation="CreateVpc"))
    with pytest.raises(ClientError) as raised:
        aws.ec2.create_vpc(**CREATE)
    assert code_of(raised) == code
    assert sandbox.inventory() == []


def test_a_lost_response_leaves_the_effect(aws: Any, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.RESET, operation="CreateVpc", when=When.AFTER))
    with pytest.raises(ConnectionClosedError):
        aws.ec2.create_vpc(**CREATE)
    assert [kind for kind, _ in sandbox.inventory()] == ["ec2:vpc"]


def test_a_reset_connection_leaves_none(aws: Any, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.RESET, operation="CreateVpc"))
    with pytest.raises(ConnectionClosedError):
        aws.ec2.create_vpc(**CREATE)
    assert sandbox.inventory() == []


def test_a_garbled_answer_says_that_all_is_well_and_nothing_else(aws: Any, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, operation="CreateVpc", count=1))
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, operation="CreateVpc", when=When.AFTER, code="half"))
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, service="kms", when=When.AFTER, code="empty", count=1))
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, service="kms", message='{"Keys": []}'))
    assert "Vpc" not in aws.ec2.create_vpc(**CREATE)  # botocore takes a page for an answer
    assert sandbox.inventory() == []
    with pytest.raises(ResponseParserError):
        aws.ec2.create_vpc(**CREATE)
    assert [kind for kind, _ in sandbox.inventory()] == ["ec2:vpc"]
    assert "KeyMetadata" not in aws.kms.create_key()
    assert aws.kms.list_keys()["Keys"] == []


def test_a_timeout_after_success_leaves_the_effect(aws: Any, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.TIMEOUT, operation="CreateVpc", when=When.AFTER))
    with pytest.raises(ReadTimeoutError):
        aws.client("ec2", read_timeout=0.3).create_vpc(**CREATE)
    assert [kind for kind, _ in sandbox.inventory()] == ["ec2:vpc"]


def test_an_error_after_the_effect_is_possible_too(aws: Any, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.ERROR, operation="CreateVpc", when=When.AFTER))
    with pytest.raises(ClientError):
        aws.ec2.create_vpc(**CREATE)
    assert [kind for kind, _ in sandbox.inventory()] == ["ec2:vpc"]


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE, FaultKind.DENIED, FaultKind.QUOTA, FaultKind.CAPACITY])
def test_what_is_refused_has_no_effect(aws: Any, sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.faults.add(FaultRule(kind=kind, operation="CreateVpc", when=When.AFTER))
    with pytest.raises(ClientError):
        aws.ec2.create_vpc(**CREATE)
    assert sandbox.inventory() == []


@pytest.mark.parametrize(("when", "made"), [(When.BEFORE, []), (When.AFTER, ["ec2:vpc"])])
def test_the_caller_can_be_killed(sandbox: Sandbox, when: When, made: list[str]) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.KILL, operation="CreateVpc", when=when))
    code = (
        "import boto3; boto3.client('ec2', region_name='us-east-1', aws_access_key_id='a', "
        f"aws_secret_access_key='b', endpoint_url={sandbox.endpoint!r}).create_vpc(CidrBlock='10.0.0.0/16')"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert [kind for kind, _ in sandbox.inventory()] == made


def test_a_stale_read_does_not_see_the_newest_object(aws: Any, sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    first = aws.vpc()
    rule = FaultRule(kind=FaultKind.STALE, mutating=False, count=3)
    sandbox.faults.add(rule)
    second = aws.vpc("10.1.0.0/16")
    seen = [vpc["VpcId"] for vpc in aws.ec2.describe_vpcs()["Vpcs"]]
    assert first in seen
    assert second not in seen
    with pytest.raises(ClientError) as raised:
        aws.ec2.describe_vpcs(VpcIds=[second])
    assert code_of(raised)[0] == "InvalidVpcID.NotFound"
    role = aws.role("new", "ec2.amazonaws.com")
    with pytest.raises(ClientError) as raised:
        aws.iam.get_role(RoleName="new")
    assert code_of(raised) == ("NoSuchEntity", 404)
    assert aws.iam.get_role(RoleName="new")["Role"]["Arn"] == role
    assert second in [vpc["VpcId"] for vpc in aws.ec2.describe_vpcs()["Vpcs"]]


def test_rules_count_and_skip() -> None:
    faults = Faults([FaultRule(kind=FaultKind.ERROR, skip=1, count=2)])
    occasion = Occasion("ec2", "CreateVpc", True)
    assert [bool(faults(occasion)) for _ in range(5)] == [False, True, True, False, False]
    (status,) = faults.rules()
    assert (status.seen, status.struck) == (5, 2)


def test_the_same_seed_strikes_the_same_calls() -> None:
    occasion = Occasion("ec2", "CreateVpc", True)

    def struck(seed: int) -> list[bool]:
        faults = Faults([FaultRule(kind=FaultKind.ERROR, probability=0.2, seed=seed)])
        return [bool(faults(occasion)) for _ in range(200)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 20 <= sum(struck(1)) <= 60


def test_rules_look_at_service_operation_and_parameters() -> None:
    rule = FaultRule(kind=FaultKind.ERROR, service="e*", operation="Create*", mutating=True, where={"Type": "g5.*"})
    faults = Faults([rule])
    assert faults(Occasion("ec2", "CreateFleet", True, {"Type": "g5.xlarge"})) == (rule,)
    assert faults(Occasion("ec2", "CreateFleet", True, {"Type": "m5.xlarge"})) == ()
    assert faults(Occasion("ec2", "DescribeFleet", False, {"Type": "g5.xlarge"})) == ()
    assert faults(Occasion("iam", "CreateRole", True, {"Type": "g5.xlarge"})) == ()


def ask(sandbox: Sandbox, path: str, method: str = "GET", content: Any = None) -> Any:
    body = json.dumps(content).encode() if content is not None else None
    request = urllib.request.Request(f"{sandbox.endpoint}/mlinfra-sandbox/{path}", method=method, data=body)
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.loads(response.read())


def test_faults_are_set_and_taken_away_over_http(aws: Any, sandbox: Sandbox) -> None:
    ids = ask(sandbox, "faults", "POST", {"kind": "throttle", "service": "ec2", "count": 1})["ids"]
    assert ask(sandbox, "faults")[0]["rule"]["kind"] == "throttle"
    with pytest.raises(ClientError):
        aws.vpc()
    assert ask(sandbox, "faults")[0]["struck"] == 1
    assert ask(sandbox, f"faults/{ids[0]}", "DELETE") == {"removed": True}
    assert ask(sandbox, "faults") == []


def test_an_interruption_that_makes_no_sense_is_refused_over_http(sandbox: Sandbox) -> None:
    assert ask(sandbox, "interruptions") == {}
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(sandbox, "interruptions", "POST", {"instance": "i-0123"})
    assert json.loads(refused.value.read())["message"] == "there is no running instance i-0123 in us-east-1"


def test_calls_are_counted_and_listed_over_http(aws: Any, sandbox: Sandbox) -> None:
    aws.vpc()
    aws.ec2.describe_vpcs()
    assert ask(sandbox, "calls/counts") == {"ec2:CreateVpc": 1, "ec2:DescribeVpcs": 1}
    (call,) = ask(sandbox, "calls?mutating=true")
    assert (call["operation"], call["status"], call["mutating"]) == ("CreateVpc", 200, True)
    assert [kind for kind, _ in ask(sandbox, "inventory")] == ["ec2:vpc"]
    ask(sandbox, "reset", "POST")
    assert ask(sandbox, "inventory") == []
    assert ask(sandbox, "calls/counts") == {}


def test_what_the_cloud_does_by_itself_uses_up_no_rule_that_is_about_calls() -> None:
    faults = Faults([FaultRule(kind=FaultKind.KILL, count=1), FaultRule(kind=FaultKind.CAPACITY)])
    launch = Occasion("ec2", "RunInstances", True)
    assert [rule.kind for rule in faults(launch, frozenset({FaultKind.CAPACITY}))] == [FaultKind.CAPACITY]
    assert [rule.kind for rule in faults(launch)] == [FaultKind.KILL, FaultKind.CAPACITY]
