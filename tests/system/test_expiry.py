"""A time to live: on the tags of everything, the same for all, quiet in plans, moved by an apply that is asked to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .account import Account

STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: brief, owner: ml@acme.example}
target: {platform: aws, region: us-east-1}
lifecycle: {environment: ephemeral, ttl: 8h, budget: {monthlyUSD: 600}}
network: {cidr: 10.40.0.0/16, zones: 1, nat: none, flowLogs: false, vpcEndpoints: []}
registries:
  models: {}
"""
MORE = STACK + "  services: {}\n"
EXPIRES = "mlinfra:expires"


def _ends(account: Account) -> dict[str, str]:
    """When each object of the stack ends, as its tags say; of those with a type in EC2, and of the registries."""
    found: dict[str, str] = {}
    for tag in account.client("ec2").describe_tags(Filters=[{"Name": "key", "Values": [EXPIRES]}])["Tags"]:
        found[tag["ResourceId"]] = tag["Value"]
    ecr = account.client("ecr")
    for one in ecr.describe_repositories()["repositories"]:
        listed = ecr.list_tags_for_resource(resourceArn=one["repositoryArn"])["tags"]
        tags = {tag["Key"]: tag["Value"] for tag in listed}
        if EXPIRES in tags:
            found[one["repositoryName"]] = tags[EXPIRES]
    return found


def _hours_left(end: str) -> float:
    until = datetime.strptime(end, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (until - datetime.now(UTC)) / timedelta(hours=1)


def _planned(account: Account) -> dict[str, Any]:
    planned: dict[str, Any] = account.do("plan", "stack.yaml", "-o", "json").json()
    return {one["address"]: one["action"] for one in planned["changes"] if one["action"] != "no-op"}


def test_everything_bears_the_time_and_what_comes_later_the_same(account: Account) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    first = _ends(account)
    assert {"brief/models"} < set(first)
    (end,) = set(first.values())
    assert 7.5 < _hours_left(end) <= 8
    assert _planned(account) == {}

    Path("stack.yaml").write_text(MORE.replace("ttl: 8h", "ttl: 4h"))
    assert set(_planned(account)) == {"registries.services", "registries.services.lifecycle"}
    account.do("apply", "stack.yaml", "--yes")
    assert _ends(account) == {**first, "brief/services": end}
    account.do("destroy", "stack.yaml", "--yes")
    assert account.left() == []


def test_an_apply_begins_it_anew_where_that_is_asked_for_and_no_plan_shows_it(account: Account) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    before = _ends(account)
    Path("stack.yaml").write_text(STACK.replace("ttl: 8h", "ttl: 14d, extendOnApply: true"))
    assert _planned(account) == {}
    account.do("apply", "stack.yaml", "--yes")
    after = _ends(account)
    (end,) = set(after.values())
    assert after.keys() == before.keys()
    assert 13 * 24 < _hours_left(end) <= 14 * 24
    assert _planned(account) == {}
    account.sandbox.calls.clear()
    account.do("apply", "stack.yaml", "--yes")  # a moment later: not worth a call
    assert account.sandbox.calls.records(mutating=True) == []


def test_a_stack_that_is_given_a_time_later_gets_it_with_the_next_apply(account: Account) -> None:
    Path("stack.yaml").write_text(STACK.replace("environment: ephemeral, ttl: 8h", "environment: development"))
    account.do("apply", "stack.yaml", "--yes")
    assert _ends(account) == {}
    Path("stack.yaml").write_text(STACK.replace("environment: ephemeral", "environment: development"))
    assert _planned(account) == {}
    account.do("apply", "stack.yaml", "--yes")
    assert len(set(_ends(account).values())) == 1
    assert _planned(account) == {}
