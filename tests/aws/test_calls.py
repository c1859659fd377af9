from __future__ import annotations

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.core.errors import AccessDenied, Ambiguous, InvalidRequest, StateConflict, Throttled
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule, When
from tests.providers.aws.lifecycle import QuickClock


def number_of_vpcs(calls: Calls) -> int:
    return sum(not vpc["IsDefault"] for page in calls.pages("ec2", "DescribeVpcs") for vpc in page["Vpcs"])


def test_throttling_is_waited_out_even_for_a_create_without_a_token(
    calls: Calls, sandbox: Sandbox, clock: QuickClock
) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.THROTTLE, operation="CreateVpc", count=3))
    calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})
    assert clock.waited == 0.25 + 0.5 + 1
    assert number_of_vpcs(calls) == 1


def test_a_change_is_not_repeated_once_it_is_forbidden(calls: Calls, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.THROTTLE, operation="CreateVpc", count=2))
    allowed = iter([1, 2])

    def fence() -> None:
        if next(allowed, None) is None:
            raise StateConflict("taken over while it was throttled", code="MLI4002")

    with pytest.raises(StateConflict):
        calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, fence=fence)
    assert number_of_vpcs(calls) == 0
    assert calls.one("ec2", "DescribeVpcs", fence=fence)  # whoever only looks is not asked


def test_who_may_forbid_a_change_is_asked_when_its_request_is_whole(
    calls: Calls, clients: Clients, sandbox: Sandbox
) -> None:
    happened: list[str] = []
    clients.of("ec2").meta.events.register_last("request-created", lambda **_: happened.append("signed"))

    def fence() -> None:
        calls.one("sts", "GetCallerIdentity")  # who looks may have to ask
        happened.append("asked")
        assert sandbox.calls.records(service="ec2") == []

    calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, fence=fence)
    assert happened == ["signed", "asked"]
    assert [call.operation for call in sandbox.calls.records(service="ec2")] == ["CreateVpc"]


def test_throttling_without_an_end_is_given_up(calls: Calls, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.THROTTLE, operation="DescribeVpcs"))
    with pytest.raises(Throttled, match="ec2 DescribeVpcs for a network"):
        calls.one("ec2", "DescribeVpcs", about="a network")


def test_who_has_little_patience_waits_no_longer_than_that(
    clients: Clients, sandbox: Sandbox, clock: QuickClock
) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.THROTTLE, operation="DescribeVpcs"))
    with pytest.raises(Throttled):
        Calls(clients, clock, chance=lambda: 1, patience=5).one("ec2", "DescribeVpcs")
    assert 5 <= clock.waited < 10


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.RESET])
def test_a_create_without_a_token_is_sent_once(calls: Calls, sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.faults.add(FaultRule(kind=kind, operation="CreateVpc", when=When.AFTER, count=1))
    with pytest.raises(Ambiguous):
        calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})
    assert number_of_vpcs(calls) == 1


def test_a_create_whose_token_is_refused_the_second_time_is_sent_once(calls: Calls, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.RESET, operation="CreateFileSystem", when=When.AFTER, count=1))
    with pytest.raises(Ambiguous):
        calls.one("efs", "CreateFileSystem", {}, token="one")
    assert len(calls.one("efs", "DescribeFileSystems")["FileSystems"]) == 1


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.RESET])
def test_a_create_with_a_token_is_repeated_and_makes_one(calls: Calls, sandbox: Sandbox, kind: FaultKind) -> None:
    vpc = calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]["VpcId"]
    before = len(calls.one("ec2", "DescribeRouteTables")["RouteTables"])
    sandbox.faults.add(FaultRule(kind=kind, operation="CreateRouteTable", when=When.AFTER, count=1))
    calls.one("ec2", "CreateRouteTable", {"VpcId": vpc})
    assert len(calls.one("ec2", "DescribeRouteTables")["RouteTables"]) == before + 1


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.RESET])
def test_what_says_how_something_should_be_is_repeated(calls: Calls, sandbox: Sandbox, kind: FaultKind) -> None:
    vpc = calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]["VpcId"]
    sandbox.faults.add(FaultRule(kind=kind, operation="CreateTags", count=2))
    sandbox.faults.add(FaultRule(kind=kind, operation="ModifyVpcAttribute", count=2))
    calls.one("ec2", "ModifyVpcAttribute", {"VpcId": vpc, "EnableDnsHostnames": {"Value": True}})
    shown = calls.one("ec2", "DescribeVpcAttribute", {"VpcId": vpc, "Attribute": "enableDnsHostnames"})
    assert shown["EnableDnsHostnames"]["Value"] is True


def test_reads_are_repeated(calls: Calls, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.RESET, operation="DescribeVpcs", count=2))
    assert number_of_vpcs(calls) == 0


def test_denials_are_not_repeated(calls: Calls, sandbox: Sandbox, clock: QuickClock) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.DENIED, operation="DescribeVpcs"))
    with pytest.raises(AccessDenied):
        calls.one("ec2", "DescribeVpcs")
    assert clock.waited == 0


def test_all_pages_are_read_and_no_more(calls: Calls, sandbox: Sandbox) -> None:
    for number in range(7):
        calls.one("ecr", "CreateRepository", {"repositoryName": f"r{number}"})
    pages = list(calls.pages("ecr", "DescribeRepositories", {"maxResults": 3}))
    assert [len(page["repositories"]) for page in pages] in ([3, 3, 1], [7])
    whole = list(calls.pages("ecr", "DescribeRepositories"))
    assert [len(page["repositories"]) for page in whole] == [7]


def test_wrong_parameters_are_refused_without_a_call(calls: Calls, sandbox: Sandbox) -> None:
    with pytest.raises(InvalidRequest, match="ec2 CreateVpc"):
        calls.one("ec2", "CreateVpc", {"Cidr": "10.0.0.0/16"})


def test_a_server_that_is_not_there_is_told_as_such(clock: QuickClock) -> None:
    nowhere = Clients("us-east-1", Endpoint(url="http://127.0.0.1:1", access_key="a", secret_key="b"))
    with pytest.raises(Throttled, match="Could not connect"):
        Calls(nowhere, clock).one("ec2", "DescribeVpcs")


def test_the_standard_environment_says_where_aws_is(
    sandbox: Sandbox, clock: QuickClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    assert number_of_vpcs(Calls(Clients("us-east-1"), clock)) == 0


def test_a_client_is_made_once(clients: Clients) -> None:
    assert clients.of("ec2") is clients.of("ec2")
