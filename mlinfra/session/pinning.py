"""Pinning: facts are read at first use and kept in the state; only on request are they read again."""

from __future__ import annotations

import msgspec

from mlinfra.core.facts import Facts, Wants
from mlinfra.core.state import State
from mlinfra.session.cloud import Cloud


def pinned(state: State, wanted: Wants, cloud: Cloud, *, again: bool) -> Facts:
    """The facts of `state`; read where it has none, or `again`, or as far as it lacks what is wanted."""
    if not state.facts or again:
        return cloud.facts(wanted)
    facts = msgspec.convert(state.facts, Facts)
    missing = (wanted.instance_types | wanted.images) - facts.instance_types.keys()
    unplaced = wanted.reservations - facts.reservations.keys()
    if not missing and not unplaced and wanted.image_keys(facts) <= facts.images.keys():
        return facts
    more = cloud.facts(Wants(missing, wanted.images, wanted.versions, unplaced))
    return msgspec.structs.replace(
        facts,
        instance_types={**more.instance_types, **facts.instance_types},
        images={**more.images, **facts.images},
        reservations={**more.reservations, **facts.reservations},
    )
