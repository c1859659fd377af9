"""Brought: the objects that the charts of a stack would bring into its cluster, for rules to look at.

The session asks when it holds a plan to rules. Nothing of this is ever planned, made or recorded.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.connections import HELM
from mlinfra.core.errors import ProviderError
from mlinfra.core.provider import Connect
from mlinfra.core.resource import Graph, Resource


def brought(graph: Graph, connect: Connect) -> tuple[Resource, ...]:
    """Each object under the address and the line of its release; none of a cluster that cannot be entered."""
    return tuple(one for release in graph if release.connection.kind == HELM for one in _of_release(release, connect))


def _of_release(release: Resource, connect: Connect) -> Iterator[Resource]:
    from mlinfra.providers.helm.provider import HelmProvider  # which a stack without charts does not need

    try:
        provider = connect(release.connection)
    except ProviderError:
        return  # what a plan cannot enter, it says elsewhere
    for content in provider.objects(release.properties) if isinstance(provider, HelmProvider) else ():
        group = str(content.get("apiVersion", ""))
        token = f"kubernetes:{group if '/' in group else f'core/{group}'}:{content.get('kind', '')}"
        yield Resource(release.address, token, content, release.connection, source=release.source)
