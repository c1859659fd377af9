"""Renames that may have been meant: an entry goes, another of the same section and shape comes, and no `moved` says so.

The session calls it for every plan. It changes nothing: deletes and creates stand as they are, with a note that says
what would keep what is there. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Change, Plan, Verb
from mlinfra.core.state import State
from mlinfra.core.value import Properties
from mlinfra.session.codes import Code

# What objects of an entry are called below it, of which type they are, and which properties they were given.
_Shape = frozenset[tuple[tuple[str, ...], str, frozenset[object]]]


def with_renames(plan: Plan, state: State) -> Plan:
    """The plan, with a note for each pair of entries of which one may be the other under a new name."""
    going = {address: record.inputs for address, record in state.records.items()}
    # With the names that are derived for them, as those on record have them.
    coming: dict[Address, Properties | None] = {
        step.address: step.properties for step in plan.steps if step.verb is Verb.CREATE
    }
    gone, come = _shapes(plan, Action.DELETE, going), _shapes(plan, Action.CREATE, coming)
    found = tuple(_told(plan, *pair) for pair in _pairs(gone, come))
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found)) if found else plan


def _shapes(plan: Plan, action: Action, given: Mapping[Address, Properties | None]) -> dict[tuple[str, str], _Shape]:
    """The named entries of which nothing else is planned than `action`, each with its shape."""
    entries: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in plan.changes:
        if len(change.address.parts) > 1:
            entries[change.address.parts[0], change.address.parts[1]].append(change)
    return {
        entry: frozenset((one.address.parts[2:], one.type, frozenset(given.get(one.address) or {})) for one in changes)
        for entry, changes in entries.items()
        if all(one.action is action for one in changes)
    }


def _pairs(
    gone: Mapping[tuple[str, str], _Shape], come: Mapping[tuple[str, str], _Shape]
) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Those that fit each other and nothing else: where several might be meant, nothing is said."""
    for old, shape in gone.items():
        alike = [new for new in come if new[0] == old[0] and come[new] == shape]
        rivals = [one for one in gone if one[0] == old[0] and gone[one] == shape]
        if len(alike) == len(rivals) == 1:
            yield old, alike[0]


def _told(plan: Plan, old: Iterable[str], new: Iterable[str]) -> Diagnostic:
    before, after = ".".join(old), Address(".".join(new))
    return Diagnostic(
        severity=Severity.NOTE,
        code=Code.PERHAPS_RENAMED,
        summary=f"{before} goes and {after} comes, of the same shape",
        source=next((one.source for one in plan.changes if one.address.is_within(after)), None),
        hint=f"if it only has another name, `moved: [{{from: {before}, to: {after}}}]` would keep what is there",
    )
