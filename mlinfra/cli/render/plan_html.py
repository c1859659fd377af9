"""A plan as one self-contained page: summary, findings, graph, and every change to search, filter and fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from mlinfra.cli.render.alike import Alike, parted
from mlinfra.cli.render.capacity import capacity_html
from mlinfra.cli.render.changes import (
    DESTRUCTIVE,
    PARTICIPLE,
    by_section,
    cause_of,
    counts,
    destroyed,
    is_sweeping,
    reason_of,
    sign,
    title,
    verdict,
    without_repeats,
)
from mlinfra.cli.render.cost import cost_html
from mlinfra.cli.render.diagnostics import gravest_first
from mlinfra.cli.render.difference import field_leaves
from mlinfra.cli.render.findings import findings_html
from mlinfra.cli.render.graph_html import drawing
from mlinfra.cli.render.html import about_html, code, page_html, text
from mlinfra.cli.render.parts import changed, gathered
from mlinfra.cli.render.value import value_text
from mlinfra.core.plan import Action, Change, Field, Plan
from mlinfra.core.resource import Graph
from mlinfra.core.value import Value, path_text


def plan_html(plan: Plan, about: Mapping[str, str], graph: Graph, *, heading: str = "Plan") -> str:
    """The page. `graph` is what the stack desires, for the drawing."""
    plan, stack = without_repeats(plan), plan.ownership.stack
    seal = {"seal": plan.seal.digest[:12]} if plan.seal.digest else {}
    grave = " grave" if is_sweeping(plan) and destroyed(plan) else ""
    parts = [
        f"<header><h1>{heading}: {text(stack)}</h1>",
        f'<p class="verdict{grave}">{text(verdict(plan, heading))}</p>',
        about_html({**about, **seal, **({"scope": "some targets only"} if plan.partial else {})}),
        '</header><main id="main">',
        cost_html(plan.cost) if plan.cost is not None else "",
        findings_html(gravest_first(plan.diagnostics)) if plan.diagnostics else "",
        capacity_html(plan.capacity) if plan.capacity is not None else "",
        _changes(plan) if plan.pending() else "",
        _graph(plan, graph),
        "</main>",
    ]
    return page_html(f"{heading}: {stack}", "\n".join(filter(None, parts)))


def _changes(plan: Plan) -> str:
    single, many = parted(plan.pending())
    sections = "".join(
        f'<section class="changes" aria-label="{text(section)}"><h2>{text(section)}</h2>'
        f"{''.join(map(_change, changes))}</section>"
        for section, changes in by_section(single).items()
    )
    if many:
        sections += '<section class="changes" aria-label="The same for many"><h2>The same for many</h2>'
        sections += f"{''.join(map(_alike, many))}</section>"
    return f"{_bar(plan)}{sections}"


def _bar(plan: Plan) -> str:
    chips = "".join(
        f'<label class="chip"><input type="checkbox" value="{action.value}" checked>'
        f'<span class="act {action.value}">{PARTICIPLE[action]}</span> <b>{number:,}</b></label>'
        for action, number in counts(plan.pending()).items()
    )
    return (
        '<div class="bar" role="search"><label for="search">Search</label>'
        '<input id="search" type="search" placeholder="address, type or value" autocomplete="off" '
        'aria-keyshortcuts="/">'
        f'{chips}<button id="open" type="button">Unfold all</button><button id="close" type="button">Fold all</button>'
        '<span id="found" class="found" role="status"></span></div>'
    )


def _alike(group: Alike) -> str:
    first = group.changes[0]
    action, number = first.action.value, len(group.changes)
    members = "".join(f'<li id="c-{text(one.address)}">{code(one.address)}</li>' for one in group.changes)
    head = (
        f'<span class="act">{text(sign(first))} {text(title(first))}</span><strong>{number:,} objects</strong>'
        f'<span class="soft">{text(group.spread)}</span>'
    )
    reason = f"<p>{text(group.reason)}</p>" if group.reason else ""
    fields = _table(first.fields) if group.fields else ""
    return (
        f'<details class="change {action}" data-action="{action}" data-count="{number}" open><summary>{head}</summary>'
        f'<div class="inner">{reason}{fields}<ul class="members">{members}</ul></div></details>'
    )


def _change(change: Change) -> str:
    action = change.action.value
    opened = " open" if change.fields and (change.action in DESTRUCTIVE or change.action is Action.UPDATE) else ""
    where = f'<span class="where">{text(change.source)}</span>' if change.source else ""
    reason = reason_of(change)
    facts = [
        f"<p>{text(reason)}</p>" if reason and opened else "",
        f"<p>was {code(change.origin)}</p>" if change.origin else "",
        f'<p class="soft">the object is {code(change.id)}</p>' if change.id else "",
        _table(change.fields) if change.fields else "",
        _parts(change) if change.parts else "",
    ]
    head = (
        f'<span class="act">{text(sign(change))} {text(title(change))}</span>'
        f'<strong>{code(change.address)}</strong><span class="soft">{code(change.type)}</span>'
        f"{f'<span>{text(reason)}</span>' if reason and not opened else ''}{where}"
    )
    return (
        f'<details class="change {_look(change)}" id="c-{text(change.address)}" data-action="{action}"{opened}>'
        f'<summary>{head}</summary><div class="inner">{"".join(facts)}</div></details>'
    )


def _look(change: Change) -> str:
    """The class that colours it: what is lost looks like what is deleted."""
    return Action.DELETE.value if change.loses else change.action.value


def _parts(change: Change) -> str:
    """What the change carries with it."""
    rows = "".join(
        f'<tr class="{group.action.value}"><td><span class="act">{text(group.done)}</span></td>'
        f"<td>{text(group.kind)}</td><td>{', '.join(map(code, group.names))}</td></tr>"
        for group in gathered(change.parts)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("with it", "kind", "names"))
    told = "".join(f"<p>{code(part.name)}</p>{_table(part.fields)}" for part in changed(change.parts))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{told}"


def _table(fields: Iterable[Field]) -> str:
    rows = "".join(map(_field, sorted(fields, key=lambda field: not field.forces)))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("property", "before", "after", "why"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _field(field: Field) -> str:
    why = text(cause_of(field))
    if field.forces:
        why = f'<span class="forces">forces the replacement</span>, {why}'
    path = path_text(field.path)
    leaves = field_leaves(field)
    if leaves is None:
        return _row(path, field.before, field.after, why, secret=field.secret)
    return "".join(
        _row(f"{path}: {path_text(leaf)}" if leaf else path, before, after, why) for leaf, before, after in leaves
    )


def _row(path: str, before: Value, after: Value, why: str, *, secret: bool = False) -> str:
    cells = "".join(f'<td class="value">{_value(side, secret=secret)}</td>' for side in (before, after))
    return f'<tr><td class="path">{code(path)}</td>{cells}<td>{why}</td></tr>'


def _value(value: Value, *, secret: bool) -> str:
    if value is msgspec.UNSET:
        return '<span class="soft">absent</span>'
    return text(value_text(value, secret=secret))


def _graph(plan: Plan, graph: Graph) -> str:
    actions = {str(change.address): _look(change) for change in plan.pending()}
    gone = {str(c.address): c.type for c in plan.pending() if c.address not in graph.resources}
    if not graph.resources and not gone:
        return ""
    return (
        '<h2 id="graph">The stack</h2><p class="soft">Lines lead from what is needed to what needs it.</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Graph">'
        f"{drawing(graph, actions, gone, only_changes=True)}</div>"
    )
