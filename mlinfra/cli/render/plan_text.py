"""A plan for the terminal: calm, aligned, the most dangerous first."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.cli.render.alike import Alike, parted
from mlinfra.cli.render.capacity import capacity_brief
from mlinfra.cli.render.changes import (
    SIGN,
    STYLE,
    by_section,
    cause_of,
    counted,
    danger,
    foreign,
    is_feared,
    is_sweeping,
    reason_of,
    sign,
    title,
    unread,
    without_repeats,
)
from mlinfra.cli.render.cost import cost_brief
from mlinfra.cli.render.diagnostics import diagnostics_page
from mlinfra.cli.render.difference import LONG, field_leaves
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page, Piece
from mlinfra.cli.render.parts import changed, gathered
from mlinfra.cli.render.value import both_texts
from mlinfra.core.diagnostic import errors_in
from mlinfra.core.plan import Action, Cause, Change, Field, Plan
from mlinfra.core.value import Value, path_text

_WIDE = 100  # columns, from which on nothing is left out
_DRIFTED = (Cause.DRIFT, Cause.BOTH)
_SUMMED_UP = frozenset({Action.CREATE, Action.DELETE, Action.ADOPT, Action.FORGET})


def plan_page(plan: Plan, look: Look, about: Mapping[str, str], *, verb: str = "plan") -> Page:
    """The whole plan. `about` says what the stack is, such as target, account and region; `verb` what it is for."""
    plan, page = without_repeats(plan), Page()
    if not plan.pending():
        page.extend(diagnostics_page(plan.diagnostics, look)).blank()
        return page.line(*(_refused_line(plan, verb) or _quiet_line(plan, verb)))
    page.extend(_header(plan, about, verb))
    single, many = parted(plan.pending())
    for section, changes in by_section(single).items():
        page.blank().line((section, "bold"))
        widths = _widths(changes, look.width)
        for index, change in enumerate(changes):
            told = _without_platitude(change, plan)
            page.extend(change_page(told, look, widths, last=index == len(changes) - 1))
    for group in many:
        page.blank().extend(_alike(group, look))
    page.blank().extend(diagnostics_page(plan.diagnostics, look))
    page.blank().extend(_advice(plan, look))
    page.blank().line(*_last_line(plan, verb))
    return page


def change_page(change: Change, look: Look, widths: tuple[int, int], *, last: bool) -> Page:
    """One change as a branch of a tree."""
    branch, below = look.guide(last=last)
    address, kind = widths
    style = STYLE[Action.DELETE if change.loses else change.action]
    page = Page().line(
        (branch, "dim"),
        (f"{sign(change):<3} ", style),
        (f"{title(change):<{kind}}  ", style),
        (f"{change.address:<{address}}", "bold" if is_feared(change) else ""),
        (f"  {_type(change.type, look)}", "dim"),
        (_source(change, look, len(branch) + 4 + kind + 2 + address), "dim"),
        below=below + "    ",
    )
    inner = below + "    "
    if change.origin:
        page.line((inner, "dim"), ("was ", "dim"), change.origin, below=inner)
    if reason := reason_of(change):
        page.line((inner, "dim"), reason, below=inner)
    return page.extend(_fields(change, look, inner)).extend(_parts(change, look, inner))


def _parts(change: Change, look: Look, inner: str) -> Page:
    """What the change carries with it."""
    page = Page()
    for group in gathered(change.parts):
        page.line(
            (inner, "dim"),
            (f"{SIGN[group.action]:<3} ", STYLE[group.action]),
            (f"{group.kind}  ", ""),
            (", ".join(group.names), "dim"),
            below=inner + "        ",
        )
    for part in changed(change.parts):
        page.line((inner, "dim"), part.name, below=inner)
        width = min(32, max(len(path_text(field.path)) for field in part.fields))
        for field in part.fields:
            page.extend(_field(field, look, inner + "  ", width))
    return page


def _alike(group: Alike, look: Look) -> Page:
    """Many objects of which the same changes, as one branch."""
    first = group.changes[0]
    page = Page().line(("the same for many", "bold"))
    branch, below = look.guide(last=True)
    page.line(
        (branch, "dim"),
        (f"{sign(first):<3} {title(first)}  ", STYLE[first.action]),
        f"{number_of(len(group.changes), 'object')}: {group.spread}",
        below=below + "    ",
    )
    inner = below + "    "
    if group.reason:
        page.line((inner, "dim"), group.reason, below=inner)
    page.extend(_fields(first, look, inner))
    if look.full:
        page.line((inner, "dim"), ", ".join(change.address for change in group.changes), below=inner)
    return page


def _advice(plan: Plan, look: Look) -> Page:
    page = cost_brief(plan.cost, look) if plan.cost is not None else Page()
    return page.extend(capacity_brief(plan.capacity)) if plan.capacity is not None else page


def _without_platitude(change: Change, plan: Plan) -> Change:
    """In a plan to destroy, that a thing goes because all goes needs no saying on each line."""
    if plan.destroy and change.action is Action.DELETE:
        return msgspec.structs.replace(change, reason="")
    return change


def _header(plan: Plan, about: Mapping[str, str], verb: str) -> Page:
    page = Page().line(
        (plan.ownership.stack, "bold"), f"  {verb}", ("  for some targets only" if plan.partial else "", "yellow")
    )
    for name, what in about.items():
        page.line((f"  {name:<8}", "dim"), what, below="          ")
    pieces: list[Piece] = []
    for action, words in counted(plan):
        pieces += [", " if pieces else "", (words, STYLE[action])]
    page.blank().line(*pieces)
    if is_sweeping(plan):
        page.line((danger(plan), "bold red"))
    return page


def _quiet_line(plan: Plan, verb: str) -> tuple[Piece, ...]:
    unknown = len(unread(plan))
    known = max(0, len(plan.changes) - unknown)
    objects, are = number_of(known, "object"), "is" if known == 1 else "are"
    some = f", {unknown:,} could not be read" if unknown else ""
    some += "; only some targets were looked at" if plan.partial else ""
    what = f"nothing to do, {objects} {are} as the stack says"
    if plan.destroy:
        what = "nothing is left to destroy" if not unknown else "nothing that could be read is left to destroy"
    elif verb == "drift":
        added = f"{number_of(foreign(plan), 'thing')} added outside of the stack; otherwise " if foreign(plan) else ""
        what = f"no drift, {objects} {are} as last applied" if plan.changes else "no drift: nothing was applied yet"
        what = added + what
    elif verb == "diff":
        what = f"no difference, both desire the same {objects}"
    return (plan.ownership.stack, "bold"), f": {what}{some}", (_digest(plan), "dim")


def _refused_line(plan: Plan, verb: str) -> tuple[Piece, ...]:
    """What is said of a plan with errors, whatever it would do; nothing where there are none."""
    errors = len(errors_in(plan.diagnostics))
    if not errors:
        return ()
    above = f"{number_of(errors, 'error')} above."
    if verb == "diff":
        return ((f"A plan of this could not be applied: {above}", "bold red"),)
    if verb == "drift":
        return ((f"What has drifted cannot be told: {above}", "bold red"),)
    return (f"This plan cannot be applied: {above}", "bold red"), _digest(plan)


def _last_line(plan: Plan, verb: str) -> tuple[Piece, ...]:
    if verb == "drift":
        added = f" What was added, {number_of(foreign(plan), 'thing')}, stays." if foreign(plan) else ""
        what = f"{number_of(len(plan.pending()), 'object')} not as last applied. Apply brings it all back.{added}"
        return ("Drift: ", "bold"), what
    if refused := _refused_line(plan, verb):
        return refused
    pieces: list[Piece] = [("Diff: " if verb == "diff" else "Plan: ", "bold")]
    for action, words in counted(plan):
        separator = "" if len(pieces) == 1 else "; " if action is Action.NO_OP else ", "
        pieces += [separator, (words, STYLE[action])]
    return (*pieces, ".", (_digest(plan), "dim"))


def _digest(plan: Plan) -> str:
    return f"  seal {plan.seal.digest[:12]}" if plan.seal.digest else ""


def _widths(changes: list[Change], width: int) -> tuple[int, int]:
    return min(max(40, width // 2), max(len(c.address) for c in changes)), max(len(title(c)) for c in changes)


def _type(token: str, look: Look) -> str:
    """The token; where there is little room, its last part."""
    return token if look.width >= _WIDE else token.rpartition(":")[2]


def _source(change: Change, look: Look, before: int) -> str:
    """Where the stack file causes it; left out where it would stand on a line of its own for want of room."""
    if change.source is None:
        return ""
    room = look.width - before - len(_type(change.type, look)) - len(str(change.source)) - 4
    return f"  {change.source}" if room >= 0 or look.width >= _WIDE else ""


def _fields(change: Change, look: Look, inner: str) -> Page:
    page = Page()
    if not change.fields:
        return page
    if change.action in _SUMMED_UP and not look.full:
        return page
    width = min(32, max(len(path_text(field.path)) for field in change.fields))
    for field in sorted(change.fields, key=lambda field: not field.forces):
        page.extend(_field(field, look, inner, width))
    return page


def _field(field: Field, look: Look, inner: str, width: int) -> Page:
    path = path_text(field.path)
    note = [(f"  {cause_of(field)}", "dim")]
    if field.forces:
        note = [("  forces the replacement", "bold red"), *note]
    leaves = field_leaves(field)
    if leaves is None:
        pieces = _sides(field.before, field.after, look, secret=field.secret)
        if field.before is msgspec.UNSET and field.cause in _DRIFTED:
            pieces = [("absent", "dim"), (f" {look.arrow} ", "dim"), *pieces]
        return Page().line((inner, "dim"), f"{path:<{width}}  ", *pieces, *note, below=inner + "    ")
    page = Page().line(
        (inner, "dim"), f"{path:<{width}}  ", (f"{len(leaves)} differ{'s' if len(leaves) == 1 else ''}", "dim"), *note
    )
    for leaf, before, after in leaves:
        text = f"{path_text(leaf)}  " if leaf else ""
        page.line((inner + "  ", "dim"), text, *_sides(before, after, look), below=inner + "      ")
    return page


def _sides(before: Value, after: Value, look: Look, *, secret: bool = False) -> list[Piece]:
    limit = 10_000 if look.full else 3 * LONG
    old, new = both_texts(before, after, limit, look.ellipsis, secret=secret)
    if before is msgspec.UNSET or (old == new and not secret):  # another object of the same name
        return [(new, "green")]
    if after is msgspec.UNSET:
        return [(old, "red"), (f" {look.arrow} ", "dim"), ("absent", "dim")]
    return [(old, "red"), (f" {look.arrow} ", "dim"), (new, "green")]
