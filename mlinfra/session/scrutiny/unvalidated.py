"""Custom resources: held against whatever defines them, and said to be unvalidated where nothing does.

Their definitions are looked for in the order in which they will hold once the plan is applied: those that the stack
declares, those of the charts that the plan installs or upgrades, those that the cluster serves. The session calls it on
a plan before anything is done. On the first day no cluster is there to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlinfra.core.connections import KUBERNETES
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Step
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Positions
from mlinfra.providers.kubernetes.definitions import complaints
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import built_in
from mlinfra.session.codes import Code
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.scrutiny.pointing import source_of

if TYPE_CHECKING:
    from mlinfra.session.scrutiny.definitions import Found

_BRING_IT = "declare its definition, or the chart that brings it, unless something else installs it in time"


def against_definitions(
    graph: Graph, makes: Iterable[Step], cloud: Cloud, positions: Positions
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What definitions refuse of the custom resources that are made; and a note on each kind that has no schema."""
    steps = list(makes)
    custom = [(step, Kind.of(step.type)) for step in steps if step.connection.kind == KUBERNETES]
    custom = [(step, kind) for step, kind in custom if built_in(kind.api_version, kind.name) is None]
    if not custom:
        return [], []
    from mlinfra.session.scrutiny.definitions import Definitions

    definitions = Definitions(graph, steps, cloud)
    definitions.look_for({kind: step.connection for step, kind in custom})
    notes = [_note(kind, why, missing=missing) for kind, (why, missing) in sorted(definitions.unfound.items(), key=str)]
    return list(_refused(custom, definitions.found, graph, positions)), notes


def _refused(
    custom: Iterable[tuple[Step, Kind]], found: dict[Kind, Found], graph: Graph, positions: Positions
) -> Iterator[Diagnostic]:
    for step, kind in custom:
        if kind not in found:
            continue
        for complaint in complaints(found[kind].schema, step.properties):
            yield Diagnostic(
                code=Code.REFUSED_PROPERTY,
                summary=f"{step.address}: {complaint}",
                address=step.address,
                source=source_of(graph.resources.get(step.address), complaint, positions),
                hint=f"the definition of {kind.name} {found[kind].whose} says so",
            )


def _note(kind: Kind, why: str, *, missing: bool) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING if missing else Severity.NOTE,
        code=Code.UNVALIDATED,
        summary=f"{kind.name} of {kind.api_version} is planned unvalidated: {why}",
        detail="" if missing else "The API validates it when it is applied, and refuses what it does not know.",
        hint=_BRING_IT if missing else "",
    )
