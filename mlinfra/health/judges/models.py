"""KServe's services of models that are not served, with what KServe or the model's own container says.

Fields: kserve.github.io, "InferenceService" v1beta1, status.modelStatus (release 0.15, read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.rollouts import STARTING, since
from mlinfra.health.seen import Live, Seen, condition, short, subject_of


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    for live in seen.each("InferenceService"):
        ready = condition(live, "Ready")
        if ready.get("status") == "True":
            continue
        born = live["metadata"].get("creationTimestamp")
        said = _said(live)
        young = seen.age(born) < STARTING and not said
        words = f"its model is not served: {said}" if said else "its model is not served, and KServe does not say why"
        yield Finding(
            severity=Severity.NOTE if young else Severity.BROKEN,
            subject=subject_of("InferenceService", live),
            words=f"its model is being brought up{since(seen, born)}" if young else words,
            remedy=""
            if young
            else f"kubectl -n {live['metadata'].get('namespace')} describe inferenceservice "
            f"{live['metadata']['name']}, and the log of kserve-controller-manager",
            because=frozenset() if young else _behind(seen, live),
            layer=4,
        )


def _said(live: Live) -> str:
    failure = ((live.get("status") or {}).get("modelStatus") or {}).get("lastFailureInfo") or {}
    if failure.get("message"):
        return f"{failure.get('reason', '')}: {short(failure['message'])}".removeprefix(": ")
    ready = condition(live, "Ready")
    return (short(ready.get("message")) or str(ready.get("reason") or "")) if ready.get("status") == "False" else ""


def _behind(seen: Seen, live: Live) -> frozenset[str]:
    """Its Deployments, and their pods: they are called after it."""
    namespace, name = live["metadata"].get("namespace"), live["metadata"]["name"]
    found = {
        subject
        for subject in seen.by_subject
        if subject.startswith(
            (f"Deployment {namespace}/{name}-predictor", f"Deployment {namespace}/{name}-transformer")
        )
    }
    controller = {one for one in seen.by_subject if one.endswith("/kserve-controller-manager")}
    return frozenset(found | controller | {pod for one in (*found, *controller) for pod in seen.pods_of(one)})
