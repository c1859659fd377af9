"""What `status` and `endpoints` print, and how they end."""

from __future__ import annotations

import json

import msgspec
import pytest

from mlinfra.core.health import Severity
from tests.cli import advice
from tests.cli.fakes import FakeSession, FakeSessions, run


def ended(severities: tuple[Severity, ...], unread: tuple[str, ...] = ()) -> int:
    sessions = FakeSessions(FakeSession())
    troubles = tuple(msgspec.structs.replace(advice.HEALTH.troubles[0], severity=one) for one in severities)
    sessions.health = msgspec.structs.replace(advice.HEALTH, troubles=troubles, unread=unread)
    return run("status", "s", sessions=sessions).code


def test_status_says_cause_remedy_and_consequence() -> None:
    assert run("status", "s").out == (
        "demo  1 broken\n"
        "\n"
        "broken  Deployment serving/ranker (2 pods)  endpoints.ranker\n"
        "        each needs 1 nvidia.com/gpu, and the only node that has it is full\n"
        "        do: group gpu has 1 of at most 1: raise nodeGroups.gpu.max\n"
        "        hence: Deployment serving/ranker\n"
        "        these: Pod serving/ranker-a, Pod serving/ranker-b\n"
        "\n"
        "note    the lock\n"
        "        ada@laptop holds it for apply\n"
        "\n"
        "3 of 3 nodes ready, 10 of 12 pods ready\n"
    )


@pytest.mark.parametrize(
    ("severities", "unread", "code"),
    [
        ((), (), 0),
        ((Severity.NOTE,), (), 0),
        ((Severity.WARNING,), (), 2),
        ((Severity.NOTE, Severity.BROKEN), (), 2),
        ((Severity.BROKEN,), ("the cluster cannot be looked into: ...",), 1),
    ],
)
def test_the_exit_code_tells_healthy_from_ill_and_from_unseen(
    severities: tuple[Severity, ...], unread: tuple[str, ...], code: int
) -> None:
    assert ended(severities, unread) == code


def test_what_objects_say_of_themselves_takes_no_effect_in_markdown() -> None:
    sessions = FakeSessions(FakeSession())
    hostile = msgspec.structs.replace(advice.HEALTH.troubles[0], words="<img> [x](http://evil) @all")
    sessions.health = msgspec.structs.replace(advice.HEALTH, troubles=(hostile,))
    out = run("status", "s", "-o", "markdown", sessions=sessions).out
    assert "<img>" not in out
    assert "](http" not in out
    assert "- **broken** `Deployment serving/ranker (2 pods)` (`endpoints.ranker`): " in out


def test_endpoints_are_a_table_with_what_each_serves_and_why_it_does_not() -> None:
    assert run("endpoints", "s").out.splitlines() == [
        "name    kind      runtime  replicas  standing  address",
        "ranker  realtime  triton   1/2       partly    http://ranker.serving.svc.cluster.local:8000",
        "  models  stable 90%, canary 10%",
        "  why     each needs 1 nvidia.com/gpu",
        "scorer  batch     custom   -         not made  -",
        "  model   s3://models/scorer",
    ]


def test_endpoints_for_programs_have_every_key() -> None:
    first, second = json.loads(run("endpoints", "s", "-o", "json").out)
    assert first["replicas"] == {"ready": 1, "wanted": 2}
    assert second == {
        "name": "scorer",
        "kind": "batch",
        "runtime": "custom",
        "model": "s3://models/scorer",
        "replicas": {"ready": 0, "wanted": 0},
        "standing": "not made",
        "url": None,
        "traffic": {},
        "why": None,
    }


def test_advice_of_several_lines_stands_below_itself_aligned() -> None:
    sessions = FakeSessions(FakeSession())
    advice_of_lines = (
        "raise one of these:\nnodeGroups.gpu.max   has 1 of at most 1\nnodeGroups.gpus.max  has 2 of at most 2"
    )
    trouble = msgspec.structs.replace(advice.HEALTH.troubles[0], remedy=advice_of_lines)
    sessions.health = msgspec.structs.replace(advice.HEALTH, troubles=(trouble,))
    assert (
        "        do: raise one of these:\n"
        "            nodeGroups.gpu.max   has 1 of at most 1\n"
        "            nodeGroups.gpus.max  has 2 of at most 2\n"
    ) in run("status", "s", sessions=sessions).out
    marked = run("status", "s", "-o", "markdown", sessions=sessions).out
    assert "  - do: raise one of these:\n    - nodeGroups.gpu.max has 1 of at most 1\n" in marked
