"""A plan as one comment on a pull request: bounded, deterministic, the most dangerous first.

What does not fit is told in ever fewer words, and at last counted; every loss is told before anything else may take
room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlinfra.cli.render.alike import Alike, parted, told_once
from mlinfra.cli.render.capacity import capacity_markdown
from mlinfra.cli.render.change_markdown import FEW_FIELDS, Teller, bare, causes, field_lines, line, parts, reason, whole
from mlinfra.cli.render.changes import (
    DANGER,
    PARTICIPLE,
    by_danger,
    counts,
    is_feared,
    lost_in,
    roots_first,
    sign,
    title,
    verdict,
    without_repeats,
)
from mlinfra.cli.render.cost import cost_markdown
from mlinfra.cli.render.crowd import fitted
from mlinfra.cli.render.diagnostics import gravest_first
from mlinfra.cli.render.findings import findings_markdown
from mlinfra.cli.render.markdown import code, mark, prose, size, within
from mlinfra.cli.render.value import cut
from mlinfra.core.plan import Action, Change, Plan

# GitHub refuses comments of more than 65,536 characters (its message: "body is too long (maximum is 65536
# characters)"; read 2026-11-21). Counted here in UTF-8 bytes, which is the stricter reading.
LIMIT = 65_536
_RESERVE = 1_200  # for the frames around the parts


def plan_markdown(plan: Plan, about: Mapping[str, str], *, heading: str = "Plan") -> str:
    """The comment. Its first line is a mark by which a later run finds it again."""
    plan = without_repeats(plan)
    top = [
        mark(heading, plan.ownership.stack),
        f"## {heading}: {code(cut(plan.ownership.stack, 100, '…'))}",
        "",
        f"**{verdict(plan, heading)}**",
        "",
        *([*_counts(plan), ""] if plan.pending() else []),
    ]
    foot = _foot(plan, about)
    room = LIMIT - _RESERVE - size(top) - size(foot)
    feared = roots_first(change for change in by_danger(plan.pending()) if is_feared(change))
    lost: list[str] = []
    if feared:
        # The rest needs what it needs, up to a third; all that is left then is for what is lost.
        others = size(_others(plan, room // 3))
        gone = any(change.loses for change in feared)
        heading = "### Deleted, replaced or lost" if gone else "### Deleted or replaced"
        lost = [heading, "", *fitted(feared, room - others - 50), ""]
    told = [*top, *lost, *_others(plan, room - size(lost)), *foot]
    return "\n".join(told).rstrip("\n") + "\n"


def _others(plan: Plan, room: int) -> list[str]:
    """All but what is lost, in `room` bytes: money, findings, capacity, what is the same for many, and the rest."""
    lines: list[str] = []
    if plan.cost is not None and plan.pending():
        lines += cost_markdown(plan.cost)
    if plan.diagnostics:
        found = told_once(gravest_first(plan.diagnostics))
        lines += ["### Findings", "", *findings_markdown(found, (room - size(lines)) // 2), ""]
    if plan.capacity is not None:
        lines += capacity_markdown(plan.capacity)
    single, many = parted(change for change in by_danger(plan.pending()) if not is_feared(change))
    if many:
        lines += ["### The same for many", "", *_alike(many, (room - size(lines)) // 2), ""]
    return [*lines, *_folded(single, room - size(lines))]


def _counts(plan: Plan) -> list[str]:
    found = {PARTICIPLE[action]: number for action, number in counts(plan.changes).items()}
    if lost := lost_in(plan.changes):
        created = found.pop("created") - lost
        unchanged = found.pop("unchanged", 0)
        found |= {"lost and created anew": lost, "created": created, "unchanged": unchanged}
        found = {name: number for name, number in found.items() if number}
    return [
        "| " + " | ".join(found) + " |",
        "|" + "---:|" * len(found),
        "| " + " | ".join(f"{number:,}" for number in found.values()) + " |",
    ]


def _fitted(changes: Sequence[Change], room: int) -> list[str]:
    """Every change, in as many words as there is room for; at last only as many changes as there is room for."""
    for tell in (whole, causes, line):
        lines = within(room, map(tell, changes))
        if lines is not None:
            return lines
    return _first(changes, bare, room)


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


def _alike(groups: Sequence[Alike], room: int) -> list[str]:
    lines: list[str] = []
    room -= 100
    for index, group in enumerate(groups):
        first = group.changes[0]
        head = f"- {code(sign(first))} **{title(first)}** {len(group.changes):,} objects: {prose(group.spread)}"
        told = [head, *reason(first), *(words for field in group.fields[:FEW_FIELDS] for words in field_lines(field))]
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
    lines = within(room, ((*line(change), *parts(change)) for change in changes))
    return lines if lines is not None else _first(changes, bare, room)


def _foot(plan: Plan, about: Mapping[str, str]) -> list[str]:
    facts = [f"{name} {code(cut(what, 200, '…'))}" for name, what in about.items()]
    facts += [f"seal {code(plan.seal.digest[:12])}"] if plan.seal.digest else []
    facts += ["**for some targets only**"] if plan.partial else []
    return [" · ".join(facts)]
