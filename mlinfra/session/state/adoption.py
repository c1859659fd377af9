"""Adoption: an object that exists already is found and shown to be free, before a plan takes it over."""

from __future__ import annotations

from mlinfra.core.errors import Conflict, NotFound
from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Target
from mlinfra.core.resource import Ownership, Resource
from mlinfra.core.state import State
from mlinfra.session.codes import Code
from mlinfra.session.connections.cloud import Cloud


def find_free(cloud: Cloud, resource: Resource, ownership: Ownership, state: State, id: str) -> Present:
    """The object `id`, to become `resource`. Raises `NotFound`, and `Conflict` where the address has one already."""
    record = state.records.get(resource.address)
    if record is not None and record.id != id:
        raise Conflict(
            f"{resource.address} is {record.id} already",
            code=Code.ADDRESS_HELD,
            hint="declare another entry for it, or `mlinfra state forget` the one that is there",
        )
    owner = Owner.under(ownership, resource.address, 1, protect=resource.lifecycle.protect)
    found = cloud.connect(resource.connection).find(
        Target(address=resource.address, type=resource.type, owner=owner, id=id)
    )
    if not isinstance(found, Present):
        raise NotFound(f"there is no {resource.type} {id} to adopt", hint="check the id, the account and the region")
    return found
