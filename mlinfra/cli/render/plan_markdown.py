"""A plan as one comment on a pull request: bounded, deterministic, the most dangerous first.

What does not fit is told in ever fewer words, and at last counted; every destroy and replacement is told before
anything else may take room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from mlinfra.cli.render.alike import Alike, parted, told_once
from mlinfra.cli.render.capacity import capacity_markdown
from mlinfra.cli.render.changes import (
    DANGER,
    DESTRUCTIVE,
    PARTICIPLE,
    by_danger,
    cause_of,
    counts,
    forcing,
    reason_of,
    sign,
    title,
    verdict,
    without_repeats,
)
from mlinfra.cli.render.cost import cost_markdown
from mlinfra.cli.render.diagnostics import gravest_first
from mlinfra.cli.render.difference import field_leaves
from mlinfra.cli.render.findings import findings_markdown
from mlinfra.cli.render.markdown import code, mark, prose, size
from mlinfra.cli.render.parts import changed, gathered
from mlinfra.cli.render.value import cut, value_text
from mlinfra.core.plan import Action, Cause, Change, Field, Plan
from mlinfra.core.value import Value, path_text

# GitHub refuses comments of more than 65,536 characters (its message: "body is too long (maximum is 65536
# characters)"; read 2026-11-21). Counted here in UTF-8 bytes, which is the stricter reading.
LIMIT = 65_536
_RESERVE = 1_500  # for the frame around the parts
_FEW_FIELDS, _VALUE = 40, 200
Teller = Callable[[Change], list[str]]


def plan_markdown(plan: Plan, about: Mapping[str, str], *, heading: str = "Plan") -> str:
    """The comment. Its first line is a mark by which a later run finds it again."""
    plan = without_repeats(plan)
    lines = [
        mark(heading, plan.ownership.stack),
        f"## {heading}: {code(cut(plan.ownership.stack, 100, '…'))}",
        "",
        f"**{verdict(plan, heading)}**",
        "",
    ]
    lines += [*_counts(plan), ""] if plan.pending() else []
    changes = by_danger(plan.pending())
    feared = [change for change in changes if change.action in DESTRUCTIVE]
    room = LIMIT - _RESERVE - size(lines)
    parts = [lines]
    if feared:
        parts.append(["### Deleted or replaced", "", *_fitted(feared, room * 2 // 3), ""])
        room -= size(parts[-1])
    if plan.cost is not None and plan.pending():
        parts.append(cost_markdown(plan.cost))
        room -= size(parts[-1])
    if plan.diagnostics:
        found = told_once(gravest_first(plan.diagnostics))
        parts.append(["### Findings", "", *findings_markdown(found, room // 2), ""])
        room -= size(parts[-1])
    if plan.capacity is not None:
        parts.append(capacity_markdown(plan.capacity))
        room -= size(parts[-1])
    single, many = parted(change for change in changes if change.action not in DESTRUCTIVE)
    if many:
        parts.append(["### The same for many", "", *_alike(many, room // 2), ""])
        room -= size(parts[-1])
    parts.append(_folded(single, room))
    parts.append(_foot(plan, about))
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def _counts(plan: Plan) -> list[str]:
    found = counts(plan.changes)
    named = [action for action in DANGER if action in found]
    return [
        "| " + " | ".join(PARTICIPLE[action] for action in named) + " |",
        "|" + "---:|" * len(named),
        "| " + " | ".join(f"{found[action]:,}" for action in named) + " |",
    ]


def _fitted(changes: Sequence[Change], room: int) -> list[str]:
    """Every change, in as many words as there is room for; at last only as many changes as there is room for."""
    for tell in (_whole, _causes, _line):
        lines = [line for change in changes for line in tell(change)]
        if size(lines) <= room:
            return lines
    return _first(changes, _bare, room)


def _first(changes: Sequence[Change], tell: Teller, room: int) -> list[str]:
    lines: list[str] = []
    room -= 100
    for index, change in enumerate(changes):
        told = tell(change)
        room -= size(told)
        if room < 0:
            return [*lines, f"- and {len(changes) - index:,} more; the plan as JSON or HTML names them all"]
        lines += told
    return lines


def _whole(change: Change) -> list[str]:
    shown = sorted(change.fields, key=lambda field: not field.forces)[:_FEW_FIELDS]
    lines = [*_line(change), *_reason(change), *(line for field in shown for line in _field(field))]
    more = len(change.fields) - len(shown)
    return [*lines, *([f"  - and {more:,} more fields"] if more > 0 else []), *_parts(change)]


def _parts(change: Change) -> list[str]:
    """What the change carries with it, a line for each kind of thing, then what changes within them."""
    lines = [
        f"  - {group.done}: {prose(group.kind)} {', '.join(map(code, group.names))}" for group in gathered(change.parts)
    ]
    for part in changed(change.parts):
        told = [line for field in part.fields[:_FEW_FIELDS] for line in _field(field)]
        lines += [f"  - {code(part.name)}", *(f"  {line}" for line in told)]
    return lines


def _causes(change: Change) -> list[str]:
    return [*_line(change), *(line for field in forcing(change)[:3] for line in _field(field, 60))]


def _line(change: Change) -> list[str]:
    where = f" at {code(str(change.source))}" if change.source else ""
    what = f" {code(change.id)}" if change.id else ""
    origin = f", was {code(change.origin)}" if change.origin else ""
    return [
        f"- {code(sign(change))} **{title(change)}** {code(change.address)}{origin} {code(change.type)}{what}{where}"
    ]


def _bare(change: Change) -> list[str]:
    return [f"- {change.action.value} {code(change.address)}"]


def _reason(change: Change) -> list[str]:
    reason = reason_of(change)
    return [f"  - {prose(reason)}"] if reason else []


def _field(field: Field, limit: int = _VALUE) -> list[str]:
    forced = " **forces the replacement**" if field.forces else ""
    cause = "" if field.cause is Cause.CHANGE else f" *{prose(cause_of(field))}*"
    path = code(path_text(field.path))
    leaves = field_leaves(field)
    if leaves is None:
        return [f"  - {path}: {_sides(field.before, field.after, limit, secret=field.secret)}{forced}{cause}"]
    lines = [f"  - {path}: {len(leaves)} differ{'s' if len(leaves) == 1 else ''}{forced}{cause}"]
    for leaf, before, after in leaves[:_FEW_FIELDS]:
        lines.append(f"    - {code(path_text(leaf)) + ': ' if leaf else ''}{_sides(before, after, limit)}")
    return lines


def _sides(before: Value, after: Value, limit: int, *, secret: bool = False) -> str:
    old, new = (code(cut(value_text(side, secret=secret), limit, "…")) for side in (before, after))
    if before is msgspec.UNSET or (before == after and not secret):  # another object of the same name
        return new
    return f"{old} → {'absent' if after is msgspec.UNSET else new}"


def _alike(groups: Sequence[Alike], room: int) -> list[str]:
    lines: list[str] = []
    room -= 100
    for index, group in enumerate(groups):
        first = group.changes[0]
        head = f"- {code(sign(first))} **{title(first)}** {len(group.changes):,} objects: {prose(group.spread)}"
        told = [head, *_reason(first), *(line for field in group.fields[:_FEW_FIELDS] for line in _field(field))]
        room -= size(told)
        if room < 0:
            left = sum(len(one.changes) for one in groups[index:])
            return [*lines, f"- and {left:,} more; the plan as JSON or HTML names them all"]
        lines += told
    return lines


def _folded(changes: Sequence[Change], room: int) -> list[str]:
    """One fold for each action, the dangerous ones served first."""
    groups = {action: [c for c in changes if c.action is action] for action in DANGER}
    groups = {action: members for action, members in groups.items() if members}
    lines: list[str] = []
    for position, (action, members) in enumerate(groups.items()):
        share = max(0, room - size(lines)) // (len(groups) - position)
        summary = f"<summary>{len(members):,} {PARTICIPLE[action]}</summary>"
        told = _fitted(members, share - 200) if action is not Action.CREATE else _fitted_lines(members, share - 200)
        lines += [f"<details>{summary}", "", *told, "", "</details>", ""]
    return lines


def _fitted_lines(changes: Sequence[Change], room: int) -> list[str]:
    """Creations are a line each, since all of their properties are new, and what they carry with them."""
    lines = [line for change in changes for line in (*_line(change), *_parts(change))]
    return lines if size(lines) <= room else _first(changes, _bare, room)


def _foot(plan: Plan, about: Mapping[str, str]) -> list[str]:
    facts = [f"{name} {code(cut(what, 200, '…'))}" for name, what in about.items()]
    facts += [f"seal {code(plan.seal.digest[:12])}"] if plan.seal.digest else []
    facts += ["**for some targets only**"] if plan.partial else []
    return [" · ".join(facts)]
