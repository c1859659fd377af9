"""Pointing: from what a provider has against a property to the line of the user's file where that property stands.

Providers begin their complaints with the property. Of an entry under `resources` the file has that very property; of
what modules make, the section that caused it is as near as one gets. Pure.
"""

from __future__ import annotations

from mlinfra.core.resource import Resource
from mlinfra.core.source import Source
from mlinfra.core.stack import Positions
from mlinfra.core.value import Path, parse_path

_RAW = "resources"


def source_of(resource: Resource | None, complaint: str, positions: Positions) -> Source | None:
    """Where the property that `complaint` begins with stands, or else what it is nearest to."""
    if resource is None:
        return None
    return source_at(resource, _leading(complaint), positions)


def source_at(resource: Resource, path: Path, positions: Positions) -> Source | None:
    """Where the property at `path` of a resource stands, or else what it is nearest to."""
    section, _, name = str(resource.address).partition(".")
    if section != _RAW or "." in name:
        return resource.source
    return positions.at((_RAW, name, "properties", *path)) or resource.source


def _leading(complaint: str) -> Path:
    try:
        return parse_path(complaint.partition(" ")[0].rstrip(":,"))
    except ValueError:
        return ()
