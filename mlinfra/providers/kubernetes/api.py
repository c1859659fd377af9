"""The API of one cluster: objects by kind and id, over a client and its discovery.

What reads, writes, waits and drains shares one. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.core.clock import Clock
from mlinfra.core.errors import NotFound
from mlinfra.providers.kubernetes.answers import list_of, object_of, one_of
from mlinfra.providers.kubernetes.client import METADATA, Client, Object
from mlinfra.providers.kubernetes.discovery import Discovery, Place
from mlinfra.providers.kubernetes.token import Kind


class Api:
    """One cluster's objects. Safe to share between threads."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client, self.clock = client, clock
        self.discovery = Discovery(client)

    def get(self, place: Place, id: str) -> Object | None:
        """One object; `None` where there is none, or no namespace for it."""
        try:
            form = object_of(place.kind, place.split(id)[1])
            return self.client.get(place.path(id), f"reading {place.kind.name} {id}", form)
        except NotFound:
            return None

    def each(self, place: Place, *, namespace: str = "", **query: str) -> Iterator[Object]:
        """All objects of a kind, in one namespace or in all; `labelSelector` and `fieldSelector` choose."""
        where = f" in {namespace}" if namespace else ""
        form = list_of(place.kind)
        yield from self.client.pages(place.collection(namespace), f"listing {place.plural}{where}", form, query)

    def metadata(self, place: Place) -> Iterator[Object]:
        """All objects of a kind, without what they are to be and what they are."""
        form = one_of("PartialObjectMetadataList", f"{place.kind.name}List")
        yield from self.client.pages(place.collection(""), f"listing {place.plural}", form, accept=METADATA)

    def find(self, kind: Kind) -> Place | None:
        """Where the objects of a kind stand; `None` where the API does not have it."""
        try:
            return self.discovery.place(kind, look_again=False)
        except NotFound:
            return None

    def related(self, kind: Kind, namespace: str, **query: str) -> list[Object]:
        """Objects that belong to another one; none where they are not there."""
        place = self.find(kind)
        try:
            return list(self.each(place, namespace=namespace, **query)) if place is not None else []
        except NotFound:
            return []


def uid_of(live: Any) -> str:
    """What tells an object from every other, also from a later one of its name."""
    return str((live.get("metadata") or {}).get("uid", ""))
