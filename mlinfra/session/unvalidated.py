"""Custom resources: held against their definitions where the stack declares these, and said to be unvalidated else.

The session calls it on a plan before anything is done. On the first day no cluster is there to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError
from mlinfra.core.plan import Plan, Step
from mlinfra.core.resource import Graph
from mlinfra.documents.schema import Schema
from mlinfra.providers.kubernetes.definitions import DEFINITION, complaints, schemas_in
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import built_in
from mlinfra.session.codes import Code


def held_against_definitions(plan: Plan, graph: Graph, makes: Iterable[Step]) -> Plan:
    """The plan, with a note on each kind that has no schema. Raises `ConfigError` for what a definition refuses.

    makes: what is made in clusters.
    """
    kinds = [(step, Kind.of(step.type)) for step in makes]
    custom = [(step, kind) for step, kind in kinds if built_in(kind.api_version, kind.name) is None]
    if not custom:
        return plan
    schemas = schemas_in(one.properties for one in graph if one.type == DEFINITION)
    if refused := list(_refused(custom, schemas, graph)):
        raise ConfigError(refused)
    unknown = sorted({kind for _, kind in custom if kind not in schemas}, key=str)
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *map(_note, unknown)))


def _refused(custom: Iterable[tuple[Step, Kind]], schemas: Mapping[Kind, Schema], graph: Graph) -> Iterator[Diagnostic]:
    for step, kind in custom:
        if kind not in schemas:
            continue
        for complaint in complaints(schemas[kind], step.properties):
            yield Diagnostic(
                code=Code.REFUSED_PROPERTY,
                summary=f"{step.address}: {complaint}",
                address=step.address,
                source=graph.resources[step.address].source if step.address in graph.resources else None,
                hint=f"the definition of {kind.name} in this stack says so",
            )


def _note(kind: Kind) -> Diagnostic:
    return Diagnostic(
        severity=Severity.NOTE,
        code=Code.UNVALIDATED,
        summary=f"{kind.name} of {kind.api_version} is planned unvalidated: the stack does not declare its definition",
        detail="The API validates it when it is applied, and refuses what it does not know.",
    )
