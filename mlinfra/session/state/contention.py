"""Contention: whether what looks like the remains of a lost state is what another run is making right now.

The session asks it of each plan. Reading the state, and then the cloud, takes no lock: a run that began meanwhile has
made objects that the state as it was read does not know.
"""

from __future__ import annotations

from mlinfra.core.backend import StateBackend
from mlinfra.core.errors import LockHeld
from mlinfra.core.plan import Plan
from mlinfra.engine.codes import Code as EngineCode
from mlinfra.state.codes import Code


def alone(plan: Plan, backend: StateBackend) -> Plan:
    """`plan`, where nothing was taken for lost that another run makes. Raises `LockHeld` otherwise."""
    if not any(one.code == EngineCode.STATE_LOST for one in plan.diagnostics):
        return plan
    name, holder = plan.ownership.stack, backend.holder()
    if holder is not None:
        raise LockHeld(
            f"{name} is locked by {holder.who} for {holder.purpose} since {holder.since:%Y-%m-%d %H:%M:%S} UTC "
            f"(token {holder.token}), and has changed while this run was reading",
            code=Code.LOCK_HELD,
            hint="wait until it is done, and run the same command again",
        )
    state = backend.read()
    if state is not None and state.lineage != plan.ownership.lineage:
        raise LockHeld(
            f"another run has made {name} while this run was reading",
            code=Code.LOCK_HELD,
            hint="run the same command again",
        )
    return plan
