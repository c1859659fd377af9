"""Whoever destroys a stack is told which stacks beside it read its outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.clock import SystemClock
from mlinfra.core.connections import AWS
from mlinfra.core.plan import Action, Change, Plan, Seal
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.stack import Stack, Target
from mlinfra.core.state import Record, State
from mlinfra.session.reading.options import Nowhere
from mlinfra.session.scrutiny.readers import with_readers
from mlinfra.state.lease import Claimant
from mlinfra.state.local import LocalBackend

_PLACE = ".mlinfra/state/shared"
_READER = """
metadata: {name: shop}
stacks: {common: {state: WHERE}}
resources: {a: {properties: {x: "${stacks.common.outputs.vpc}", y: "${stacks.common.outputs.zone}"}}}
"""


@pytest.fixture(autouse=True)
def folder(nowhere: Path) -> Path:
    (nowhere / "shared.yaml").write_text("metadata: {name: shared}\n")
    return nowhere


def _apply(name: str) -> None:
    address = Address("resources.a")
    record = Record(
        address=address, type="a", id="a", generation=1, connection=Connection(AWS, ""), inputs={}, outputs={}
    )
    with LocalBackend(Path(f".mlinfra/state/{name}"), name, SystemClock(), Claimant.here()).lock("apply") as lease:
        lease.compact(State(stack=name, lineage="l", records={address: record}))


def _told(location: str = _PLACE, **about: Any) -> list[tuple[str, str]]:
    gone = Change(address=Address("resources.a"), type="a", action=Action.DELETE)
    plan = Plan(
        ownership=Ownership("shared", "l"),
        serial=1,
        steps=(),
        changes=(gone,),
        seal=Seal(digest="", objects=()),
        destroy=True,
    )
    plan = msgspec.structs.replace(plan, **about)
    stack = Stack(file="shared.yaml", name="shared", target=Target(platform="aws"), positions=Nowhere())
    return [(one.summary, str(one.source)) for one in with_readers(plan, stack, location, Path()).diagnostics]


def test_an_applied_stack_that_reads_its_outputs_is_named(folder: Path) -> None:
    (folder / "shop.yaml").write_text(_READER.replace("WHERE", f"./{_PLACE}/"))
    _apply("shop")
    words = "shop reads the outputs vpc, zone of shared, and may be built upon it"
    assert _told() == [(words, "shop.yaml:3:26")]
    assert _told(destroy=False) == []


def test_nothing_is_said_of_who_reads_another_or_was_never_applied(folder: Path) -> None:
    (folder / "shop.yaml").write_text(_READER.replace("WHERE", _PLACE))
    assert _told() == []
    _apply("shop")
    (folder / "shop.yaml").write_text(_READER.replace("WHERE", ".mlinfra/state/other"))
    assert _told() == []
    (folder / "broken.yaml").write_text("stacks: {: [")
    assert _told() == []


def test_a_state_in_a_bucket_is_known_by_its_place(folder: Path) -> None:
    (folder / "shop.yaml").write_text(_READER.replace("WHERE", "s3://acme/shared") + "state: s3://acme/shop\n")
    assert len(_told("s3://acme/shared")) == 1
    assert _told("s3://acme/others") == []
