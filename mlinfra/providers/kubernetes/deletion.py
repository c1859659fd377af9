"""Deletion: an object goes, what was made of it goes first, and what holds it is named.

Called by the provider. May be repeated after a crash at any point of it.
"""

from __future__ import annotations

from mlinfra.core.errors import Conflict, NotFound
from mlinfra.core.provider import Operation, Target
from mlinfra.providers.kubernetes import marks
from mlinfra.providers.kubernetes.api import Api, uid_of
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.waiting import PATIENCE, Says, wait_gone

# Their pods go before they do, so that what pods use (claims, accounts, namespaces) is free afterwards.
_WITH_PODS = frozenset(
    {
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("batch", "CronJob"),
        ("batch", "Job"),
    }
)


def delete(api: Api, place: Place, target: Target, operation: Operation) -> None:
    """Remove the object that the target's record names; one of its name that is another's stays."""
    live = api.get(place, target.id)
    if live is None or not _is_it(live, target):
        return
    remove(api, place, live, target.id, operation)


def _is_it(live: Object, target: Target) -> bool:
    """The very object: by its uid where that is recorded, else by its marks."""
    recorded = uid_of(target.outputs)
    return uid_of(live) == recorded if recorded else marks.owner_in(live["metadata"], target.id) == target.owner


def remove(api: Api, place: Place, live: Object, id: str, operation: Says, patience: float = PATIENCE) -> None:
    """Remove an object, whoever made it, and wait until it is gone."""
    if not live["metadata"].get("deletionTimestamp"):
        operation.fence()
        ask(api, place, live, id)
    wait_gone(api, place, live, id, operation, patience)


def ask(api: Api, place: Place, live: Object, id: str) -> None:
    """Ask for the deletion of this very object, and do not wait. One that is gone is no error."""
    policy = "Foreground" if place.kind.same in _WITH_PODS else "Background"
    options = {"preconditions": {"uid": uid_of(live)}, "propagationPolicy": policy}
    try:
        api.client.delete(place.path(id), f"deleting {place.kind.name} {id}", options)
    except NotFound:
        return
    except Conflict:
        seen = api.get(place, id)
        if seen is not None and uid_of(seen) == uid_of(live):
            raise  # it is the same object, and the API refuses for another reason
