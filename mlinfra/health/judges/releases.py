"""Helm releases whose last revision did not come to its end."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Seen, short

_GOOD = frozenset({"deployed", "superseded", "uninstalled"})


def find(seen: Seen) -> Iterator[Finding]:
    """What each is stuck in."""
    for release in seen.releases:
        namespace = release.id.partition("/")[0]
        if release.status in _GOOD or (seen.namespaces is not None and namespace not in seen.namespaces):
            continue
        failed = release.status == "failed"
        said = f": {short(release.description)}" if release.description else ""
        words = f"its revision {release.number} failed{said}"
        if not failed:
            words = f"its revision {release.number} is {release.status}: whoever was at it was interrupted{said}"
        yield Finding(
            severity=Severity.NOTE if not failed and seen.holder is not None else Severity.BROKEN,
            subject=f"release {release.id}",
            words=words,
            remedy="apply again: mlinfra rolls a release forward from where it stopped",
            because=release.objects.union(*(seen.pods_of(name) for name in release.objects)),
            layer=4,
        )
