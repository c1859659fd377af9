"""The life of an object, as every declared type must bear it: cases say what, this file does it.

A case is made, listed, found again without its id, changed property by property, tagged anew, removed, and removed
once more. What is read is compared by the engine's own diff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from mlinfra.aws.calls import Calls
from mlinfra.core.address import Address
from mlinfra.core.naming import client_token
from mlinfra.core.observed import Absent, Present
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Interest, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.resource_type import OwnedBy
from mlinfra.engine.diff import compare
from mlinfra.providers.aws.provider import AwsProvider
from mlinfra.sandbox.aws.sandbox import Sandbox

NONE = Interest()
OURS = Ownership("demo", "lineage-1")
Properties = dict[str, Any]


class QuickClock:
    """A clock on which waiting costs nothing but is told."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.waited)

    def monotonic(self) -> float:
        return self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


class Journal:
    """What a provider said of one operation."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.words: list[str] = []

    def made(self, id: str) -> None:
        self.ids.append(id)

    def say(self, progress: str) -> None:
        self.words.append(progress)

    def check(self) -> None:
        """Nobody stops a test."""

    def fence(self) -> None:
        """Nobody takes over."""


class Account:
    """A provider in a simulated account, with what a case has made so far by name."""

    def __init__(self, provider: AwsProvider, calls: Calls, server: Sandbox) -> None:
        self.provider, self.calls, self.server = provider, calls, server
        self.made: dict[str, Present] = {}
        self.types: set[str] = set()

    def target(self, name: str, type: str, properties: Properties, id: str = "", *, protect: bool = False) -> Target:
        address = Address(f"resources.{name}")
        return Target(
            address=address,
            type=type,
            owner=Owner.under(OURS, address, 1, protect=protect),
            properties=properties,
            id=id,
            token=client_token(lineage=OURS.lineage, address=address, generation=1),
        )

    def make(self, name: str, type: str, properties: Properties) -> Present:
        self.types.add(type)
        self.made[name] = self.provider.create(self.target(name, type, properties), Journal())
        return self.made[name]

    def journal(self) -> Journal:
        return Journal()

    def id(self, name: str) -> str:
        return self.made[name].id

    def output(self, name: str, output: str) -> Any:
        return self.made[name].properties[output]

    def listed(self, type: str, interest: Interest = NONE) -> list[Present]:
        """The objects of one type that concern us, those that the case needs being of interest too."""
        needed = {token: Interest(frozenset({need.id for need in self.made.values()})) for token in self.types}
        listing = self.provider.list(needed | {type: interest}, OURS)[type]
        assert not listing.incomplete
        return list(listing.objects)


Build = Callable[[Account], Properties]


class Case(msgspec.Struct, kw_only=True):
    """One type's life.

    needs: what must be there before, by name, in order. properties: those it is made with. changes: then, one after
    the other, its properties with these in their place (`None` takes one out).
    listed_by_tags: whether it is found by its tags alone, without any record of it; moto's tagging API knows less
    than AWS's. lasting: whether it is what every parent has by itself, and is therefore still there, as AWS makes it,
    for those who ask for it by id once it is deleted.
    """

    type: str
    needs: Mapping[str, tuple[str, Build]] = {}
    properties: Build
    changes: tuple[Build, ...] = ()
    listed_by_tags: bool = True
    lasting: bool = False
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.type.rpartition(":")[2]


def live(account: Account, case: Case) -> None:
    """Lead one object through its life."""
    kind = account.provider.types()[case.type]
    for name, (token, build) in case.needs.items():
        account.make(name, token, build(account))
    properties = case.properties(account)
    assert list(account.provider.validate(case.type, properties)) == []

    journal = Journal()
    target = account.target("it", case.type, properties)
    made = account.provider.create(target, journal)
    assert journal.ids == [made.id]
    _assert_shown(account, case, made, properties)
    by_tags = kind.owned_by is OwnedBy.TAGS and kind.taggable and case.listed_by_tags
    if by_tags or kind.owned_by is OwnedBy.PARENT:
        assert made.id in [present.id for present in account.listed(case.type)]
    found = account.provider.find(msgspec.structs.replace(target, id=""))
    assert isinstance(found, Present)
    assert found.id == made.id

    for change in case.changes:
        made = _change(account, case, made, properties, change(account))
        properties = _with(properties, change(account))
    if kind.taggable:
        made = account.provider.tag(account.target("it", case.type, properties, made.id, protect=True), Journal())
        assert made.owner is not None
        assert made.owner.protect
        made = account.provider.tag(account.target("it", case.type, properties, made.id), Journal())
        assert made.owner is not None
        assert not made.owner.protect

    gone = account.target("it", case.type, properties, made.id)
    gone = msgspec.structs.replace(gone, outputs=made.properties)
    account.provider.delete(gone, Journal())
    interest = NONE if case.lasting else Interest(frozenset({made.id}))
    assert made.id not in [present.id for present in account.listed(case.type, interest)]
    assert case.lasting or isinstance(account.provider.find(gone), Absent)
    account.provider.delete(gone, Journal())


def _change(account: Account, case: Case, made: Present, before: Properties, change: Properties) -> Present:
    kind = account.provider.types()[case.type]
    after = _with(before, change)
    difference = compare(kind, after, before, made.properties)
    assert difference.changed, f"{change} changes nothing"
    assert difference.order is None, f"{difference.fields} replaces the object"
    target = account.target("it", case.type, after, made.id)
    updated = account.provider.update(target, made, difference.changed, Journal())
    _assert_shown(account, case, updated, after)
    return updated


def _with(properties: Properties, change: Properties) -> Properties:
    return {name: value for name, value in {**properties, **change}.items() if value is not None}


def _assert_shown(account: Account, case: Case, made: Present, properties: Properties) -> None:
    """What the operation answered, and what a listing shows, is what was asked for."""
    kind = account.provider.types()[case.type]
    [listed] = [
        present for present in account.listed(case.type, Interest(frozenset({made.id}))) if present.id == made.id
    ]
    for present in (made, listed):
        assert compare(kind, properties, properties, present.properties).fields == ()
        if kind.taggable:
            assert present.owner == Owner.under(OURS, Address("resources.it"), 1, protect=False)
    assert listed.properties == made.properties
