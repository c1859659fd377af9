"""Waiting: until an object is ready, or gone, and no longer than patience lasts.

Called by the provider after it wrote or deleted something, and by drains. It only looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mlinfra.core.clock import waited_text
from mlinfra.core.errors import Conflict, ProviderError
from mlinfra.providers.kubernetes.api import Api, uid_of
from mlinfra.providers.kubernetes.causes import cause_of
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.conditions import condition, status_of, words
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.readiness import judge
from mlinfra.providers.kubernetes.webhooks import deserted

PATIENCE = 600.0  # seconds, as Pulumi's provider has it; images of model servers take minutes to pull
_PAUSES = (0.2, 0.3, 0.5, 1.0, 2.0, 3.0)
_UNHURRIED = 2  # looks before causes are asked for

# The vocabulary of Pulumi's provider: pulumi.com/registry, "Await logic" (read November 2026).
SKIP = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"


class Says(Protocol):
    """The part of an operation that waiting and taking down need."""

    def say(self, progress: str) -> None:
        """A few words on what is being waited for."""
        ...

    def check(self) -> None:
        """Raises where the run is being stopped at once."""
        ...

    def fence(self) -> None:
        """Called right before each call that changes something; raises where nothing may be changed any more."""
        ...


def wait_ready(api: Api, place: Place, live: Object, id: str, operation: Says) -> Object:
    """The object once it is ready. Raises `ProviderError` (MLI5104) with the cause where it is late or lost."""
    notes = live["metadata"].get("annotations") or {}
    if notes.get(SKIP) == "true":
        return live
    patience = float(notes[TIMEOUT]) if str(notes.get(TIMEOUT, "")).isdigit() else PATIENCE
    began, said = api.clock.monotonic(), ""
    for look, pause in enumerate(_pauses()):
        verdict = judge(api, place, live)
        if verdict.failed:
            raise _not_ready(place, id, f"it has failed: {_because(verdict.failed, cause_of(api, place, live))}")
        waited = api.clock.monotonic() - began
        if not verdict.waiting or (verdict.leave is not None and waited >= min(verdict.leave, patience)):
            return live
        words_now = verdict.waiting
        if look >= _UNHURRIED:
            words_now = _because(verdict.waiting, cause_of(api, place, live))
        if waited >= patience:
            raise _not_ready(place, id, f"it is not ready after {waited_text(api.clock, waited)}: {words_now}")
        if words_now != said:
            said = words_now
            operation.say(said)
        _pause(api, pause, operation)
        seen = api.get(place, id)
        if seen is None or uid_of(seen) != uid_of(live):
            raise _not_ready(place, id, "somebody deleted it meanwhile")
        live = seen
    raise AssertionError("unreachable")


def wait_gone(api: Api, place: Place, live: Object, id: str, operation: Says, patience: float = PATIENCE) -> None:
    """Return once the object is gone. Raises `Conflict` (MLI5105) that says what holds it."""
    began, said, uid = api.clock.monotonic(), "", uid_of(live)
    for pause in _pauses():
        seen = api.get(place, id)
        if seen is None or uid_of(seen) != uid:
            return
        held = holders(seen)
        waited = api.clock.monotonic() - began
        if waited >= patience:
            why = "; ".join((held, *deserted(api)))
            raise held_on(place, id, f"it is not gone after {waited_text(api.clock, waited)}: {why}")
        if held != said:
            said = held
            operation.say(said)
        _pause(api, pause, operation)


def holders(live: Object) -> str:
    """What holds an object that is being deleted: its finalizers, and what a namespace says of its content."""
    names = live["metadata"].get("finalizers") or (live.get("spec") or {}).get("finalizers") or ()
    listed = ", ".join(f"{name}{_set_by(str(name))}" for name in names)
    parts = [f"held by finalizer {listed}"] if names else ["waiting for it to go"]
    for found in status_of(live).get("conditions") or ():
        if found.get("status") == "True" and found.get("type") in _HOLDING:
            parts.append(words(found))
    if (terminating := condition(live, "Terminating")) is not None and terminating.get("status") == "True":
        parts.append(words(terminating))
    return "; ".join(parts)


# Conditions of namespaces: k8s.io/api/core/v1/types.go (read November 2026).
_HOLDING = frozenset(
    {
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
        "NamespaceDeletionContentFailure",
        "NamespaceDeletionDiscoveryFailure",
    }
)


# Who takes a finalizer off again, by how its name begins (their sources, read November 2026).
_SETTERS = {
    "service.k8s.aws/": "the AWS Load Balancer Controller",
    "ingress.k8s.aws/": "the AWS Load Balancer Controller",
    "elbv2.k8s.aws/": "the AWS Load Balancer Controller",
    "service.kubernetes.io/load-balancer-cleanup": "the cloud's own controller",
    "karpenter.sh/": "Karpenter",
    "karpenter.k8s.aws/": "Karpenter",
    "kubernetes.io/pvc-protection": "the API itself, once no pod uses it",
    "kubernetes.io/pv-protection": "the API itself, once no claim uses it",
    "external-provisioner.volume.kubernetes.io/": "the driver that made the volume",
    "foregroundDeletion": "the API itself, once what it owns is gone",
}


def _set_by(finalizer: str) -> str:
    setter = next((who for start, who in _SETTERS.items() if finalizer.startswith(start)), "")
    return f" (of {setter})" if setter else ""


def held_on(place: Place, id: str, why: str) -> Conflict:
    """The error of a deletion that does not come to its end."""
    hint = "whoever set a finalizer takes it off: see that its controller runs, or take it off yourself if that is gone"
    return Conflict(f"{place.kind.name} {id}: {why}", code=Code.HELD, hint=hint)


def _pauses() -> Iterator[float]:
    yield from _PAUSES
    while True:
        yield _PAUSES[-1]


def _pause(api: Api, seconds: float, operation: Says) -> None:
    operation.check()
    api.clock.sleep(seconds)


def _because(what: str, cause: str) -> str:
    return f"{what} ({cause})" if cause else what


def _not_ready(place: Place, id: str, why: str) -> ProviderError:
    hint = f"it is recorded, and looked after by the next apply; `kubectl describe {place.plural}` says more"
    return ProviderError(f"{place.kind.name} {id}: {why}", code=Code.NOT_READY, hint=hint)
