"""A plan for programs: the shape that docs/json.md documents. Change the format version with the shape."""

from __future__ import annotations

from typing import Any

from mlinfra.cli.render.capacity import capacity_data
from mlinfra.cli.render.changes import by_danger, explained, unread
from mlinfra.cli.render.cost import cost_data
from mlinfra.cli.render.diagnostics import diagnostic_json, gravest_first
from mlinfra.cli.render.document import document
from mlinfra.cli.render.value import value_json
from mlinfra.core.plan import Change, Field, Part, Plan
from mlinfra.core.value import path_text

FORMAT_VERSION = "1.3"
KEYS = ("formatVersion", "stack", "seal", "summary", "unreadable", "changes", "diagnostics", "cost", "capacity")


def plan_json(plan: Plan) -> str:
    """The plan as an indented document; the same plan always gives the same bytes."""
    return document(plan_data(plan))


def plan_data(plan: Plan) -> dict[str, Any]:
    """The document as plain data."""
    plan = explained(plan)
    return {
        "formatVersion": FORMAT_VERSION,
        "stack": plan.ownership.stack,
        "seal": plan.seal.digest,
        "summary": plan.summary(),
        "unreadable": list(unread(plan)),
        "changes": [change_data(change) for change in by_danger(plan.pending())],
        "diagnostics": [diagnostic_json(d) for d in gravest_first(plan.diagnostics)],
        "cost": cost_data(plan.cost) if plan.cost is not None else None,
        "capacity": capacity_data(plan.capacity) if plan.capacity is not None else None,
    }


def change_data(change: Change) -> dict[str, Any]:
    """One change; every key is always there."""
    return {
        "address": str(change.address),
        "type": change.type,
        "action": change.action.value,
        "order": change.order or None,
        "origin": str(change.origin) if change.origin else None,
        "id": change.id or None,
        "reason": change.reason or None,
        "source": str(change.source) if change.source else None,
        "fields": [field_data(field) for field in change.fields],
        "parts": [part_data(part) for part in change.parts],
        **({"loses": True} if change.loses else {}),
        **({"lost": change.lost} if change.lost else {}),
    }


def part_data(part: Part) -> dict[str, Any]:
    """What a change carries with it."""
    return {
        "action": part.action.value,
        "name": part.name,
        "note": part.note or None,
        "fields": [field_data(field) for field in part.fields],
    }


def field_data(field: Field) -> dict[str, Any]:
    """One difference; a side that is absent is null."""
    return {
        "path": path_text(field.path),
        "before": value_json(field.before, secret=field.secret),
        "after": value_json(field.after, secret=field.secret),
        "cause": field.cause.value,
        "forces": field.forces,
        **({"by": field.by} if field.by else {}),
    }
