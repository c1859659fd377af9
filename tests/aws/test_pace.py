from __future__ import annotations

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.pace import Pace
from mlinfra.core.errors import Ambiguous
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule, When
from tests.providers.aws.lifecycle import QuickClock


def test_calls_go_out_at_once_until_the_service_throttles(clock: QuickClock) -> None:
    pace = Pace(clock)
    for _ in range(100):
        pace.wait()
        pace.answered()
    assert clock.waited == 0


def test_each_refusal_doubles_the_distance_between_calls_and_answers_bring_it_back(clock: QuickClock) -> None:
    pace = Pace(clock)
    for _ in range(3):
        pace.refused()
    pace.wait()
    before = clock.waited
    pace.wait()
    assert clock.waited - before == pytest.approx(0.2)
    for _ in range(100):
        pace.answered()
    before = clock.waited
    pace.wait()
    pace.wait()
    assert clock.waited == before


def test_a_service_that_throttles_most_calls_is_called_more_slowly_and_answers_in_the_end(
    calls: Calls, sandbox: Sandbox, clock: QuickClock
) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.THROTTLE, probability=0.8, seed=3))
    for _ in range(20):
        calls.one("ec2", "DescribeVpcs")
    assert 20 < clock.waited < 2000


def test_a_removal_whose_answer_was_lost_is_done(calls: Calls, sandbox: Sandbox) -> None:
    vpc = calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]["VpcId"]
    sandbox.faults.add(FaultRule(kind=FaultKind.RESET, operation="DeleteVpc", when=When.AFTER, count=1))
    assert calls.one("ec2", "DeleteVpc", {"VpcId": vpc}) == {}


def test_what_adds_is_not_repeated_after_a_lost_answer(calls: Calls, sandbox: Sandbox) -> None:
    calls.one("iam", "CreateInstanceProfile", {"InstanceProfileName": "one"})
    allowed = '{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}'
    trust = f'{{"Version":"2012-10-17","Statement":[{allowed}]}}'
    calls.one("iam", "CreateRole", {"RoleName": "one", "AssumeRolePolicyDocument": trust})
    sandbox.faults.add(FaultRule(kind=FaultKind.RESET, operation="AddRole*", when=When.AFTER, count=1))
    with pytest.raises(Ambiguous):
        calls.one("iam", "AddRoleToInstanceProfile", {"InstanceProfileName": "one", "RoleName": "one"})
