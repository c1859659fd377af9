"""The sandbox as a whole: time, accounts, independent readers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from mlinfra.core.clock import SystemClock
from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.composition import Services
from mlinfra.sandbox.aws.endpoints import PlainEndpoints
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.calls import CallLog
from mlinfra.sandbox.faults import Faults
from mlinfra.sandbox.timeline import Pace


class StandingClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


def client(sandbox: Sandbox, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=sandbox.endpoint,
        region_name=sandbox.region,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_things_take_the_time_that_the_clock_says() -> None:
    clock = StandingClock()
    with Sandbox(account="210000000001", clock=clock, pace=Pace(network=60)) as sandbox:
        ec2 = client(sandbox, "ec2")
        ec2.create_placement_group(GroupName="g")

        def state() -> str:
            return str(ec2.describe_placement_groups()["PlacementGroups"][0]["State"])

        assert state() == "pending"
        clock.passed = 59
        assert state() == "pending"
        clock.passed = 60
        assert state() == "available"


def test_two_accounts_in_one_process_know_nothing_of_each_other() -> None:
    with Sandbox(account="210000000001") as one, Sandbox(account="210000000002") as two:
        client(one, "ec2").create_vpc(CidrBlock="10.0.0.0/16")
        client(one, "s3").create_bucket(Bucket="models")
        assert two.inventory() == []
        client(two, "iam").create_user(UserName="u")
        two.reset()
        assert [kind for kind, _ in one.inventory()] == ["ec2:vpc", "s3:bucket"]
        assert client(two, "sts").get_caller_identity()["Account"] == "210000000002"
        assert client(one, "s3").list_buckets()["Buckets"][0]["Name"] == "models"


def test_an_empty_account_has_a_default_vpc_that_is_not_counted(aws: Any, sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
    assert [vpc["IsDefault"] for vpc in aws.ec2.describe_vpcs()["Vpcs"]] == [True]
    assert sandbox.inventory() == []


def test_the_aws_command_line_reads_it(aws: Any, sandbox: Sandbox) -> None:
    aws.node_group(aws.cluster())
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ENDPOINT_URL": sandbox.endpoint,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": sandbox.region,
    }
    command = [str(Path(sys.executable).with_name("aws")), "--output", "json", "eks", "describe-nodegroup"]
    command += ["--cluster-name", "ml", "--nodegroup-name", "workers"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["nodegroup"]["status"] == "ACTIVE"


def test_the_session_of_a_role_is_who_it_is(aws: Any, sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    role = aws.role("deployer", "ec2.amazonaws.com")
    keys = aws.sts.assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    sts = boto3.client(
        "sts",
        endpoint_url=sandbox.endpoint,
        region_name=sandbox.region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert sts.get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/deployer/run"


class _Busy(Account):
    """An account that is to be emptied in the middle of a service being made for it."""

    happened: tuple[str, ...] = ()

    def specialise(self, service: str, make: Callable[..., Any]) -> None:
        if not self.happened:
            self.happened = ("making",)
            self.emptying = threading.Thread(target=self.services.reset)
            self.emptying.start()
            self.emptying.join(0.05)  # it has to wait: this only gives it the time to do what it must not
            self.happened += ("made",)
        super().specialise(service, make)

    def reset(self) -> None:
        self.happened += ("emptied",)
        super().reset()

    services: Services


def test_an_account_is_emptied_before_or_after_a_service_is_made_and_never_meanwhile() -> None:
    faults, calls = Faults(), CallLog()
    account = _Busy(
        "210987654321", region="us-east-1", clock=SystemClock(), pace=Pace.instant(), faults=faults, calls=calls
    )
    account.services = Services(account, PlainEndpoints())
    account.services.warm()
    account.emptying.join()
    assert account.happened == ("making", "made", "emptied")
