"""A stack that is applied and then called otherwise becomes a second one, which its plan says before it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.clock import SystemClock
from mlinfra.core.connections import AWS
from mlinfra.core.diagnostic import Severity
from mlinfra.core.plan import Plan, Step, Verb
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack, Target
from mlinfra.core.state import Record, State
from mlinfra.session.scrutiny.former_names import with_former_name
from mlinfra.state.lease import Claimant
from mlinfra.state.local import LocalBackend

_VPC = "aws:ec2/vpc:Vpc"
_REGION = "123456789012/us-east-1"
_NAMES = ("network.a", "network.b", "network.c")


class _Lines:
    def at(self, path: Any) -> Source | None:
        return Source("stack.yaml", 2, 3)


@pytest.fixture(autouse=True)
def folder(nowhere: Path) -> Path:
    """A folder with a stack file, in which `demo` was applied."""
    (nowhere / "stack.yaml").write_text("metadata:\n  name: shop\n")
    records = {
        Address(name): Record(
            address=Address(name),
            type=_VPC,
            id=name,
            generation=1,
            connection=Connection(AWS, _REGION),
            inputs={},
            outputs={},
        )
        for name in _NAMES
    }
    claimant, place = Claimant.here(), nowhere / ".mlinfra/state/demo"
    with LocalBackend(place, "demo", SystemClock(), claimant).lock("apply") as lease:
        lease.compact(State(stack="demo", lineage="l", records=records))
    return nowhere


def _warnings(names: tuple[str, ...] = _NAMES, region: str = _REGION, serial: int = 0) -> list[str]:
    steps = [
        Step(
            key=name,
            address=Address(name),
            generation=1,
            verb=Verb.CREATE,
            type=_VPC,
            connection=Connection(AWS, region),
        )
        for name in names
    ]
    plan = Plan(ownership=Ownership("shop", "m"), serial=0, steps=tuple(steps), changes=())
    stack = Stack(file="stack.yaml", name="shop", target=Target(platform="aws"), positions=_Lines())
    state = State(stack="shop", lineage="m", serial=serial)
    found = with_former_name(plan, stack, state, ".mlinfra/state/shop", SystemClock()).diagnostics
    assert all(one.severity is Severity.WARNING and one.source == Source("stack.yaml", 2, 3) for one in found)
    return [f"{one.summary}: {one.hint}" for one in found]


def test_a_stack_of_the_same_things_under_another_name_is_warned_of() -> None:
    (said,) = _warnings()
    assert said.startswith("shop is a new stack, and demo beside it has 3 of the same objects already: ")
    assert "keep the name demo" in said
    assert "`mlinfra destroy STACK`" in said


def test_what_has_little_in_common_or_lies_elsewhere_is_another_stack() -> None:
    assert _warnings(("network.a", "x", "y", "z")) == []
    assert _warnings(region="123456789012/eu-west-1") == []


def test_a_stack_that_was_applied_under_its_name_is_not_asked_again() -> None:
    assert _warnings(serial=1) == []


@pytest.mark.parametrize(
    ("file", "text"), [("other.yaml", "metadata:\n  name: demo  # ours\n"), ("stack.yaml", "metadata:\n  name: ${a}\n")]
)
def test_two_stacks_that_are_both_meant_are_not_warned_of(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    assert _warnings() == []


def test_a_state_that_cannot_be_read_is_left_to_its_own_commands(folder: Path) -> None:
    (folder / ".mlinfra/state/demo/state.json").write_text("{")
    assert _warnings() == []
