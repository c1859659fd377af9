"""Whatever is deleted behind the back of a stack is missed, and made again with all that stood upon it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlinfra.providers.aws.catalogue import catalogue

from .account import Account
from .foreign import prepare
from .test_edits import HOME, TABLES, joined
from .things import Thing, things

DELETES = joined("DELETES")
UNDELETABLE = {token for module in TABLES for token in getattr(module, "UNDELETABLE", ())}


def test_every_type_can_be_deleted_or_says_that_it_cannot() -> None:
    assert sorted({*DELETES, *UNDELETABLE}) == sorted(catalogue())
    assert not set(DELETES) & UNDELETABLE


@pytest.mark.parametrize("name", HOME)
def test_what_is_deleted_outside_is_missed_and_made_again(account: Account, name: str) -> None:
    stack = prepare(account, name)
    account.do("apply", stack, "--yes")
    for lost in _levels(things(account)):
        found = things(account)
        for address in (one for one in lost if found[one].type not in UNDELETABLE):
            DELETES[found[address].type](found[address])
        drift = account.run("drift", stack, "-o", "json")
        assert drift.code == 2, drift.out + drift.err
        changes = drift.json()["changes"]
        assert {change["action"] for change in changes} <= {"create", "no-op"}  # the last repair was whole
        missed = {change["address"] for change in changes if change["action"] == "create"}
        gone = {(found[one].type, found[one].id) for one in lost if found[one].type not in UNDELETABLE}
        assert missed == {one for one in lost if found[one].type not in UNDELETABLE or _parent(found[one]) in gone}
        account.do("apply", stack, "--yes")
    account.do("plan", stack, "--detailed-exitcode")
    account.do("destroy", stack, "--yes")
    assert account.left() == []


def _parent(thing: Thing) -> tuple[str, str]:
    """The type and the identity of what it is a state of."""
    about = catalogue()[thing.type].about
    return about.inputs.fields[about.parent].refers, str(thing.inputs[about.parent])


def _levels(found: dict[str, Thing]) -> Iterator[list[str]]:
    """First what nothing depends on, then what only that depends on, and so on, each with all that stands upon it.

    Dependents come first in each, as AWS wants it.
    """
    upon = {address: {t.address for t in found.values() if address in t.dependencies} for address in found}
    height: dict[str, int] = {}
    while len(height) < len(found):
        for address in found:
            if address not in height and upon[address] <= set(height):
                height[address] = 1 + max((height[one] for one in upon[address]), default=-1)
    for level in range(max(height.values()) + 1):
        lost = {address for address in found if height[address] == level}
        while more := {one for address in lost for one in upon[address]} - lost:
            lost |= more
        yield sorted(lost, key=lambda address: (height[address], address))
