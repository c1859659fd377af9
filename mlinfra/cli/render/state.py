"""States and records: what is remembered."""

from __future__ import annotations

from typing import Any

from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.cli.render.value import cut, value_json, value_text
from mlinfra.core.backend import Holder
from mlinfra.core.state import Record, State, Status
from mlinfra.core.written_secrets import is_secret_at

_BELOW = "    "  # where a line folds there is little room: ids are long and have no spaces to fold at


def state_page(state: State | None, location: str) -> Page:
    """One line for each record."""
    if state is None:
        return Page().line(f"no state yet ({location})")
    about = f"  serial {state.serial}, {number_of(len(state.records), 'record')}"
    page = Page().line((state.stack, "bold"), about, (f"  {location}", "dim"))
    page.blank()
    width = min(44, max((len(record.address) for record in state.records.values()), default=0))
    for record in state.records.values():
        page.line(*_row(record, width), below=_BELOW)
    if state.deposed:
        page.blank().line(("replaced, and not deleted yet", "yellow"))
        for record in state.deposed:
            page.line(*_row(record, width), (f"  generation {record.generation}", "dim"), below=_BELOW)
    if state.pending:
        page.blank().line(("begun, with an outcome that the next run looks up", "yellow"))
        for intent in state.pending:
            page.line(f"{intent.address:<{width}}  ", intent.verb.lower(), (f"  {intent.type}", "dim"))
    return page


def state_data(state: State | None, location: str) -> dict[str, Any]:
    """The same for programs."""
    if state is None:
        return {"location": location, "stack": None, "serial": None, "records": [], "deposed": [], "pending": []}
    return {
        "location": location,
        "stack": state.stack,
        "lineage": state.lineage,
        "serial": state.serial,
        "records": [_brief(record) for record in state.records.values()],
        "deposed": [_brief(record) for record in state.deposed],
        "pending": [{"address": str(i.address), "type": i.type, "verb": str(i.verb)} for i in state.pending],
    }


def record_page(record: Record) -> Page:
    """One record whole."""
    page = Page().line((record.address, "bold"), (f"  {record.type}", "dim"))
    about = {
        "id": record.id,
        "status": record.status.value,
        "generation": str(record.generation),
        "connection": f"{record.connection.kind} {value_text(record.connection.identity)}",
        "protected": "yes" if record.protect else "no",
        "needs": ", ".join(record.dependencies) or "nothing",
    }
    for name, what in about.items():
        page.line((f"  {name:<10}  ", "dim"), what, below=" " * 14)
    for title, values in (("inputs", record.inputs), ("outputs", record.outputs)):
        page.blank().line((title, "bold"))
        if values is None:
            page.line(("  not known: the record was rebuilt from the cloud", "yellow"))
            continue
        width = min(32, max((len(value_text(key)) for key in values), default=0))
        for key, value in values.items():
            words = cut(value_text(value, secret=is_secret_at((key,), value)), 400, "...")
            page.line(f"  {value_text(key):<{width}}  ", words, below=" " * (width + 4))
    return page


def record_data(record: Record) -> dict[str, Any]:
    """The same for programs."""
    return {
        **_brief(record),
        "connection": {"kind": record.connection.kind, "identity": value_json(record.connection.identity)},
        "dependencies": [str(address) for address in record.dependencies],
        "inputs": value_json(record.inputs),
        "outputs": value_json(record.outputs),
    }


def holder_page(holder: Holder) -> Page:
    """Who holds the lock."""
    since = f"{holder.since:%Y-%m-%d %H:%M:%SZ}"
    until = f"{holder.expires:%H:%M:%SZ}"
    return (
        Page()
        .line(("locked", "yellow"), f" by {holder.who} for {holder.purpose}, since {since}, until {until} at least")
        .line(("  token ", "dim"), str(holder.token))
    )


def _row(record: Record, width: int) -> list[str | tuple[str, str]]:
    status = "" if record.status is Status.READY else f"  {record.status.value}"
    return [
        f"{record.address:<{width}}  ",
        (record.type, "dim"),
        f"  {record.id}",
        (status, "yellow"),
        ("  protected" if record.protect else "", "cyan"),
    ]


def _brief(record: Record) -> dict[str, Any]:
    return {
        "address": str(record.address),
        "type": record.type,
        "id": record.id,
        "generation": record.generation,
        "status": record.status.value,
        "protected": record.protect,
    }
