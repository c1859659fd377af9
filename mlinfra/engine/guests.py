"""Guests: what others put below objects of ours, where all that lies below these is to be ours.

A policy that was attached to our role, a rule that was added to our security group. They bear no mark of ours, so they
are named and left alone, unless the user asks for their removal; then each is a departure like any other, planned,
sealed and shown. Pure; used by the planner once everything that the stack declares is decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.observed import Present
from mlinfra.core.plan import Action
from mlinfra.core.resource import Connection
from mlinfra.core.resource_type import Exclusive, ResourceType
from mlinfra.core.source import Source
from mlinfra.core.state import Record, Status
from mlinfra.engine.codes import Code
from mlinfra.engine.decision import Decision
from mlinfra.engine.standing import Standing
from mlinfra.engine.survey import Survey

_Place = tuple[Connection, str, str]  # where an object is, its type, and its id


class Guest(msgspec.Struct, frozen=True):
    """One of them, and the object of ours that it lies below.

    goes: that object is to be deleted. source: where the stack declares it.
    """

    kind: ResourceType
    terms: Exclusive
    connection: Connection
    present: Present
    host: Record
    goes: bool
    source: Source | None

    @property
    def said(self) -> str:
        """What it is, in words that follow the address of its host."""
        return self.terms.said(self.present.properties)


def guests(
    types: Mapping[str, ResourceType], survey: Survey, decisions: Iterable[Decision], deposed: Iterable[Standing]
) -> Iterator[Guest]:
    """All that were seen, but for those that simply go with what they lie below.

    What the stack declares and nobody recorded yet is none: it is taken back.
    """
    taken: set[_Place] = set()
    hosts: dict[_Place, tuple[Record, bool, Source | None]] = {}

    def note(standing: Standing, goes: bool, source: Source | None) -> None:
        record = standing.record
        if record is None:
            return
        place = (record.connection, record.type, record.id)
        taken.add(place)
        # One that is not finished may still hold what AWS itself gave it.
        if isinstance(standing.observed, Present) and record.status is Status.READY:
            hosts[place] = (record, goes, source)

    for standing in deposed:
        note(standing, True, None)
    for decision in decisions:
        resource = decision.resource
        goes = decision.action in (Action.DELETE, Action.REPLACE)
        note(decision.standing, goes, resource.source if resource is not None else None)
    for place, kind, terms, present in _exclusive(types, survey):
        found = hosts.get((place[0], terms.of, terms.host_of(present.properties)))
        if place in taken or found is None or (found[1] and not terms.holds):
            continue
        if terms.welcome is None or not terms.welcome(present.properties):
            yield Guest(kind, terms, place[0], present, *found)


def _exclusive(
    types: Mapping[str, ResourceType], survey: Survey
) -> Iterator[tuple[_Place, ResourceType, Exclusive, Present]]:
    """Whatever lies below something that may be ours alone, and bears nobody's mark."""
    for connection, tokens in survey.listings.items():
        for token, listing in tokens.items():
            kind = types[token]
            if kind.exclusive is None:
                continue
            for present in listing.objects:
                if present.owner is None:
                    yield (connection, token, present.id), kind, kind.exclusive, present


def finding(guest: Guest, *, destroy: bool) -> Diagnostic:
    """What is said of one that is left alone."""
    address = guest.host.address
    stuck = guest.goes and guest.terms.holds
    again = "destroy" if destroy else "apply"
    stay = "" if guest.goes else "declare it, and it is the stack's; otherwise "
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.FOREIGN,
        summary=f"{address} {guest.said}: added outside of the stack",
        detail=f"{address} cannot be deleted for as long as that is there." if stuck else "",
        address=address,
        source=guest.source,
        hint=f"{stay}take it away, or let `mlinfra {again} STACK --remove-foreign` do so",
    )


def eviction(guest: Guest) -> Decision:
    """The departure of one, at an address below its host's that nothing declares."""
    present, kind = guest.present, guest.kind
    digest = hashlib.sha256(f"{kind.token} {present.id}".encode()).hexdigest()[:8]
    record = Record(
        address=guest.host.address.child(f"foreign-{digest}"),
        type=kind.token,
        id=present.id,
        generation=1,
        connection=guest.connection,
        inputs={name: present.properties[name] for name in kind.inputs.fields if name in present.properties},
        outputs=present.properties,
        dependencies=(guest.host.address,),
    )
    return Decision(
        address=record.address,
        type=record.type,
        action=Action.DELETE,
        standing=Standing(record, present),
        reason=f"{guest.host.address} {guest.said}: added outside of the stack",
    )
