"""CRDs of charts: what stands in their crds/ folders.

Helm installs them once, never upgrades and never removes them. Here they are applied before each install and upgrade,
so that they are as new as the chart that needs them, and waited for; they stay when the release goes, since with them
every object of their kind would go, of whoever it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlinfra.core.clock import waited_text
from mlinfra.core.errors import ProviderError
from mlinfra.core.value import Properties
from mlinfra.documents.stream import UnreadableError, read_stream
from mlinfra.providers.helm.chart import brings_crds, broken
from mlinfra.providers.helm.cluster import Cluster, Object
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.failures import unrendered
from mlinfra.providers.helm.helm import HelmError
from mlinfra.providers.helm.manifest import read_templates
from mlinfra.providers.helm.marks import memory_in
from mlinfra.providers.helm.rehearsal import Rehearsal
from mlinfra.providers.helm.releases import Release, Revision
from mlinfra.providers.helm.work import Means, Work

_API, _KIND = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
_POLL = 0.5  # seconds
_PATIENCE = 60.0


def read_crds(texts: Mapping[str, str]) -> list[Object]:
    """The objects in crds/ files, by path. Raises `InvalidRequest` where one cannot be read."""
    found: list[Object] = []
    for path, text in sorted(texts.items()):
        try:
            found += [document for document in read_stream(text) if isinstance(document, dict)]
        except UnreadableError as error:
            raise broken(path, str(error)) from error
    return found


def definitions_of(means: Means, properties: Properties) -> list[Properties]:
    """The CRDs that a release would bring, in its chart's crds/ folders and among its objects; none if it fails."""
    rehearsal = Rehearsal(means, properties)
    try:
        rendering = rehearsal.render(check=False)
        pieces = read_templates(rendering.templates, rehearsal.namespace)
        found = [*read_crds(rendering.crds), *(piece.content for piece in pieces)]
    except (HelmError, UnreadableError, ProviderError):
        return []  # what is wrong with it is said where the release itself is looked at
    return [item for item in found if item.get("kind") == _KIND]


def apply_crds(work: Work) -> None:
    """Apply the chart's CRDs, unless they are somebody else's affair, and wait until they are established."""
    if work.flag("skipCrds") or not brings_crds(work.chart):
        return
    try:
        rendering = work.helm.render(work.wish(0), work.capabilities, upgrade=False)
    except HelmError as error:
        raise unrendered(work.id, str(error)) from error
    objects = read_crds(rendering.crds)
    if not objects:
        return
    work.operation.say("applying the kinds that the chart defines")
    for item in objects:
        work.operation.fence()
        work.cluster.apply(item)
    definitions = [item for item in objects if item.get("kind") == _KIND]
    _await(work, [item["metadata"]["name"] for item in definitions])
    work.definitions = tuple(sorted({f"{one['spec']['group']}/{one['spec']['names']['kind']}" for one in definitions}))


def lost_kinds(cluster: Cluster, releases: Iterable[Release]) -> dict[str, list[str]]:
    """The kinds that charts brought in their crds/ folders and that the cluster does not serve any more, in words.

    By the id of the release. Told from what a revision remembers; the cluster is asked only where one does.
    """
    brought = {one.last.id: _remembered(one.last) for one in releases}
    if not any(brought.values()):
        return {}
    served = {(group, kind) for group, kind in map(_kind_of, cluster.apis()) if kind}
    return {
        name: [_lost(one) for one in kinds if tuple(one.rpartition("/")[::2]) not in served]
        for name, kinds in brought.items()
    }


def _remembered(last: Revision) -> tuple[str, ...]:
    memory = memory_in(last.labels)
    return memory.definitions if memory.revision == last.number else ()


def _kind_of(name: str) -> tuple[str, str]:
    """Group and kind of `apps/v1/Deployment`; no kind for a group version alone, or for one without a group."""
    group, *rest = name.split("/")
    return group, rest[1] if len(rest) > 1 else ""


def _lost(name: str) -> str:
    group, _, kind = name.rpartition("/")
    return f"the kind {kind} of {group} is not there, which its chart defines"


def _await(work: Work, names: Iterable[str]) -> None:
    deadline = work.clock.monotonic() + _PATIENCE
    for name in names:
        while not is_established(work.cluster.get(_API, _KIND, "", name) or {}):
            if work.clock.monotonic() > deadline:
                waited = waited_text(work.clock, _PATIENCE)
                text = f"the definition {name} of release {work.id} is not established after {waited}"
                raise ProviderError(text, code=Code.NOT_READY, hint=f"kubectl describe crd {name} says why")
            work.operation.check()
            work.clock.sleep(_POLL)


def is_established(crd: Mapping[str, Any]) -> bool:
    """Whether objects of its kind can be made."""
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Established" and one.get("status") == "True" for one in conditions)
