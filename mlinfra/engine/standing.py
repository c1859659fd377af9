"""Standings: what each address stands on before anything is planned for it.

Brings together the records of the state, the renames of the stack, and the objects that say they are ours. Pure;
the first part of planning.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.observed import Absent, Observed, Present
from mlinfra.core.resource import Graph, Move
from mlinfra.core.state import Intent, Record, State, Status
from mlinfra.engine.codes import Code
from mlinfra.engine.survey import Stray, Survey


class Standing(msgspec.Struct, frozen=True, gc=False):
    """What one address stands on.

    record: the state's, under its new address where it was renamed; made up for an object that was taken back.
    origin: the address that it was renamed from.
    taken_back: no record named it; its tags did.
    intent: a create attempt without a result.
    """

    record: Record | None = None
    observed: Observed = Absent()
    origin: Address | None = None
    taken_back: bool = False
    intent: Intent | None = None


class Standings(msgspec.Struct, frozen=True):
    """The standing of every address that has one; `deposed` are the older generations that are still there.

    ending: addresses and generations of what an interrupted run was deleting.
    """

    current: Mapping[Address, Standing]
    deposed: tuple[Standing, ...]
    highest: Mapping[Address, int]
    diagnostics: tuple[Diagnostic, ...]
    ending: frozenset[tuple[Address, int]] = frozenset()


def standings(graph: Graph, state: State, survey: Survey) -> Standings:
    """Bring records, renames and strays together."""
    return _Gathering(graph, state, survey).gather()


class _Gathering:
    def __init__(self, graph: Graph, state: State, survey: Survey) -> None:
        self._graph, self._state, self._survey = graph, state, survey
        self._current: dict[Address, Standing] = {}
        self._deposed: list[Standing] = []
        self._highest: dict[Address, int] = dict(state.generations)
        self._diagnostics: list[Diagnostic] = []

    def gather(self) -> Standings:
        """Records first, then renames, then what no record names, then what was begun."""
        for record in self._state.records.values():
            self._current[record.address] = Standing(record, self._survey.seen[(record.address, record.generation)])
        for record in self._state.deposed:
            self._deposed.append(Standing(record, self._survey.seen[(record.address, record.generation)]))
        for move in self._graph.moves:
            self._rename(move)
        self._take_back()
        self._note_intents()
        for standing in [*self._current.values(), *self._deposed]:
            if standing.record is not None:
                address, generation = standing.record.address, standing.record.generation
                self._highest[address] = max(generation, self._highest.get(address, 0))
        ending = frozenset((one.address, one.generation) for one in self._state.pending if one.verb == "delete")
        return Standings(self._current, tuple(self._deposed), self._highest, tuple(self._diagnostics), ending)

    def _rename(self, move: Move) -> None:
        for origin in sorted(address for address in self._current if address.is_within(move.origin)):
            target = origin.moved(move.origin, move.target)
            if origin in self._graph.resources:
                self._complain(
                    Code.MOVED_AND_DECLARED, f"{move.origin} is renamed {move.target}, and still declared", move, origin
                )
            elif target in self._current:
                self._complain(Code.MOVED_ONTO_ANOTHER, f"{origin} cannot become {target}: both exist", move, origin)
            else:
                standing = self._current.pop(origin)
                assert standing.record is not None
                record = msgspec.structs.replace(standing.record, address=target)
                self._current[target] = msgspec.structs.replace(
                    standing, record=record, origin=standing.origin or origin
                )

    def _complain(self, code: str, summary: str, move: Move, address: Address) -> None:
        hint = "remove one of the two, or the entry under moved"
        self._diagnostics.append(Diagnostic(code=code, summary=summary, address=address, source=move.source, hint=hint))

    def _take_back(self) -> None:
        claims: dict[tuple[Address, int], list[Stray]] = {}
        for stray in self._survey.strays:
            claims.setdefault((self._renamed(stray.address), stray.generation), []).append(stray)
        for (address, generation), strays in sorted(claims.items()):
            if (holder := self._recorded(address, generation)) is not None:
                self._impostors(holder, strays)
            elif len(strays) > 1:
                self._ambiguous(address, strays)
            else:
                self._take_one(address, generation, strays[0])

    def _renamed(self, address: Address) -> Address:
        for move in self._graph.moves:
            if address.is_within(move.origin) and address not in self._graph.resources:
                address = address.moved(move.origin, move.target)
        return address

    def _ambiguous(self, address: Address, strays: list[Stray]) -> None:
        ids = ", ".join(stray.present.id for stray in strays)
        self._diagnostics.append(
            Diagnostic(
                code=Code.TWO_CLAIMANTS,
                summary=f"{len(strays)} objects claim to be {address}: {ids}",
                detail="Nothing is done with any of them.",
                address=address,
                hint="remove the ownership tags from all but one, or `mlinfra adopt` the right one",
            )
        )

    def _recorded(self, address: Address, generation: int) -> Standing | None:
        """What the state records as that generation of an address: the object of that id, and no other, is ours."""
        current = self._current.get(address)
        known = (standing for standing in (current, *self._deposed) if standing is not None)
        return next((one for one in known if one.record and _is_attempt(one.record, address, generation)), None)

    def _impostors(self, holder: Standing, strays: list[Stray]) -> None:
        """Objects that bear the tags of one that is recorded by another id: copied tags, and nobody knows by whom."""
        record = holder.record
        assert record is not None
        gone = ", which is gone" if isinstance(holder.observed, Absent) else ""
        ids = ", ".join(stray.present.id for stray in strays)
        self._diagnostics.append(
            Diagnostic(
                code=Code.TWO_CLAIMANTS,
                summary=f"{ids} {'claims' if len(strays) == 1 else 'claim'} to be {record.address}",
                detail=f"The state records {record.id}{gone}. Nothing is done with either.",
                address=record.address,
                hint=f"remove the tags mlinfra:* from {ids}: somebody has copied them from {record.id}",
            )
        )

    def _take_one(self, address: Address, generation: int, stray: Stray) -> None:
        current = self._current.get(address)
        newest = current is None or current.record is None or current.record.generation < generation
        standing = Standing(made_up(address, generation, stray), stray.present, taken_back=True)
        if not newest:
            self._deposed.append(standing)
            return
        if current is not None:
            self._deposed.append(current)
        self._current[address] = standing

    def _note_intents(self) -> None:
        for intent in self._state.pending:
            if intent.verb != "create":
                continue
            address = intent.address
            standing = self._current.get(address, Standing())
            if standing.record is None or standing.record.generation < intent.generation:
                self._current[address] = msgspec.structs.replace(standing, intent=intent)


def _is_attempt(record: Record, address: Address, generation: int) -> bool:
    return (record.address, record.generation) == (address, generation)


def made_up(address: Address, generation: int, stray: Stray) -> Record:
    """The record that an object would have had, as far as it shows."""
    present = stray.present
    return Record(
        address=address,
        type=stray.type,
        id=present.id,
        generation=generation,
        connection=stray.connection,
        inputs=None,
        outputs=present.properties,
        protect=present.owner.protect if present.owner else False,
        status=Status.READY,
    )


def present_of(standing: Standing | None) -> Present | None:
    """What is there, if anything was seen."""
    return standing.observed if standing is not None and isinstance(standing.observed, Present) else None
