"""Pinning: facts are read at first use and kept in the state; only on request are they read again."""

from __future__ import annotations

import msgspec

from mlinfra.core.facts import Facts, Wants
from mlinfra.core.state import State
from mlinfra.session.connections.cloud import Cloud


def pinned(state: State, wanted: Wants, cloud: Cloud, *, again: bool) -> Facts:
    """The facts of `state`; read where it has none, or `again`, or as far as it lacks what is wanted."""
    if not state.facts or again:
        return cloud.facts(wanted)
    facts = msgspec.convert(state.facts, Facts)
    cloud.recall(facts)
    lacking = _lacking(wanted, facts)
    if lacking == Wants():
        return facts
    more = cloud.facts(lacking)
    return msgspec.structs.replace(
        facts,
        instance_types={**more.instance_types, **facts.instance_types},
        images={**more.images, **facts.images},
        addons={**more.addons, **facts.addons},
        reservations={**more.reservations, **facts.reservations},
    )


def _lacking(wanted: Wants, facts: Facts) -> Wants:
    """What of it is not pinned. Of a version that is new to the stack, images and add-ons are those of today."""
    known = wanted.images <= facts.instance_types.keys()  # of others it is not known which image they take
    images = wanted.images if not (known and wanted.image_keys(facts) <= facts.images.keys()) else frozenset[str]()
    addons = wanted.addons if not wanted.addon_keys(facts) <= facts.addons.keys() else frozenset[str]()
    return Wants(
        instance_types=(wanted.instance_types | wanted.images) - facts.instance_types.keys(),
        images=images,
        versions=wanted.versions if images or addons else frozenset(),
        addons=addons,
        reservations=wanted.reservations - facts.reservations.keys(),
    )
