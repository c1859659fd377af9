"""Endpoints: as a table, and as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlinfra.cli.render.page import Page
from mlinfra.core.endpoint import Endpoint, Standing

_STYLE = {
    Standing.READY: "green",
    Standing.ASLEEP: "blue",
    Standing.PARTLY: "yellow",
    Standing.DOWN: "bold red",
    Standing.ABSENT: "dim",
    Standing.UNKNOWN: "cyan",
}
_HEADS = ("name", "kind", "runtime", "replicas", "standing", "address")
_COLOURED = _HEADS.index("standing")


def endpoints_page(endpoints: Sequence[Endpoint]) -> Page:
    """A row for each, and below it its models, and why it is not ready."""
    page = Page()
    if not endpoints:
        return page.line("the stack has no endpoints")
    rows = [_row(endpoint) for endpoint in endpoints]
    widths = [max(len(row[column]) for row in (_HEADS, *rows)) for column in range(len(_HEADS))]
    page.line(("  ".join(f"{head:<{width}}" for head, width in zip(_HEADS, widths, strict=True)), "dim"))
    for endpoint, row in zip(endpoints, rows, strict=True):
        cells = [f"{cell:<{width}}  " for cell, width in zip(row, widths, strict=True)]
        before, after = "".join(cells[:_COLOURED]), "".join(cells[_COLOURED + 1 :])
        page.line(before, (cells[_COLOURED], _STYLE[endpoint.standing]), after)
        models = ", ".join(f"{name} {share}%" for name, share in endpoint.traffic.items()) or endpoint.model
        if models:
            page.line(("  models  " if endpoint.traffic else "  model   ", "dim"), models, below="          ")
        if endpoint.why:
            page.line(("  why     ", "dim"), endpoint.why, below="          ")
    return page


def _row(endpoint: Endpoint) -> tuple[str, ...]:
    unmade = endpoint.standing in (Standing.ABSENT, Standing.UNKNOWN)
    replicas = "-" if unmade else f"{endpoint.ready}/{endpoint.wanted}"
    return (endpoint.name, endpoint.kind, endpoint.runtime, replicas, endpoint.standing.value, endpoint.url or "-")


def endpoint_data(endpoint: Endpoint) -> dict[str, Any]:
    """For programs; every key is always there."""
    return {
        "name": endpoint.name,
        "kind": endpoint.kind,
        "runtime": endpoint.runtime,
        "model": endpoint.model or None,
        "replicas": {"ready": endpoint.ready, "wanted": endpoint.wanted},
        "standing": endpoint.standing.value,
        "url": endpoint.url or None,
        "traffic": dict(endpoint.traffic),
        "why": endpoint.why or None,
    }
