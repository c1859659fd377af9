"""Observation: a release as the engine sees it: what is stored of it, under the names of its type.

Where something stands in the way of its being what it should be, `manifest` says so: it is desired to be empty, so
that an interrupted call, somebody else's revision and objects that were edited by hand are drift like any other.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.core.observed import Present
from mlinfra.core.value import Properties
from mlinfra.documents.stream import UnreadableError
from mlinfra.providers.helm.manifest import read_manifest
from mlinfra.providers.helm.marks import memory_in, owner_in
from mlinfra.providers.helm.mending import plight_of
from mlinfra.providers.helm.releases import DEPLOYED, Release, Revision


def present_of(release: Release, drift: Iterable[str] = (), kubernetes: str = "") -> Present:
    """The release. `drift`: what its objects have become, in a sentence each. `kubernetes`: the cluster's version."""
    last = release.last
    return Present(
        id=last.id,
        properties=_properties(last, [*_standing(last), *_ageing(last, kubernetes), *drift]),
        owner=owner_in(last.labels),
        version=str(last.number),
        plight=plight_of(release),
    )


def _properties(last: Revision, wrong: list[str]) -> Properties:
    memory = memory_in(last.labels)
    pin = f"@sha256:{memory.digest}" if memory.digest and memory.revision == last.number else ""
    return {
        "id": last.id,
        "name": last.name,
        "namespace": last.namespace,
        "version": f"{last.version}{pin}",
        "values": dict(last.values),
        "manifest": wrong or {},
        "status": {
            "status": last.status,
            "revision": last.number,
            "chart": last.chart,
            "version": last.version,
            "appVersion": last.app_version,
            "name": last.name,
            "namespace": last.namespace,
        },
        "resourceNames": _names(last),
    }


def _standing(last: Revision) -> list[str]:
    """What is wrong with the release itself."""
    if last.broken:
        return [f"revision {last.number}: {last.broken}"]
    if last.status != DEPLOYED:
        said = f": {last.description}" if last.status == "failed" and last.description else ""
        return [f"revision {last.number} is {last.status}{said}"]
    if owner_in(last.labels) is not None and memory_in(last.labels).revision != last.number:
        return [f"revision {last.number} was made by somebody else"]
    return []


def _ageing(last: Revision, kubernetes: str) -> list[str]:
    """What has become of the cluster since the chart was rendered, where the chart cares."""
    memory = memory_in(last.labels)
    if not kubernetes or memory.revision != last.number or memory.kubernetes in ("", kubernetes):
        return []
    return [f"it was rendered for Kubernetes {memory.kubernetes}; the cluster has {kubernetes} by now"]


def _names(last: Revision) -> dict[str, list[str]]:
    """The names of its objects by kind, in the form of Pulumi's `resourceNames`."""
    found: dict[str, set[str]] = {}
    try:
        for piece in read_manifest(last.manifest, last.namespace):
            name = f"{piece.namespace}/{piece.name}" if piece.namespace else piece.name
            found.setdefault(f"{piece.kind}.{piece.api_version}", set()).add(name)
    except UnreadableError:
        return {}  # as it was stored, so it was installed; only the list of names is lost
    return {kind: sorted(names) for kind, names in sorted(found.items())}
