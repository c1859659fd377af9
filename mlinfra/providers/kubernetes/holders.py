"""Holders: the pods that use claims, and what keeps making such pods.

A claim that a pod uses is not deleted before the pod is gone (kubernetes.io, "Storage Object in Use Protection"), and a
workload makes a new pod for each one that goes: hence the workload is scaled down, or deleted where it cannot be.
Used by drains.
"""

from __future__ import annotations

from mlinfra.core.errors import NotFound
from mlinfra.providers.kubernetes import deletion
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.manifest import id_of
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.waiting import Says

_POD = Kind("", "v1", "Pod")
_SCALED = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "ReplicaSet")})
_DEEPEST = 8  # owners above a pod


class Holders:
    """What holds the claims of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def let_go(self, namespace: str, claims: set[str], operation: Says) -> None:
        """See to it that no pod of a namespace uses these claims, and that none is made that would."""
        done: set[str] = set()
        for pod in self._api.related(_POD, namespace):
            if claims & _claims_of(pod):
                place, owner = self._root(pod)
                identity = f"{place.kind.name} {id_of(place, owner)}"
                if identity not in done:
                    done.add(identity)
                    self._quieten(place, owner, operation)

    def _root(self, pod: Object) -> tuple[Place, Object]:
        """The uppermost owner that can be found: the Deployment, or the custom resource that it comes of."""
        place, found = self._api.discovery.place(_POD), pod
        for _ in range(_DEEPEST):
            above = self._owner_of(found)
            if above is None:
                break
            place, found = above
        return place, found

    def _owner_of(self, live: Object) -> tuple[Place, Object] | None:
        for reference in live["metadata"].get("ownerReferences") or ():
            if not reference.get("controller"):
                continue
            group, _, version = reference["apiVersion"].rpartition("/")
            place = self._api.find(Kind(group, version, reference["kind"]))
            if place is None:
                return None
            namespace = live["metadata"].get("namespace", "") if place.namespaced else ""
            owner = self._api.get(place, f"{namespace}/{reference['name']}" if namespace else reference["name"])
            if owner is not None and owner["metadata"].get("uid") == reference["uid"]:
                return place, owner
        return None

    def _quieten(self, place: Place, owner: Object, operation: Says) -> None:
        identity = id_of(place, owner)
        operation.fence()
        if place.kind.same not in _SCALED:
            operation.say(f"deletes {place.kind.name} {identity}, whose pods use volumes")
            deletion.ask(self._api, place, owner, identity)
            return
        operation.say(f"scales {place.kind.name} {identity} down, whose pods use volumes")
        patch = {"spec": {"replicas": 0}}
        try:
            self._api.client.patch(place.path(identity), patch, f"scaling {place.kind.name} {identity} down")
        except NotFound:
            return


def _claims_of(pod: Object) -> set[str]:
    """The claims that a pod uses; ephemeral volumes have claims named after pod and volume."""
    found = set()
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            found.add(volume["persistentVolumeClaim"].get("claimName", ""))
        elif "ephemeral" in volume:
            found.add(f"{pod['metadata']['name']}-{volume['name']}")
    return found
