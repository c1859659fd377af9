"""Guarded objects: what AWS itself refuses to delete while its own protection is on, found before it is replaced.

A replacement that creates first makes the new one, and fails at the old one. Called for plans and comparisons. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Plan
from mlinfra.core.state import State
from mlinfra.session.codes import Code

# RDS API reference, ModifyDBInstance, DeletionProtection; Amazon EKS user guide, "Protect EKS clusters from accidental
# deletion" (read 2026-11-25): the API refuses to delete what has it set.
_GUARD = "deletionProtection"
_TYPES = frozenset({"aws:rds/instance:Instance", "aws:rds/cluster:Cluster", "aws:eks/cluster:Cluster"})


def guarded(plan: Plan, state: State) -> Iterator[Diagnostic]:
    """A warning for each object whose replacement AWS would refuse to carry out to its end."""
    for change in plan.changes:
        record = state.records.get(change.address)
        if change.action is not Action.REPLACE or change.type not in _TYPES or record is None:
            continue
        if (record.inputs or record.outputs).get(_GUARD) is True:
            yield Diagnostic(
                severity=Severity.WARNING,
                code=Code.GUARDED,
                summary=f"{change.address}: AWS refuses to delete the old one until its {_GUARD} is lifted",
                address=change.address,
                source=change.source,
                hint=f"set {_GUARD} to false and apply that alone first, then make this change",
            )
