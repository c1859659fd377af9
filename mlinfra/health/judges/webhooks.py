"""Webhooks and API services that nobody answers behind: while it is so, what they admit cannot be written."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.rollouts import are_starting
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
            behind = seen.pods_behind(service["namespace"], service["name"])
            coming = are_starting(seen, behind)
            remedy = "mend its pods, or delete it if its program is gone: until then no namespace can be deleted"
            yield Finding(
                severity=Severity.WARNING if coming else Severity.BROKEN,
                subject=f"APIService {live['metadata']['name']}",
                words="the server behind it does not answer"
                + (" yet: its pods are starting" if coming else f": {short(available.get('message'))}"),
                remedy="" if coming else remedy,
                because=behind,
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
        behind = seen.pods_behind(service["namespace"], service["name"])
        coming = are_starting(seen, behind)
        remedy = "mend the pods of that service; if its program is gone, delete the configuration that it left"
        who = f"service {where}, whose pods are starting" if coming else f"service {where}"
        yield Finding(
            severity=Severity.BROKEN if blocking and not coming else Severity.WARNING,
            subject=f"{kind} {live['metadata']['name']}",
            words=f"nobody answers behind it ({who}): {effect}{_where(webhook) if blocking else ''}",
            remedy="" if coming else remedy,
            because=behind,
            layer=1 if blocking else 4,
        )


def _where(webhook: Live) -> str:
    """In which namespaces, where it is not asked about all: ` in namespaces with team=ml`."""
    labels = ((webhook.get("namespaceSelector") or {}).get("matchLabels") or {}).items()
    return f" in namespaces with {' and '.join(f'{key}={value}' for key, value in sorted(labels))}" if labels else ""


def _answered(seen: Seen, namespace: str, service: str) -> bool:
    for found in seen.objects.get("EndpointSlice", ()):
        metadata = found["metadata"]
        named = (metadata.get("labels") or {}).get("kubernetes.io/service-name") == service
        if named and metadata.get("namespace") == namespace:
            for endpoint in found.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready") is not False:
                    return True
    return False
