"""Seals: what must still hold when a plan is applied.

The planner seals; apply verifies, and names the object and the field that changed in between. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from mlinfra.core import codec
from mlinfra.core.address import Address
from mlinfra.core.observed import Absent, Listing, Observed, Present, Unreadable
from mlinfra.core.plan import Plan, Seal, Sealed, Step
from mlinfra.core.property import Kind, Property, lineage_of, watched_in
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import State
from mlinfra.core.value import Path, Properties, Value, at, canonical_json, is_known, is_secret, parse_path, path_text
from mlinfra.engine.normal import normalise, shown
from mlinfra.engine.standing import Standing, Standings
from mlinfra.engine.survey import Survey

_ABSENT = "absent"  # in the place of a digest
# Shapes whose leaves are sealed one by one; a list that is a map by now is one with keys.
_BY_KEY = frozenset({Kind.BLOCK, Kind.MAP, Kind.LIST, Kind.ANY})


def seal_object(
    kind: ResourceType, address: Address, generation: int, present: Present | None, sides: Iterable[Properties]
) -> Sealed:
    """Seal one object: its id, and a digest for each leaf that one of `sides` (desired, last applied) speaks of.

    And for what nobody speaks of and is watched all the same.
    """
    if present is None:
        return Sealed(address=address, generation=generation, type=kind.token, id="")
    inputs = kind.inputs_for(present.properties)
    observed, spoken = normalise(inputs, present.properties), [normalise(inputs, side) for side in sides]
    paths = {path for side in spoken for path in _leaves(inputs, side, ())}
    paths |= set(_watched(inputs, [*spoken, observed])) if not kind.marked else set()
    paths |= {(name,) for name in kind.loose if name in observed}
    fields = {path_text(path): _digest(observed, path) for path in sorted(paths, key=path_text)}
    return Sealed(address=address, generation=generation, type=kind.token, id=present.id, fields=fields)


def _leaves(declared: Property | None, value: Value, path: Path) -> Iterator[Path]:
    if declared is not None and (declared.initial or declared.write_only) and path:
        return
    if isinstance(value, dict) and value and (declared is None or declared.kind in _BY_KEY):
        for key, item in value.items():
            if isinstance(key, str):
                yield from _leaves(declared.below(key) if declared is not None else None, item, (*path, key))
    elif path:
        yield path


def _watched(
    declared: Property, sides: list[Any], path: Path = (), passed: tuple[Property, ...] = ()
) -> Iterator[Path]:
    """What is watched of the blocks that every one of `sides` has, and is there: the last of them is observed."""
    yield from ((*path, name) for name in watched_in(declared, passed) if name in sides[-1])
    for name, field in declared.fields.items():
        below = [side.get(name) for side in sides]
        if field.kind is Kind.BLOCK and all(isinstance(side, dict) for side in below):
            yield from _watched(field, below, (*path, name), (*passed, field))


def _digest(observed: Properties, path: Path) -> str:
    value = _value(observed, path)
    return _ABSENT if value is UNSET else _digest_of(value)


def _digest_of(value: Value) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]


def _value(side: Properties, path: Path) -> Value:
    try:
        return at(side, path)
    except LookupError:
        return UNSET


def seal_plan(steps: tuple[Step, ...], objects: Iterable[Sealed], further: Any) -> Seal:
    """The seal of a whole plan; `further` is whatever else its digest shall cover, as plain data."""
    listed = tuple(sorted(objects, key=lambda sealed: (sealed.address, sealed.generation)))
    digest = hashlib.sha256()
    for noun in (*steps, *listed):
        digest.update(codec.fingerprint(noun))
    digest.update(canonical_json(further).encode())
    return Seal(digest.hexdigest()[:32], listed)


def broken(plan: Plan, state: State, found: Standings, survey: Survey, types: Mapping[str, ResourceType]) -> list[str]:
    """What of `plan`'s seal does not hold any more, a sentence each. What the plan itself did already is accepted."""
    problems: list[str] = []
    objects = _Objects(found, survey)
    for sealed in plan.seal.objects:
        if not _done_by(plan, state, sealed):
            problems += _differences(
                sealed, found, objects.now(sealed), _Before(plan, found, types[sealed.type], sealed)
            )
    return problems


def _done_by(plan: Plan, state: State, sealed: Sealed) -> bool:
    """Whether an earlier, killed run of this very plan has worked on the object."""
    digest = plan.seal.digest
    if digest not in state.applied:
        return False
    records = [record for record in state.every_record() if record.address == sealed.address]
    begun = any(intent.seal == digest for intent in state.pending if intent.address == sealed.address)
    if begun or any(record.seal == digest for record in records):
        return True
    removes = any(step.address == sealed.address and step.id == sealed.id for step in plan.steps)
    return bool(sealed.id) and removes and all(record.id != sealed.id for record in records)


def _differences(sealed: Sealed, found: Standings, observed: Observed, before: _Before) -> Iterator[str]:
    standing = found.current.get(sealed.address, Standing())
    record = standing.record
    if not sealed.id:
        if record is not None and isinstance(standing.observed, Present):
            yield f"{sealed.address}: {record.id} is there, where the plan saw nothing"
        return
    held = {old.record.id for old in found.deposed if old.record is not None}
    if record is not None and record.id != sealed.id and sealed.id not in held:
        yield f"{sealed.address}: the state holds {record.id} now, and no more {sealed.id}"
        return
    match observed:
        case Unreadable(reason):
            yield f"{sealed.address}: {sealed.id} cannot be read: {reason}"
        case Absent():
            yield f"{sealed.address}: {sealed.id} is gone"
        case Present():
            normal = normalise(before.kind.inputs_for(observed.properties), observed.properties)
            for text, digest in sealed.fields.items():
                path = parse_path(text)
                if _digest(normal, path) != digest:
                    words = before.told(path, digest, normal)
                    yield f"{sealed.address}: {text} of {sealed.id} has changed since the plan was made{words}"


class _Before:
    """What a sealed object was like when the plan was made, as far as plan and records still say it.

    A seal holds digests alone: a value is shown where one that is known has the digest, and never where it is secret.
    """

    def __init__(self, plan: Plan, found: Standings, kind: ResourceType, sealed: Sealed) -> None:
        self.kind = kind
        self._fields = [field for one in plan.changes if one.address == sealed.address for field in one.fields]
        record = found.current.get(sealed.address, Standing()).record
        sides = [step.properties for step in plan.steps if step.address == sealed.address]
        sides += [record.outputs, record.inputs or {}] if record is not None else []
        self._sides = [normalise(kind.inputs, side) for side in sides]

    def told(self, path: Path, digest: str, now: Properties) -> str:
        """Both values, in words that follow a sentence."""
        candidates = [field.before for field in self._fields if field.path == path and field.before is not UNSET]
        candidates += [value for side in self._sides if (value := _value(side, path)) is not UNSET]
        declared = lineage_of(self.kind.inputs, path)
        if any(field.secret for field in self._fields if field.path == path) or any(map(is_secret, candidates)):
            return ": from one secret to another"
        if any(one is not None and one.masked for one in declared):
            return ": from one secret to another"
        then = next((shown(one) for one in candidates if is_known(one) and _digest_of(one) == digest), "")
        then = "nothing" if digest == _ABSENT else then
        return f": {f'from {then} ' if then else ''}to {shown(_value(now, path))}"


class _Objects:
    """Objects as they are now, by type and id, whether a record names them or not."""

    def __init__(self, found: Standings, survey: Survey) -> None:
        self._incomplete = {
            token: listing
            for tokens in survey.listings.values()
            for token, listing in tokens.items()
            if listing.incomplete
        }
        self._objects: dict[tuple[str, str], Observed] = {
            (token, present.id): present
            for tokens in survey.listings.values()
            for token, listing in tokens.items()
            for present in listing.objects
        }
        for standing in (*found.current.values(), *found.deposed):
            if standing.record is not None:
                self._objects[(standing.record.type, standing.record.id)] = standing.observed

    def now(self, sealed: Sealed) -> Observed:
        """The sealed object as it is now."""
        unseen = self._incomplete.get(sealed.type, Listing(()))
        return self._objects.get((sealed.type, sealed.id), unseen.missing(sealed.id))
