"""Endpoints: what a stack says of each, beside what was seen of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.endpoint import Endpoint, Standing
from mlinfra.core.health import Health
from mlinfra.health.replicas import replicas_of
from mlinfra.health.seen import Live, Seen

SECTION = "endpoints"
_SERVING = ("Deployment", "StatefulSet")
_HTTP = 8000  # where servers answer whose ports bear no name


def endpoints_of(
    entries: Mapping[str, Any], defaults: Mapping[str, Any], seen: Seen, health: Health
) -> Iterator[Endpoint]:
    """Those of the section `endpoints`, by name. defaults: of what an entry leaves out."""
    for name in sorted(entries):
        about = {**defaults, **(entries[name] or {})}
        own = _objects(seen, f"{SECTION}.{name}")
        # Each model of several has servers of its own.
        serving = [replicas_of(kind, live) for kind, live in own if kind in _SERVING]
        ready, wanted = (sum(counts) for counts in zip(*serving, strict=True)) if serving else (0, 0)
        traffic = {key: int(one.get("weight", 0)) for key, one in (about.get("traffic") or {}).items()}
        yield Endpoint(
            name=name,
            kind=str(about.get("kind", "")),
            runtime=str(about.get("runtime", "")),
            model=str(about.get("model") or ""),
            ready=ready,
            wanted=wanted,
            url=_url_of(own, name, shared=bool(traffic)),
            traffic=traffic,
            standing=_standing(seen, bool(serving), ready, wanted, sleeps=_sleeps(about)),
            why=_why(health, {f"{kind} {_id(live)}" for kind, live in own}),
        )


def _objects(seen: Seen, address: str) -> list[tuple[str, Live]]:
    """What is in the cluster of an entry."""
    return [
        (subject.partition(" ")[0], seen.by_subject[subject])
        for subject, caused in seen.addresses.items()
        if (caused == address or caused.startswith(f"{address}.")) and subject in seen.by_subject
    ]


def _id(live: Live) -> str:
    return f"{live['metadata'].get('namespace', '')}/{live['metadata']['name']}"


def _url_of(own: list[tuple[str, Live]], name: str, *, shared: bool) -> str:
    """Of several models none alone is where requests go: gateways hand them out, and the stack's outputs name those."""
    services = [live for kind, live in own if kind == "Service" and live["metadata"]["name"] == name]
    return _url(services[0]) if services and not shared else ""


def _sleeps(about: Mapping[str, Any]) -> bool:
    """Whether the stack lets it have no replicas while nobody asks."""
    replicas = about.get("replicas") or {}
    return bool(replicas.get("scaleToZero")) or replicas.get("min") == 0


def _url(service: Live) -> str:
    metadata, ports = service["metadata"], (service.get("spec") or {}).get("ports") or ()
    port = next((one["port"] for one in ports if one.get("name") == "http"), ports[0]["port"] if ports else _HTTP)
    return f"http://{metadata['name']}.{metadata['namespace']}.svc.cluster.local:{port}"


def _standing(seen: Seen, there: bool, ready: int, wanted: int, *, sleeps: bool) -> Standing:
    if not there:
        return Standing.ABSENT if seen.objects or not seen.applied else Standing.UNKNOWN
    if not wanted and sleeps:
        return Standing.ASLEEP
    if ready >= wanted:
        return Standing.READY
    return Standing.PARTLY if ready else Standing.DOWN


def _why(health: Health, subjects: set[str]) -> str:
    """The first trouble that it has, or that another thing brings upon it."""
    for trouble in health.troubles:
        title = trouble.title.partition(" (")[0]
        if title in subjects or subjects & {*trouble.subjects, *trouble.explains}:
            return trouble.words if title in subjects else f"{title}: {trouble.words}"
    return ""
