"""What all forms of a plan have in common: the order of danger, the words for actions and causes, the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from mlinfra.cli.render.number import number_of
from mlinfra.core.diagnostic import errors_in
from mlinfra.core.plan import Action, Cause, Change, Field, Plan, Verb

# Most dangerous first; a reviewer who stops reading early has seen the worst.
DANGER = (
    Action.REPLACE,
    Action.DELETE,
    Action.FORGET,
    Action.UPDATE,
    Action.MOVE,
    Action.ADOPT,
    Action.CREATE,
    Action.NO_OP,
)
DESTRUCTIVE = frozenset({Action.REPLACE, Action.DELETE})
SIGN = {
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.FORGET: "x",
    Action.UPDATE: "~",
    Action.MOVE: ">",
    Action.ADOPT: "<",
    Action.CREATE: "+",
    Action.NO_OP: " ",
}
STYLE = {
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.FORGET: "yellow",
    Action.UPDATE: "yellow",
    Action.MOVE: "cyan",
    Action.ADOPT: "cyan",
    Action.CREATE: "green",
    Action.NO_OP: "dim",
}
PARTICIPLE = {
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.FORGET: "forgotten",
    Action.UPDATE: "updated",
    Action.MOVE: "moved",
    Action.ADOPT: "adopted",
    Action.CREATE: "created",
    Action.NO_OP: "unchanged",
}
CAUSE = {
    Cause.CHANGE: "changed in stack",
    Cause.DRIFT: "drift",
    Cause.BOTH: "changed in stack, and drift",
    Cause.UNKNOWN: "known after apply",
}
_OUTSIDE = frozenset({Cause.DRIFT, Cause.BOTH})
_RANK = {action: rank for rank, action in enumerate(DANGER)}


def is_feared(change: Change) -> bool:
    """Whether something that is there is lost by it: deleted, replaced, or gone with the cluster that it is in."""
    return change.action in DESTRUCTIVE or change.loses


def rank_of(change: Change) -> int:
    """How dangerous it is; the lowest is the worst."""
    return _RANK[Action.DELETE] if change.loses else _RANK[change.action]


def cause_of(field: Field) -> str:
    """Why a field differs, and by whom, where that is known."""
    return CAUSE[field.cause] + (f" by {field.by}" if field.by and field.cause in _OUTSIDE else "")


def explained(plan: Plan) -> Plan:
    """The plan, with what its steps say and its changes do not: that an update takes several, one after the other."""
    updates = Counter(step.address for step in plan.steps if step.verb is Verb.UPDATE)
    changes = tuple(
        msgspec.structs.replace(
            change, reason=change.reason or f"in {updates[change.address]} steps, one after the other"
        )
        if updates[change.address] > 1 and change.action is Action.UPDATE
        else change
        for change in plan.changes
    )
    return msgspec.structs.replace(plan, changes=changes)


def without_repeats(plan: Plan) -> Plan:
    """The explained plan for people: without the fields that parts of the same change tell in full."""
    plan = explained(plan)
    return msgspec.structs.replace(plan, changes=tuple(map(_told_once, plan.changes)))


def _told_once(change: Change) -> Change:
    explained_by_parts = {part.explains for part in change.parts if part.explains}
    if not explained_by_parts:
        return change
    fields = tuple(field for field in change.fields if field.path not in explained_by_parts)
    return msgspec.structs.replace(change, fields=fields)


def reason_of(change: Change) -> str:
    """Why, where nothing else of the change says it already; and what nobody gets back after it."""
    reason = "" if change.origin is not None and change.reason == f"was {change.origin}" else change.reason
    return "; ".join(filter(None, (reason, f"lost with it: {change.lost}" if change.lost else "")))


def by_danger(changes: Iterable[Change]) -> list[Change]:
    """Most dangerous first, then by address."""
    return sorted(changes, key=lambda change: (rank_of(change), _RANK[change.action], change.address))


def roots_first(changes: Iterable[Change]) -> list[Change]:
    """The same order, but that what follows from another change comes after all that the stack itself asks for."""
    return sorted(changes, key=_follows)


def _follows(change: Change) -> bool:
    asked = any(field.cause is not Cause.UNKNOWN for field in forcing(change))
    return change.loses or (change.action is Action.REPLACE and not asked)


def by_section(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Changes by section of the stack file; the section with the most dangerous change comes first."""
    sections: dict[str, list[Change]] = {}
    for change in by_danger(changes):
        sections.setdefault(change.address.section, []).append(change)
    return sections


def sign(change: Change) -> str:
    """The change's sign: `+/-` for a replacement that creates first."""
    if change.loses:
        return SIGN[Action.REPLACE]
    return "+/-" if change.order == "create-first" else SIGN[change.action]


def title(change: Change) -> str:
    """The change in words, such as `replace, create first`."""
    if change.loses:
        return "lose, create anew"
    return f"{change.action.value}, {change.order.replace('-', ' ')}" if change.order else change.action.value


def forcing(change: Change) -> tuple[Field, ...]:
    """The fields that cause the replacement."""
    return tuple(field for field in change.fields if field.forces)


def counts(changes: Iterable[Change]) -> Mapping[Action, int]:
    """How many there are of each action that occurs, most dangerous first."""
    counted = Counter(change.action for change in changes)
    return {action: counted[action] for action in DANGER if counted[action]}


def lost_in(changes: Iterable[Change]) -> int:
    """How many of what is created are there now, and go with their cluster."""
    return sum(change.loses for change in changes)


def counted(plan: Plan) -> Iterator[tuple[Action, str]]:
    """Each action that occurs, no-ops included, and its count in words: `2 to replace`."""
    lost = lost_in(plan.changes)
    for action, number in counts(plan.changes).items():
        if action is Action.CREATE and lost:
            yield Action.DELETE, f"{lost:,} to lose and create anew"
            number -= lost
        if action is Action.NO_OP and (unknown := len(unread(plan))):
            yield action, f"{unknown:,} could not be read"
            number = max(0, number - unknown)
        if number:
            yield action, f"{number:,} unchanged" if action is Action.NO_OP else f"{number:,} to {action.value}"


def foreign(plan: Plan) -> int:
    """How many things others added to objects of the stack, which no change of the plan takes away."""
    return sum(diagnostic.code == _FOREIGN for diagnostic in plan.diagnostics)


def unread(plan: Plan) -> tuple[str, ...]:
    """The addresses of what could not be read, so that nobody knows how it is."""
    return tuple(str(one.address) for one in plan.diagnostics if one.code == _UNREADABLE and one.address)


def existing(plan: Plan) -> int:
    """How many objects there are now."""
    return sum(change.action is not Action.CREATE or change.loses for change in plan.changes)


def destroyed(plan: Plan) -> int:
    """How many of them are deleted, replaced, or lost with their cluster."""
    return sum(map(is_feared, plan.changes))


def is_sweeping(plan: Plan) -> bool:
    """Whether more than a third of what is there is deleted or replaced (design, section 12)."""
    return destroyed(plan) * 3 > existing(plan)


_UNREADABLE = "MLI3034"  # the planner's code for an object that could not be read
_FOREIGN = "MLI3180"  # the planner's code for what others put below an object of the stack
_QUIET = {
    "Plan": "Nothing to do: everything is as the stack says.",
    "Drift": "No drift: everything is as last applied.",
    "Diff": "No difference: both desire the same.",
}


def verdict(plan: Plan, heading: str = "Plan") -> str:
    """One sentence or two: whether it could be applied, and how dangerous it is."""
    errors = len(errors_in(plan.diagnostics))
    refused = f"This cannot be applied: {number_of(errors, 'error')} below. " if errors else ""
    unknown = unread(plan)
    left = f" {number_of(len(unknown), 'object')} could not be read, and stay as they are." if unknown else ""
    return refused + danger(plan, heading) + left


def danger(plan: Plan, heading: str = "Plan") -> str:
    """What is destroyed, in one sentence."""
    if heading == "Drift" and not plan.pending() and (added := foreign(plan)):
        return f"Nothing else has drifted: {number_of(added, 'thing')} added outside of the stack, as told below."
    if not plan.pending():
        return _QUIET[heading] if not unread(plan) else "Nothing is to be done with what could be read."
    if not destroyed(plan):
        return "Nothing is destroyed."
    found = counts(plan.changes)
    verbs = {Action.DELETE: "deletes", Action.REPLACE: "replaces"}
    done = [f"{verb} {found[action]:,}" for action, verb in verbs.items() if action in found]
    lost = lost_in(plan.changes)
    done += [f"loses {lost:,} with their cluster,"] if lost else []
    share = ", more than a third of the stack" if is_sweeping(plan) else ""
    first, last = ", ".join(done[:-1]), done[-1]
    words = f"{first} and {last}" if first else last
    return f"This {words} of {number_of(existing(plan), 'object')}{share}."
