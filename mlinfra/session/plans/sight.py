"""Sight: a look at the cloud, and what a plan was made from, so that an apply that follows at once need not look again.

The session keeps the last one. It serves the very plan that it was made for, for a few seconds, while the state is the
same under the lock: whoever of ours acted in between would have left something in the state.
"""

from __future__ import annotations

import msgspec

from mlinfra.core.clock import Clock
from mlinfra.core.plan import Plan, Step
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.state import State
from mlinfra.engine.refresh import refresh
from mlinfra.engine.survey import Survey, survey
from mlinfra.session.connections.cloud import Cloud

_FRESH = 10.0  # seconds: a walk takes longer than that to come to its later steps, which nobody looks at again either


class Sight(msgspec.Struct, frozen=True):
    """The survey of a plan, and the state that it was held against. since: when looking began, in monotonic seconds."""

    seal: str
    state: State
    seen: Survey
    since: float


def still_seen(sight: Sight | None, plan: Plan, state: State, clock: Clock) -> Survey | None:
    """What was seen, where a look at what `plan` touches would only repeat it; `None` where one is due."""
    if sight is None or plan.seal.digest != sight.seal or clock.monotonic() - sight.since >= _FRESH:
        return None
    same = msgspec.structs.replace(state, serial=sight.state.serial) == sight.state  # a first state has been written
    return sight.seen if same else None


def look(
    cloud: Cloud,
    graph: Graph,
    state: State,
    ownership: Ownership,
    *,
    everything: bool = False,
    steps: tuple[Step, ...] = (),
) -> Survey:
    """What there is in the cloud of what concerns the stack; `everything` that bears its name, where it is to go."""
    listings = refresh(
        graph,
        state,
        cloud.connect,
        cloud.types,
        ownership,
        cloud.region,
        everything=everything,
        roots=[cloud.connection] if everything else [],
        steps=steps,
    )
    return survey(state, listings, ownership)
