"""Rebuilding: a lost state, made again from what the cloud shows.

Tags say whose an object is; children without tags are taken back below parents that are ours. The records get the
inputs that the stack declares wherever the cloud agrees with it, so that the next plan is empty.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mlinfra.core.facts import Facts
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.state import State
from mlinfra.engine.rebuild import rebuild
from mlinfra.engine.refresh import refresh
from mlinfra.engine.survey import survey
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.state.inventory import Owned


class Rebuilt(msgspec.Struct, frozen=True):
    """What was found: a state, of the first of `lineages`. Several lineages cannot be taken up."""

    state: State
    lineages: tuple[str, ...]


def rebuilt_from(stack: str, owned: Iterable[Owned], cloud: Cloud, graph: Graph, facts: Facts) -> Rebuilt:
    """Look at everything that bears the stack's name and make the state that would have made it."""
    lineages = tuple(sorted({row.lineage for row in owned}))
    ownership = Ownership(stack, lineages[0] if lineages else "")
    empty = State(stack=stack, lineage=ownership.lineage, facts=msgspec.to_builtins(facts))
    if len(lineages) != 1:
        return Rebuilt(empty, lineages)
    listings = refresh(
        graph,
        empty,
        cloud.connect,
        cloud.types,
        ownership,
        cloud.region,
        everything=True,
        roots=[cloud.connection],
    )
    return Rebuilt(rebuild(graph, empty, survey(empty, listings, ownership), cloud.types, cloud.region), lineages)
