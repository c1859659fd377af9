"""Autoscalers of pods that do not do their work: metrics that they cannot read, targets that are not there, an end.

Conditions: kubernetes.io, "HorizontalPodAutoscaler walkthrough", appendix; keda.sh, "Troubleshooting" (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Live, Seen, condition, short, subject_of

_OFF = "ScalingDisabled"  # its target was set to no replicas, which is told of the target

_SEE = "see its triggers' addresses and credentials, and the log of keda-operator"


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    for live in seen.each("HorizontalPodAutoscaler"):
        yield from _of(seen, live)
    for live in seen.each("ScaledObject"):
        ready = condition(live, "Ready")
        if ready.get("status") == "False":
            yield Finding(
                severity=Severity.WARNING,
                subject=subject_of("ScaledObject", live),
                words=f"KEDA cannot use it: {short(ready.get('message')) or ready.get('reason')}; "
                "replicas stay as they are",
                remedy=_SEE,
                because=_operators(seen),
                layer=4,
            )
        elif (fallen := condition(live, "Fallback")).get("status") == "True":
            yield Finding(
                severity=Severity.WARNING,
                subject=subject_of("ScaledObject", live),
                words="a trigger of it cannot be read, and its replicas are those that it falls back to: "
                f"{short(fallen.get('message')) or fallen.get('reason')}",
                remedy=_SEE,
                because=_operators(seen),
                layer=4,
            )


def _of(seen: Seen, live: Live) -> Iterator[Finding]:
    able, active = condition(live, "AbleToScale"), condition(live, "ScalingActive")
    target = (live.get("spec") or {}).get("scaleTargetRef") or {}
    name = f"{target.get('kind')} {live['metadata'].get('namespace')}/{target.get('name')}"
    subject, owner = subject_of("HorizontalPodAutoscaler", live), seen.owner_of(live)
    if able.get("status") == "False":
        yield Finding(
            severity=Severity.WARNING,
            subject=subject,
            owner=owner,
            words=f"it cannot scale {name}: {short(able.get('message'))}",
            remedy="see that what it names is there, and may be scaled",
            layer=4,
        )
    elif active.get("status") == "False" and active.get("reason") != _OFF:
        yield Finding(
            severity=Severity.WARNING,
            subject=subject,
            owner=owner,
            words=f"it sees no metrics, and leaves {name} at {_count(live)}: {short(active.get('message'))}",
            remedy=_remedy(seen, live),
            because=_sources(seen),
            layer=4,
        )


def _count(live: Live) -> str:
    number = (live.get("status") or {}).get("currentReplicas", 0)
    return f"{number} replica{'' if number == 1 else 's'}"


def _remedy(seen: Seen, live: Live) -> str:
    kinds = {metric.get("type") for metric in (live.get("spec") or {}).get("metrics") or ()}
    if kinds & {"Resource", "ContainerResource"}:
        if not _named(seen, "metrics-server"):
            return "nothing measures pods here: add the component metrics-server (autoscaling brings it along)"
        return "see the metrics server, and that its pods ask for the resource that is measured"
    return "see whether what serves its metrics (keda-operator-metrics-apiserver, prometheus-adapter) answers"


def _sources(seen: Seen) -> frozenset[str]:
    """What serves metrics: it is ill itself where nobody answers."""
    services = {
        f"APIService {one['metadata']['name']}"
        for one in seen.objects.get("APIService", ())
        if one["metadata"]["name"].endswith("metrics.k8s.io")
    }
    return frozenset(services) | _operators(seen) | _named(seen, "metrics-server")


def _operators(seen: Seen) -> frozenset[str]:
    return _named(seen, "keda-operator") | _named(seen, "keda-operator-metrics-apiserver")


def _named(seen: Seen, name: str) -> frozenset[str]:
    found = {
        subject
        for subject, live in seen.by_subject.items()
        if subject.startswith("Deployment ") and live["metadata"]["name"] == name
    }
    return frozenset(found | {pod for one in found for pod in seen.pods_of(one)})
