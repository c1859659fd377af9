"""One change as Markdown, in as many words as there is room for: whole, its causes, its line, its name."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from mlinfra.cli.render.changes import cause_of, forcing, reason_of, sign, title
from mlinfra.cli.render.difference import field_leaves
from mlinfra.cli.render.markdown import code, prose
from mlinfra.cli.render.parts import changed, gathered
from mlinfra.cli.render.value import both_texts
from mlinfra.core.plan import Cause, Change, Field
from mlinfra.core.value import Value, path_text

FEW_FIELDS = 40
FEW_CAUSES = 3
_VALUE, _SHORT = 200, 60  # characters of a value
Teller = Callable[[Change], list[str]]


def whole(change: Change) -> list[str]:
    """All of it; what forces a replacement first."""
    shown = sorted(change.fields, key=lambda field: not field.forces)[:FEW_FIELDS] if not change.loses else []
    lines = [*line(change), *reason(change), *(told for field in shown for told in field_lines(field))]
    more = len(change.fields) - len(shown) if shown else 0
    return [*lines, *([f"  - and {more:,} more fields"] if more > 0 else []), *parts(change)]


def causes(change: Change) -> list[str]:
    """Its line, and the first of the fields that force it."""
    return [*line(change), *cause_lines(change)]


def cause_lines(change: Change) -> list[str]:
    """The first of the fields that force a replacement; the reason of what no field forces."""
    found = [told for field in forcing(change)[:FEW_CAUSES] for told in field_lines(field, _SHORT)]
    return found or reason(change)


def line(change: Change) -> list[str]:
    """What happens to what, and where the stack says so."""
    where = f" at {code(str(change.source))}" if change.source else ""
    what = f" {code(change.id)}" if change.id else ""
    origin = f", was {code(change.origin)}" if change.origin else ""
    return [
        f"- {code(sign(change))} **{title(change)}** {code(change.address)}{origin} {code(change.type)}{what}{where}"
    ]


def bare(change: Change) -> list[str]:
    """The least: what is done, and to which address."""
    return [f"- {change.action.value} {code(change.address)}"]


def reason(change: Change) -> list[str]:
    """Why."""
    said = reason_of(change)
    return [f"  - {prose(said)}"] if said else []


def parts(change: Change) -> list[str]:
    """What the change carries with it, a line for each kind of thing, then what changes within them."""
    lines = [
        f"  - {group.done}: {prose(group.kind)} {', '.join(map(code, group.names))}" for group in gathered(change.parts)
    ]
    for part in changed(change.parts):
        told = [words for field in part.fields[:FEW_FIELDS] for words in field_lines(field)]
        lines += [f"  - {code(part.name)}", *(f"  {words}" for words in told)]
    return lines


def field_lines(field: Field, limit: int = _VALUE) -> list[str]:
    """One difference, and what differs within it."""
    forced = " **forces the replacement**" if field.forces else ""
    cause = "" if field.cause is Cause.CHANGE else f" *{prose(cause_of(field))}*"
    path = code(path_text(field.path))
    leaves = field_leaves(field)
    if leaves is None:
        return [f"  - {path}: {_sides(field.before, field.after, limit, secret=field.secret)}{forced}{cause}"]
    lines = [f"  - {path}: {len(leaves)} differ{'s' if len(leaves) == 1 else ''}{forced}{cause}"]
    for leaf, before, after in leaves[:FEW_FIELDS]:
        lines.append(f"    - {code(path_text(leaf)) + ': ' if leaf else ''}{_sides(before, after, limit)}")
    return lines


def _sides(before: Value, after: Value, limit: int, *, secret: bool = False) -> str:
    old, new = both_texts(before, after, limit, "…", secret=secret)
    if before is msgspec.UNSET or (old == new and not secret):  # another object of the same name
        return code(new)
    return f"{code(old)} → {'absent' if after is msgspec.UNSET else code(new)}"
