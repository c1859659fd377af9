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
from mlinfra.providers.helm.cluster import Object
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.definitions import API, KIND, holding_of, kind_of
from mlinfra.providers.helm.failures import unrendered
from mlinfra.providers.helm.helm import HelmError
from mlinfra.providers.helm.manifest import read_templates
from mlinfra.providers.helm.rehearsal import Rehearsal
from mlinfra.providers.helm.work import Means, Work

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
    return [item for item in found if item.get("kind") == KIND]


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
    live = _await(work, [item["metadata"]["name"] for item in objects if item.get("kind") == KIND])
    held = {kind_of(one): holding_of(one) for one in live}
    work.definitions, work.holdings = tuple(sorted(held)), tuple(held[kind] for kind in sorted(held))


def _await(work: Work, names: Iterable[str]) -> list[Object]:
    """The definitions, once all are established."""
    deadline, found = work.clock.monotonic() + _PATIENCE, []
    for name in names:
        while not is_established(live := work.cluster.get(API, KIND, "", name) or {}):
            if work.clock.monotonic() > deadline:
                waited = waited_text(work.clock, _PATIENCE)
                text = f"the definition {name} of release {work.id} is not established after {waited}"
                raise ProviderError(text, code=Code.NOT_READY, hint=f"kubectl describe crd {name} says why")
            work.operation.check()
            work.clock.sleep(_POLL)
        found.append(live)
    return found


def is_established(crd: Mapping[str, Any]) -> bool:
    """Whether objects of its kind can be made."""
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Established" and one.get("status") == "True" for one in conditions)
