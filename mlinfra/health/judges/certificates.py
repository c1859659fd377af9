"""Certificates of cert-manager that were not issued, or are about to end."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Live, Seen, condition, counted, short, subject_of

_SOON = 7 * 86_400.0  # seconds; cert-manager renews when a third of the time is left
_SEE = "its issuer says why: see the certificate's request, and its order where there is one"
_ISSUING = 300.0  # seconds that a challenge may take from the certificate's beginning


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    for live in seen.each("Certificate"):
        if told := _why(seen, live):
            severity, words = told
            yield Finding(
                severity=severity,
                subject=subject_of("Certificate", live),
                words=words,
                remedy="" if severity is Severity.NOTE else _SEE,
                layer=4,
            )


def _why(seen: Seen, live: Live) -> tuple[Severity, str] | None:
    left = -seen.age((live.get("status") or {}).get("notAfter"))
    ready = condition(live, "Ready")
    if left < 0:
        return Severity.BROKEN, "it has ended, and was not renewed"
    if ready.get("status") == "False" and seen.age(live["metadata"].get("creationTimestamp")) < _ISSUING:
        return Severity.NOTE, f"it is being issued: {short(ready.get('message')) or ready.get('reason')}"
    if ready.get("status") == "False":
        return Severity.BROKEN, f"it is not issued: {short(ready.get('message')) or ready.get('reason')}"
    if 0 < left < _SOON:
        days = int(left // 86_400)
        ends = counted(days, "day") if days else counted(int(left // 3600), "hour")
        return Severity.WARNING, f"it ends in {ends}, and was not renewed"
    return None
