"""Pinning: before anything is planned, each release says which very chart it is of.

The session calls it on what a stack desires. Whatever that leaves open (a folder that is being edited, a version
without a digest) is settled here, so that the plan shows a chart that changed, its seal covers it, and an apply
installs what was reviewed. Mistakes are found all at once, each with the line that it stands at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError, ProviderError
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.value import Properties, path_text
from mlinfra.providers.helm.charts import ChartSource
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.reference import reference_of
from mlinfra.providers.helm.release_type import RELEASE
from mlinfra.providers.helm.validation import SECRET_HINT, secret_paths


def pinned(graph: Graph, charts: ChartSource, root: Path) -> Graph:
    """The graph with every release pinned. Raises `ConfigError` with everything that is wrong with them."""
    releases = releases_in(graph)
    if not releases:
        return graph
    found: list[Diagnostic] = []
    table = dict(graph.resources)
    for resource in releases:
        found += _secrets_in(resource)
        try:
            table[resource.address] = msgspec.structs.replace(resource, properties=_settled(resource, charts, root))
        except ProviderError as error:
            found.append(_diagnostic(resource, str(error), error.code, error.hint))
    if found:
        raise ConfigError(found)
    return msgspec.structs.replace(graph, resources=table)


def releases_in(graph: Graph) -> list[Resource]:
    """The releases that a stack desires, by address."""
    return sorted((one for one in graph if one.type == RELEASE), key=lambda one: one.address)


def _settled(resource: Resource, charts: ChartSource, root: Path) -> Properties:
    chart = charts.chart(reference_of(resource.properties, root))
    given = resource.properties
    # An empty manifest: nothing may stand in the way of the objects being as the release has them.
    return {"namespace": "default", **given, "version": chart.pin, "manifest": {}}


def _secrets_in(resource: Resource) -> Iterator[Diagnostic]:
    for path in secret_paths(resource.properties.get("values") or {}):
        text = f"{resource.address}: {path_text(('values', *path))} is a secret"
        yield _diagnostic(resource, text, Code.SECRET_IN_VALUES, SECRET_HINT)


def _diagnostic(resource: Resource, summary: str, code: str, hint: str) -> Diagnostic:
    if not summary.startswith(resource.address):
        summary = f"{resource.address}: {summary}"
    return Diagnostic(code=code, summary=summary, address=resource.address, source=resource.source, hint=hint)
