"""Pinning: before anything is planned, each release says which very chart it is of.

The session calls it on what a stack desires. Whatever that leaves open (a folder that is being edited, a version
without a digest) is settled here, so that the plan shows a chart that changed, its seal covers it, and an apply
installs what was reviewed. Mistakes are found all at once, each with the line that it stands at.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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

_FETCHERS = 8


def pinned(graph: Graph, charts: ChartSource, root: Path) -> Graph:
    """The graph with every release pinned. Raises `ConfigError` with everything that is wrong with them."""
    releases = releases_in(graph)
    if not releases:
        return graph
    found: list[Diagnostic] = []
    table = dict(graph.resources)
    with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="charts") as pool:
        settled = pool.map(lambda resource: _settled(resource, charts, root), releases)
        for resource, answer in zip(releases, settled, strict=True):
            found += _secrets_in(resource)
            if isinstance(answer, ProviderError):
                found.append(_diagnostic(resource, str(answer), answer.code, answer.hint))
            else:
                table[resource.address] = msgspec.structs.replace(resource, properties=answer)
    if found:
        raise ConfigError(found)
    return msgspec.structs.replace(graph, resources=table)


def releases_in(graph: Graph) -> list[Resource]:
    """The releases that a stack desires, by address."""
    return sorted((one for one in graph if one.type == RELEASE), key=lambda one: one.address)


def _settled(resource: Resource, charts: ChartSource, root: Path) -> Properties | ProviderError:
    given = resource.properties
    try:
        chart = charts.chart(reference_of(given, root))
    except ProviderError as error:
        return error
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
