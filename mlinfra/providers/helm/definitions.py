"""Definitions: what has become of the kinds that charts brought in their crds/ folders, of which Helm knows nothing.

A release remembers which they were, and for each the fields that we had once it was applied. Whoever edits one takes
those fields over, and that is written down with the object (`managedFields`): so an edit shows without the chart, which
need not be at hand, and without a comparison of contents, which API servers and controllers complete. Only looks.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlinfra.core.errors import AccessDenied
from mlinfra.providers.helm.cluster import Cluster, Object
from mlinfra.providers.helm.marks import Memory, memory_in
from mlinfra.providers.helm.releases import Release, Revision

API, KIND = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
_MANAGER = "mlinfra"  # as the cluster's port applies
_SPEC = "f:spec"
# Whoever runs the webhook that converts objects writes its certificate here, rightly.
_THEIRS = "f:conversion"
_LENGTH = 8
_NOTHING = "-"


def kind_of(definition: Object) -> str:
    """How a release remembers a definition: `group/Kind`."""
    spec = definition["spec"]
    return f"{spec['group']}/{spec['names']['kind']}"


def holding_of(live: Object) -> str:
    """What tells the fields that we have of a definition from any others."""
    fields = _ours(live)
    if not fields:
        return _NOTHING
    text = json.dumps([live["metadata"]["name"], fields], sort_keys=True)
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:_LENGTH].lower()


def lost_kinds(cluster: Cluster, releases: Iterable[Release]) -> dict[str, list[str]]:
    """The kinds that the cluster does not serve any more, in words, by the id of the release.

    The cluster is asked only where a release remembers some.
    """
    brought = {one.last.id: _memory(one.last).definitions for one in releases}
    if not any(brought.values()):
        return {}
    served = {(group, kind) for group, kind in map(_parts, cluster.apis()) if kind}
    return {
        name: [
            f"the kind {kind} of {group} is not there, which its chart defines"
            for group, kind in map(_remembered, kinds)
            if (group, kind) not in served
        ]
        for name, kinds in brought.items()
    }


def edited_kinds(cluster: Cluster, releases: Iterable[Release]) -> dict[str, list[str]]:
    """The kinds whose definition somebody edited, in words, by the id of the release.

    The cluster is asked only where a release remembers what we had. One that is gone is no edited one. Who may read
    releases and not definitions, which no role of a namespace covers, is told all the rest.
    """
    brought = {one.last.id: _held(_memory(one.last)) for one in releases}
    if not any(brought.values()):
        return {}
    try:
        there = {one["metadata"]["name"]: one for one in cluster.metadata(API, KIND)}
    except AccessDenied:
        return {}
    unchanged = {holding_of(one) for one in there.values()}
    return {
        name: [
            sentence
            for kind, holding in kinds.items()
            if holding not in unchanged
            for sentence in _edited(cluster, *_remembered(kind), there)
        ]
        for name, kinds in brought.items()
    }


def _memory(last: Revision) -> Memory:
    memory = memory_in(last.labels)
    return memory if memory.revision == last.number else Memory()


def _held(memory: Memory) -> dict[str, str]:
    """What we had of each kind. Releases of before it was remembered have nothing to be held against."""
    if len(memory.holdings) != len(memory.definitions):
        return {}
    return dict(zip(memory.definitions, memory.holdings, strict=True))


def _edited(cluster: Cluster, group: str, kind: str, there: Mapping[str, Object]) -> Iterator[str]:
    """A sentence for the definition of one kind. Names are made of plurals: which it is, only the whole object says."""
    for name in sorted(name for name in there if name.partition(".")[2] == group):
        live = cluster.get(API, KIND, "", name)
        if live is not None and live["spec"]["names"]["kind"] == kind:
            taken = "".join(f"; {field} is of {who}" for field, who in sorted(_taken(live).items()))
            yield f"the definition of {kind} of {group} is not as its chart has it{taken}"


def _ours(live: Object) -> dict[str, Any]:
    for entry in live["metadata"].get("managedFields") or ():
        if entry.get("manager") == _MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource"):
            spec = (entry.get("fieldsV1") or {}).get(_SPEC) or {}
            return {name: fields for name, fields in spec.items() if name != _THEIRS}
    return {}


def _taken(live: Object) -> dict[str, str]:
    """Which fields others have that we have not, and who."""
    ours, found = _ours(live), {}
    for entry in live["metadata"].get("managedFields") or ():
        for name in ((entry.get("fieldsV1") or {}).get(_SPEC) or {}) if not entry.get("subresource") else ():
            if name.startswith("f:") and name != _THEIRS and name not in ours:
                found[f"spec.{name.removeprefix('f:')}"] = str(entry.get("manager"))
    return found


def _parts(name: str) -> tuple[str, str]:
    """Group and kind of `apps/v1/Deployment`; no kind for a group version alone, or for one without a group."""
    group, *rest = name.split("/")
    return group, rest[1] if len(rest) > 1 else ""


def _remembered(name: str) -> tuple[str, str]:
    group, _, kind = name.rpartition("/")
    return group, kind
