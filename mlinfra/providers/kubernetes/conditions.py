"""Conditions and counts: whether an object is ready, by what its status says. Pure.

The meanings are those of the API reference, and for custom resources of "API conventions" and kstatus
(kubernetes-sigs/cli-utils, pkg/kstatus; read November 2026).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

Live = Mapping[str, Any]


class Verdict(msgspec.Struct, frozen=True):
    """Ready where nothing is waited for. `failed`: it never will be. `leave`: after so many seconds it may stay so."""

    waiting: str = ""
    failed: str = ""
    leave: float | None = None


READY = Verdict()
SOON = 5.0
AT_LAST = math.inf  # when all patience is at an end
_UNSEEN = Verdict("its controller has not seen it yet")
# What says that a custom resource does what it is there for; the first that it has decides.
_DECISIVE = ("Ready", "Available", "Programmed", "Established", "Healthy", "Accepted")


def condition(live: Live, type: str) -> Mapping[str, Any] | None:
    """The condition of that type, if the object has it."""
    for found in status_of(live).get("conditions") or ():
        if isinstance(found, Mapping) and found.get("type") == type:
            return found
    return None


def is_true(live: Live, type: str) -> bool:
    """Whether a condition holds."""
    found = condition(live, type)
    return found is not None and found.get("status") == "True"


def words(found: Mapping[str, Any]) -> str:
    """A condition as a sentence."""
    reason, message = str(found.get("reason") or ""), str(found.get("message") or "")
    return ": ".join(filter(None, (reason, message))) or f"{found.get('type')} is {found.get('status')}"


def status_of(live: Live) -> Mapping[str, Any]:
    """What its controller says of an object."""
    found = live.get("status")
    return found if isinstance(found, Mapping) else {}


def is_unseen(live: Live) -> bool:
    """Whether what its controller says is about an earlier version of the object."""
    seen = status_of(live).get("observedGeneration")
    return isinstance(seen, int) and seen < live["metadata"].get("generation", 0)


def of_conditions(live: Live, *, has_status: bool) -> Verdict:
    """Any custom resource, by the conditions that it has."""
    status = status_of(live)
    if not status:
        return Verdict("nothing is said of its state yet", leave=SOON) if has_status else READY
    if is_unseen(live):
        return _UNSEEN
    if (stalled := condition(live, "Stalled")) is not None and stalled.get("status") == "True":
        return Verdict(failed=words(stalled))
    for name in _DECISIVE:
        if (found := condition(live, name)) is not None:
            old = found.get("observedGeneration", live["metadata"].get("generation", 0))
            if old < live["metadata"].get("generation", 0):
                return _UNSEEN
            return READY if found.get("status") == "True" else Verdict(words(found))
    return READY


def of_deployment(live: Live) -> Verdict:
    """All replicas are of the present template, and available."""
    spec, status = live["spec"], status_of(live)
    if spec.get("paused"):
        return READY
    if _is_new(live):
        return _UNSEEN
    progress = condition(live, "Progressing")
    if progress is not None and progress.get("reason") == "ProgressDeadlineExceeded":
        return Verdict(failed=words(progress))
    wanted, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    if status.get("replicas", 0) > updated:
        return Verdict(f"{status['replicas'] - updated} of the replicas before are still there")
    return _counted(min(updated, status.get("availableReplicas", 0)), wanted, "replicas are available")


def of_stateful_set(live: Live) -> Verdict:
    """All replicas are ready, and those above the partition of the present template."""
    spec, status = live["spec"], status_of(live)
    if _is_new(live):
        return _UNSEEN
    wanted = spec.get("replicas", 1)
    strategy = spec.get("updateStrategy") or {}
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    if strategy.get("type") != "OnDelete" and status.get("updatedReplicas", 0) < wanted - partition:
        return _counted(status.get("updatedReplicas", 0), wanted - partition, "replicas are brought up to date")
    return _counted(status.get("readyReplicas", 0), wanted, "replicas are ready")


def of_daemon_set(live: Live) -> Verdict:
    """On every node that it is meant for, a pod of the present template is available."""
    spec, status = live["spec"], status_of(live)
    if _is_new(live):
        return _UNSEEN
    wanted = status.get("desiredNumberScheduled", 0)
    if (spec.get("updateStrategy") or {}).get("type") != "OnDelete" and status.get(
        "updatedNumberScheduled", 0
    ) < wanted:
        return _counted(status.get("updatedNumberScheduled", 0), wanted, "nodes have it up to date")
    return _counted(status.get("numberAvailable", 0), wanted, "nodes have it available")


def of_replica_set(live: Live) -> Verdict:
    """All replicas are available."""
    if _is_new(live):
        return _UNSEEN
    return _counted(
        status_of(live).get("availableReplicas", 0), live["spec"].get("replicas", 1), "replicas are available"
    )


def of_job(live: Live) -> Verdict:
    """It has done its work. One that is at it when patience ends is left to it: trainings take days."""
    if live["spec"].get("suspend") or is_true(live, "Complete"):
        return READY
    for name in ("Failed", "FailureTarget"):
        if (found := condition(live, name)) is not None and found.get("status") == "True":
            return Verdict(failed=words(found))
    status = status_of(live)
    running = status.get("ready", 0)
    return Verdict(
        f"{running} of its pods at work, {status.get('succeeded', 0)} done", leave=AT_LAST if running else None
    )


def of_definition(live: Live) -> Verdict:
    """The API serves what it defines."""
    names = condition(live, "NamesAccepted")
    if names is not None and names.get("status") == "False":
        return Verdict(failed=words(names))
    return READY if is_true(live, "Established") else Verdict("the API does not serve it yet")


def of_api_service(live: Live) -> Verdict:
    """The server behind it answers."""
    if is_true(live, "Available"):
        return READY
    found = condition(live, "Available")
    return Verdict(words(found) if found is not None else "the server behind it does not answer yet")


def of_namespace(live: Live) -> Verdict:
    """It takes objects."""
    phase = status_of(live).get("phase", "Active")
    return READY if phase == "Active" else Verdict(f"it is {phase}")


def of_volume(live: Live) -> Verdict:
    """It can be claimed, or is."""
    phase = status_of(live).get("phase", "")
    if phase == "Failed":
        return Verdict(failed=str(status_of(live).get("message") or "it has failed"))
    return READY if phase in ("Available", "Bound", "Released") else Verdict(f"it is {phase or 'new'}")


def of_pod(live: Live) -> Verdict:
    """It is ready, or has done its work."""
    status = status_of(live)
    phase = status.get("phase", "Pending")
    if phase == "Failed":
        return Verdict(failed=": ".join(filter(None, (status.get("reason"), status.get("message")))) or "it has failed")
    return READY if phase == "Succeeded" or is_true(live, "Ready") else Verdict(f"it is {phase}")


def of_service(live: Live) -> Verdict:
    """One of type LoadBalancer has got one."""
    if live["spec"].get("type") != "LoadBalancer":
        return READY
    return (
        READY if (status_of(live).get("loadBalancer") or {}).get("ingress") else Verdict("it has no load balancer yet")
    )


def _is_new(live: Live) -> bool:
    """Whether a workload's controller has yet to look at it; it always says which generation it saw."""
    return bool(status_of(live).get("observedGeneration", 0) < live["metadata"].get("generation", 1))


def _counted(number: int, wanted: int, what: str) -> Verdict:
    return READY if number >= wanted else Verdict(f"{number} of {wanted} {what}")
