"""What a plan says of versions: a cluster goes up step by step, and never down."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.plan import Action, Cause, Change, Field, Plan
from mlinfra.core.resource import Graph, Ownership
from mlinfra.session.scrutiny.hops import with_hops


def _found(before: str, after: str, *, token: str = "aws:eks/cluster:Cluster") -> list[tuple[str, str, str, str]]:
    field = Field(path=("version",), before=before, after=after, cause=Cause.CHANGE)
    change = Change(address=Address("cluster"), type=token, action=Action.UPDATE, fields=(field,))
    plan = Plan(ownership=Ownership("demo", "l"), serial=0, steps=(), changes=(change,))
    found = with_hops(plan, Graph.of([])).diagnostics
    return [(one.severity.value, one.code, one.summary, one.hint) for one in found]


@pytest.mark.parametrize(("before", "after"), [("1.33", "1.32"), ("1.100", "1.99"), ("2.0", "1.99")])
def test_a_cluster_that_would_go_down_is_refused_with_both_versions(before: str, after: str) -> None:
    ((severity, code, summary, hint),) = _found(before, after)
    assert (severity, code) == ("error", "MLI3088")
    assert f"at version {before} and cannot go down to {after}" in summary
    assert f'"{before}"' in hint


@pytest.mark.parametrize(("before", "after"), [("1.32", "1.33"), ("1.9", "1.10"), ("1.99", "1.100")])
def test_one_that_goes_up_is_fine(before: str, after: str) -> None:
    assert _found(before, after) == []


def test_versions_of_other_things_may_go_down() -> None:
    assert _found("8.0", "5.7", token="aws:rds/instance:Instance") == []
