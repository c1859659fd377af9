"""Readiness: which objects of a release hold it up, and why.

Helm names what it waited for, not the cause. Only looks, and only once something has failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.errors import ProviderError
from mlinfra.documents.stream import UnreadableError
from mlinfra.providers.helm.manifest import read_manifest
from mlinfra.providers.helm.releases import Revision
from mlinfra.providers.helm.work import Work

_MOST = 3  # objects told of


def causes(work: Work, revision: Revision) -> str:
    """What is wrong with the objects of a revision, in a sentence each; empty where nothing shows."""
    try:
        found = list(_causes(work, revision))
    except (ProviderError, UnreadableError):
        return ""  # what Helm said is what matters; this would have been more
    more = f" {len(found) - _MOST} more objects are not ready." if len(found) > _MOST else ""
    return " ".join(found[:_MOST]) + more


def is_well(work: Work, revision: Revision) -> bool:
    """Whether nothing is wrong with the objects of a revision; not where they cannot be read."""
    try:
        return not list(_causes(work, revision))
    except (ProviderError, UnreadableError):
        return False


def _causes(work: Work, revision: Revision) -> Iterator[str]:
    texts = [revision.manifest, *(str(hook.get("manifest") or "") for hook in revision.hooks)]
    for piece in (piece for text in texts for piece in read_manifest(text, revision.namespace)):
        live = work.cluster.get(piece.api_version, piece.kind, piece.namespace, piece.name)
        if live is not None and (said := work.cluster.trouble(live)):
            yield f"{piece.title}: {said}."
