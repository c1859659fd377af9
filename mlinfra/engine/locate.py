"""Locating by key: what stands in the cloud where a desired object without a record would stand.

A key locates, it never owns. Pure; used while deciding.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.core.observed import Present
from mlinfra.core.resource import Connection, Ownership, Resource
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.core.state import Intent
from mlinfra.core.value import Properties, Ref, canonical_json, is_known
from mlinfra.engine.normal import normalise
from mlinfra.engine.standing import Standings
from mlinfra.engine.survey import Survey


class Places:
    """All that was listed, by natural key. Each type is indexed when it is first asked for."""

    def __init__(self, types: Mapping[str, ResourceType], survey: Survey) -> None:
        self._types, self._survey = types, survey
        self._index: dict[tuple[Connection, str], dict[tuple[str, ...], Present]] = {}

    def is_empty(self, resource: Resource) -> bool:
        """Whether nothing of the resource's type was seen, so that it need not be looked for."""
        listing = self._survey.listings.get(resource.connection, {}).get(resource.type)
        return listing is None or not listing.objects

    def locate(self, resource: Resource, desired: Properties) -> Present | None:
        """The object with the key of `desired`, if the type has keys, the key is known and such an object is there."""
        wanted = key_of(self._types[resource.type], desired)
        return None if wanted is None else self._of(resource.connection, resource.type).get(wanted)

    def is_lost(self, resource: Resource, present: Present, ours: Ownership) -> bool:
        """Whether it, or what it lies below, says that it is of the stack's name and another lineage."""
        if present.owner is not None:
            return _is_lost(present, ours)
        kind = self._types[resource.type]
        field = kind.inputs.fields.get(kind.parent)
        if kind.owned_by is not OwnedBy.PARENT or field is None:
            return False
        held = present.properties.get(kind.parent)
        listing = self._survey.listings.get(resource.connection, {}).get(field.refers)
        above = (one for one in (listing.objects if listing is not None else ()) if _is_lost(one, ours))
        return any(held in (one.id, one.properties.get("name"), one.properties.get("arn")) for one in above)

    def _of(self, connection: Connection, token: str) -> dict[tuple[str, ...], Present]:
        place = (connection, token)
        if place not in self._index:
            listing = self._survey.listings.get(connection, {}).get(token)
            objects = listing.objects if listing is not None else ()
            keys = ((key_of(self._types[token], present.properties), present) for present in objects)
            self._index[place] = {key: present for key, present in keys if key is not None}
        return self._index[place]


def _is_lost(present: Present, ours: Ownership) -> bool:
    owner = present.owner
    return owner is not None and owner.stack == ours.stack and owner.lineage != ours.lineage


def key_of(kind: ResourceType, properties: Properties) -> tuple[str, ...] | None:
    """The natural key, normalised; `None` where the type has none or a part is absent or unknown."""
    if kind.identify is not None:
        identity = kind.identify(properties)
        return None if identity is None else (identity,)
    if not kind.key:
        return None
    parts = [properties.get(name) for name in kind.key]
    if any(part is None or not is_known(part) for part in parts):
        return None
    normal = (normalise(kind.inputs.fields[name], part) for name, part in zip(kind.key, parts, strict=True))
    return tuple(part if isinstance(part, str) else canonical_json(part) for part in normal)


def is_ours(
    resource: Resource, kind: ResourceType, present: Present, intent: Intent | None, standings: Standings
) -> bool:
    """Whether our own attempt made it, or it lies below something of ours and cannot bear tags itself."""
    if present.owner is not None:
        return False  # its tags name another address, or another stack
    if intent is not None:
        return True
    match kind.owned_by:
        case OwnedBy.PARENT:
            parent = resource.properties.get(kind.parent)
            standing = standings.current.get(parent.address) if isinstance(parent, Ref) else None
            return standing is not None and standing.record is not None
        case OwnedBy.DERIVED_NAME:
            return kind.name is not None and kind.name.property not in resource.properties
        case OwnedBy.TAGS:
            return False
