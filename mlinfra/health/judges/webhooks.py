"""Webhooks and API services that nobody answers behind: while it is so, what they admit cannot be written."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Live, Seen, condition, short


def find(seen: Seen) -> Iterator[Finding]:
    """What each blocks."""
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        for live in seen.objects.get(kind, ()):
            yield from list(_of(seen, kind, live))[:1]
    for live in seen.objects.get("APIService", ()):
        available = condition(live, "Available")
        service = (live.get("spec") or {}).get("service")
        if service and available.get("status") == "False":
            yield Finding(
                severity=Severity.BROKEN,
                subject=f"APIService {live['metadata']['name']}",
                words=f"the server behind it does not answer: {short(available.get('message'))}",
                remedy="mend its pods, or delete it if its program is gone: until then no namespace can be deleted",
                because=seen.pods_behind(service["namespace"], service["name"]),
                layer=4,
            )


def _of(seen: Seen, kind: str, live: Live) -> Iterator[Finding]:
    for webhook in live.get("webhooks") or ():
        service = (webhook.get("clientConfig") or {}).get("service")
        if not service or _answered(seen, service["namespace"], service["name"]):
            continue
        where = f"{service['namespace']}/{service['name']}"
        blocking = webhook.get("failurePolicy", "Fail") == "Fail"
        kinds = sorted({name for rule in webhook.get("rules") or () for name in rule.get("resources") or ()})
        effect = f"{', '.join(kinds) or 'what it admits'} cannot be written" if blocking else "it is passed over"
        yield Finding(
            severity=Severity.BROKEN if blocking else Severity.WARNING,
            subject=f"{kind} {live['metadata']['name']}",
            words=f"nobody answers behind it (service {where}): {effect}",
            remedy="mend the pods of that service; if its program is gone, delete the configuration that it left",
            because=seen.pods_behind(service["namespace"], service["name"]),
            layer=1 if blocking else 4,
        )


def _answered(seen: Seen, namespace: str, service: str) -> bool:
    for found in seen.objects.get("EndpointSlice", ()):
        metadata = found["metadata"]
        named = (metadata.get("labels") or {}).get("kubernetes.io/service-name") == service
        if named and metadata.get("namespace") == namespace:
            for endpoint in found.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready") is not False:
                    return True
    return False
