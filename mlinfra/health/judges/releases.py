"""Helm releases whose last revision did not come to its end, and those whose kinds somebody deleted."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Release, Seen, short

_GOOD = frozenset({"deployed", "superseded", "uninstalled"})


def find(seen: Seen) -> Iterator[Finding]:
    """What each is stuck in."""
    for release in seen.releases:
        namespace = release.id.partition("/")[0]
        if seen.namespaces is not None and namespace not in seen.namespaces:
            continue
        yield from _lost(release)
        if release.status in _GOOD:
            continue
        failed = release.status == "failed"
        said = f": {short(release.description)}" if release.description else ""
        words = f"its revision {release.number} failed{said}"
        if not failed:
            words = f"its revision {release.number} is {release.status}: whoever was at it was interrupted{said}"
        busy = not failed and seen.holder is not None
        if busy:
            words = f"its revision {release.number} is {release.status}: whoever holds the lock is at it"
        yield Finding(
            severity=Severity.NOTE if busy else Severity.BROKEN,
            subject=f"release {release.id}",
            words=words,
            remedy="" if busy else "apply again: mlinfra rolls a release forward from where it stopped",
            because=release.objects.union(*(seen.pods_of(name) for name in release.objects)),
            layer=4,
        )


def _lost(release: Release) -> Iterator[Finding]:
    """Its programs run on, and nobody can say to them what they are to do."""
    for sentence in release.lost:
        yield Finding(
            severity=Severity.BROKEN,
            subject=f"release {release.id}",
            words=f"{sentence}: somebody deleted the definition, and with it all objects of the kind",
            remedy="apply brings the definition back (mlinfra drift shows it); its objects, whoever makes them",
            layer=2,
        )
