"""Definitions: what the kinds of a plan are defined by: the stack, its charts, the cluster.

`unvalidated` asks, and imports it only where a plan has custom resources. Only looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from mlinfra.core.connections import HELM
from mlinfra.core.errors import ProviderError
from mlinfra.core.plan import Step
from mlinfra.core.resource import Connection, Graph
from mlinfra.core.value import is_known
from mlinfra.documents.schema import Schema
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.kubernetes.definitions import DEFINITION, schemas_in
from mlinfra.providers.kubernetes.served import served_schemas
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.session.connections.cloud import Cloud

_NOBODY_SAYS = "neither the stack nor a chart in this plan brings its definition"


class Found(msgspec.Struct, frozen=True):
    """The schema of a kind, and who says so."""

    schema: Schema
    whose: str


class Definitions:
    """What defines the kinds of a plan. unfound: of the others why, and whether the cluster certainly lacks them."""

    def __init__(self, graph: Graph, steps: Iterable[Step], cloud: Cloud) -> None:
        self._graph, self._steps, self._cloud = graph, steps, cloud
        self.found: dict[Kind, Found] = {}
        self.unfound: dict[Kind, tuple[str, bool]] = {}

    def look_for(self, kinds: dict[Kind, Connection]) -> None:
        """Look in the stack, then in its charts, then in the cluster; only as far as need be."""
        declared = schemas_in(one.properties for one in self._graph if one.type == DEFINITION)
        self._take(declared, kinds, "in this stack")
        for step in self._steps:
            if step.connection.kind == HELM and any(kind not in self.found for kind in kinds):
                self._take(self._in_chart(step), kinds, f"in the chart of {step.address}")
        clusters: dict[Connection, list[Kind]] = {}
        for kind, connection in kinds.items():
            if kind not in self.found:
                clusters.setdefault(connection, []).append(kind)
        for connection, unknown in clusters.items():
            self._ask(connection, unknown)

    def _take(self, schemas: Mapping[Kind, Schema], kinds: Iterable[Kind], whose: str) -> None:
        for kind, schema in schemas.items():
            if kind in kinds:
                self.found.setdefault(kind, Found(schema, whose))

    def _in_chart(self, step: Step) -> Mapping[Kind, Schema]:
        provider = self._cloud.connect(step.connection)
        return schemas_in(provider.definitions(step.properties)) if isinstance(provider, HelmProvider) else {}

    def _ask(self, connection: Connection, kinds: list[Kind]) -> None:
        if not is_known(connection.identity):
            self.unfound |= dict.fromkeys(kinds, (f"{_NOBODY_SAYS}, and there is no cluster yet to ask", False))
            return
        try:
            served = served_schemas(self._cloud.api(connection), kinds)
        except ProviderError as error:
            why = f"{_NOBODY_SAYS}, and the cluster could not be asked: {error}"
            self.unfound |= dict.fromkeys(kinds, (why, False))
            return
        self._take(served, kinds, "in the cluster")
        for kind in kinds:
            if kind not in served:
                self.unfound[kind] = (f"{_NOBODY_SAYS}, and the cluster does not have it", True)
