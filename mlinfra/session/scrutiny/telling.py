"""Telling: what a reviewer should know of a plan that its changes do not say by themselves.

The session calls it for plans and for comparisons. It changes nothing of what is done. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Plan
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.session.codes import Code
from mlinfra.session.scrutiny.guarded import guarded
from mlinfra.session.scrutiny.major_versions import with_major_versions
from mlinfra.session.scrutiny.one_way import ways_back
from mlinfra.session.scrutiny.renames import with_renames
from mlinfra.session.scrutiny.review import with_idle_names

_GROUP = "aws:eks/nodeGroup:NodeGroup"
# What a managed node group cannot change on a node that runs: it starts new ones, and drains and ends the others (EKS
# user guide, "Understand each phase of node updates", read 2026-11-24).
_OF_NODES = frozenset({"version", "releaseVersion", "launchTemplate"})


def with_words(plan: Plan, stack: Stack, graph: Graph, state: State) -> Plan:
    """The plan, with what is to be said of major versions, ways back, replaced nodes, idle names and likely renames."""
    refused = tuple(ways_back(plan))
    told = [one for one in with_major_versions(plan).diagnostics if not _is_idle(one, refused)]
    plan = msgspec.structs.replace(plan, diagnostics=(*told, *refused, *guarded(plan, state), *_rolling(plan)))
    return with_renames(with_idle_names(plan, stack, graph, state), state)


def pertinent(notes: Iterable[Diagnostic], plan: Plan) -> tuple[Diagnostic, ...]:
    """The notes, but for those on what the plan leaves as it is: they were read when that was made."""
    changed = [change.address for change in plan.pending()]
    return tuple(
        one
        for one in notes
        if one.severity is not Severity.NOTE
        or one.address is None
        or any(address.is_within(one.address) for address in changed)
    )


def _is_idle(one: Diagnostic, refused: tuple[Diagnostic, ...]) -> bool:
    """Whether it warns of a major version that is refused anyway, for being an older one."""
    return one.code == Code.MAJOR_VERSION and one.address in {error.address for error in refused}


def _rolling(plan: Plan) -> Iterator[Diagnostic]:
    for change in plan.changes:
        causes = sorted({str(field.path[0]) for field in change.fields} & _OF_NODES)
        if change.type == _GROUP and change.action is Action.UPDATE and causes:
            yield Diagnostic(
                severity=Severity.NOTE,
                code=Code.NODES_ROLL,
                summary=f"{change.address}: every node is replaced by a new one, a few at a time",
                detail=f"for another {' and '.join(causes)}; pods are evicted as their disruption budgets allow",
                address=change.address,
                source=change.source,
            )
