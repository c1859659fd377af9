"""The port behind which clouds lie.

The engine calls it, `mlinfra.providers` implements it: one provider for each kind of connection. A provider raises
`ProviderError` or one of its kinds and nothing else; it never decides what should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.observed import Listing, Observed, Present
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import Part
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Properties


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An object to be made, changed or removed.

    properties: resolved, secrets included only as references; for a deletion, what was last applied.
    owner: the tags that it bears.
    token: the idempotency token of this create attempt.
    outputs: what is recorded of it.
    """

    address: Address
    type: str
    owner: Owner
    properties: Properties = {}
    id: str = ""
    token: str = ""
    outputs: Properties = {}


class Interest(msgspec.Struct, frozen=True):
    """What a listing must not miss, so that costly details are read for these alone.

    ids: those in records and pending intents.
    names: those that the stack's addresses derive, or give themselves.
    recorded: the objects that the state records. One that a listing does not show is asked for by its own id, where
        there is a call for that, before it counts as gone: one odd answer must not have it made twice.
    """

    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    recorded: tuple[Target, ...] = ()


class Remark(str):
    """Words of an operation that are worth reading once it is done, such as that it got another than it asked for."""

    __slots__ = ()


class Operation(Protocol):
    """What a provider may say while it works on one target."""

    def made(self, id: str) -> None:
        """The object exists by this id; what follows may still fail. Durable when this returns."""
        ...

    def say(self, progress: str) -> None:
        """A few words on what is being waited for, or a `Remark`, which stays in what the run prints."""
        ...

    def check(self) -> None:
        """Called between polls; raises where the run is being stopped at once."""
        ...

    def fence(self) -> None:
        """Called right before each call that changes something; raises where the run may change nothing any more.

        It is being stopped at once, or another run may have taken its lock over: it was paused for longer than that.
        """
        ...


class Provider(Protocol):
    """One kind of cloud behind one connection."""

    def types(self) -> Mapping[str, ResourceType]:
        """Every type it knows, by token."""
        ...

    def list(self, interest: Mapping[str, Interest], ownership: Ownership) -> Mapping[str, Listing]:
        """All objects of each type in `interest` that bear the stack's tags or that the interest names.

        One answer for each type asked, an incomplete one where something could not be read. What is recorded and not
        shown was asked for by its id.
        """
        ...

    def find(self, target: Target) -> Observed:
        """One object as it is now: by id, else by owner tags, else by natural key, waiting out eventual consistency.

        What is found by its key alone comes with its own owner, or none.
        """
        ...

    def create(self, target: Target, operation: Operation) -> Present:
        """Make it, wait until it is ready, and answer what is there. Raises `Ambiguous` where nobody knows."""
        ...

    def update(self, target: Target, prior: Present, changed: frozenset[Path], operation: Operation) -> Present:
        """Bring the `changed` paths of `prior` to the target's properties, wait, and answer what is there."""
        ...

    def delete(self, target: Target, operation: Operation) -> None:
        """Remove it and wait until it is gone. One that is gone already is no error."""
        ...

    def tag(self, target: Target, operation: Operation) -> Present:
        """Give it the target's owner tags: adoption, renaming, protection. Answers what is there."""
        ...

    def preview(self, target: Target, prior: Present | None) -> tuple[Part, ...]:
        """What the target carries with it once it is made or changed: the objects of a release. Only looks."""
        ...

    def validate(self, type: str, properties: Properties) -> Iterable[str]:
        """What the cloud's own models say against properties, without a call; unknown parts are passed over."""
        ...


Connect = Callable[[Connection], Provider]
