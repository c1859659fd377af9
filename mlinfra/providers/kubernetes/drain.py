"""Draining: what controllers in a cluster made outside of it is taken down while they still live.

Load balancers, volumes and nodes hang on objects in the cluster; once it is gone, nobody deletes them. Called through
the session's teardown, before anything of a cluster is deleted; looks at all namespaces and asks nobody whose the
objects are. What a GitOps tool or another operator puts back is not its concern, but it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from mlinfra.core.errors import Conflict, NotFound, ProviderError
from mlinfra.core.plan import Action, Part
from mlinfra.providers.kubernetes import deletion, marks
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.holders import Holders
from mlinfra.providers.kubernetes.manifest import id_of
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.waiting import PATIENCE, Says, wait_gone

_SERVICE = Kind("", "v1", "Service")
_CLAIM = Kind("", "v1", "PersistentVolumeClaim")
_VOLUME = Kind("", "v1", "PersistentVolume")
_INGRESS = Kind("networking.k8s.io", "v1", "Ingress")
_GATEWAY = Kind("gateway.networking.k8s.io", "v1", "Gateway")
_NODE_POOL = Kind("karpenter.sh", "v1", "NodePool")
_NODE_CLAIM = Kind("karpenter.sh", "v1", "NodeClaim")
_RETAIN = "Retain"


def _is_balanced(service: Object) -> bool:
    return bool(service["spec"].get("type") == "LoadBalancer")


def _any(live: Object) -> bool:
    return True


class _Stage(msgspec.Struct, frozen=True):
    """Kinds of objects that go together, and which of them."""

    kinds: tuple[tuple[Kind, Callable[[Object], bool], str], ...]


# Gateways and ingresses first: their controllers make services, and would make them again. Nodes last: the controllers
# that all the others wait for may run on them.
_ENTRANCES = _Stage(((_GATEWAY, _any, "its load balancer"), (_INGRESS, _any, "its load balancer")))
_SERVICES = _Stage(((_SERVICE, _is_balanced, "its load balancer"),))
_CLAIMS = _Stage(((_CLAIM, _any, "its volume"),))
_NODES = _Stage(((_NODE_POOL, _any, "its nodes"), (_NODE_CLAIM, _any, "its node")))


class _Found(msgspec.Struct, frozen=True):
    """One object that goes."""

    place: Place
    live: Object
    id: str
    with_it: str

    @property
    def name(self) -> str:
        """As people call it."""
        return f"{self.place.kind.name} {self.id}"


class Drain:
    """The drain of one cluster. `delete_data`: volumes that are to be retained go as well."""

    def __init__(self, api: Api, *, delete_data: bool = False, patience: float = PATIENCE) -> None:
        self._api, self._delete_data, self._patience = api, delete_data, patience

    def outside(self) -> tuple[Part, ...]:
        """What it would take down, and the volumes that it would leave, for the plan. Only looks."""
        self._api.discovery.read_again()
        retained = {} if self._delete_data else self._retained()
        parts = [_part(found, retained) for stage in _ORDER for found in self._look(stage)]
        kept = (
            Part(action=Action.NO_OP, name=f"PersistentVolume {name}", note=said) for name, said in retained.items()
        )
        return (*parts, *kept)

    def run(self, operation: Says) -> None:
        """Take all of it down and wait until it is gone.

        A cluster that cannot be reached is said to be so, and is no error. Raises `ProviderError` that names what
        holds on, or what came back.
        """
        try:
            self._api.discovery.read_again()
        except ProviderError as error:
            if error.code != Code.UNREACHABLE:
                raise
            operation.say(f"the cluster cannot be reached, so that nothing in it is taken down: {error}")
            return
        self._take_down(_ENTRANCES, operation)
        self._take_down(_SERVICES, operation)
        self._free_volumes(operation)
        self._take_down(_NODES, operation)
        self._require_nothing_came_back()

    def _take_down(self, stage: _Stage, operation: Says) -> None:
        """Ask for all deletions, then wait for each: their controllers work at all of them at once."""
        found = list(self._look(stage))
        for one in found:
            operation.fence()
            deletion.ask(self._api, one.place, one.live, one.id)
        for one in found:
            wait_gone(self._api, one.place, one.live, one.id, _Named(operation, one.name), self._patience)

    def _free_volumes(self, operation: Says) -> None:
        """Claims go once no pod uses them; then the volumes that go with them."""
        claims = list(self._look(_CLAIMS))
        if not claims:
            return
        if self._delete_data:
            self._release_data(operation)
        volumes = {claim.live["spec"].get("volumeName", "") for claim in claims}
        holders = Holders(self._api)
        for claim in claims:
            operation.fence()
            deletion.ask(self._api, claim.place, claim.live, claim.id)
        spaces: dict[str, set[str]] = {}
        for claim in claims:
            spaces.setdefault(claim.live["metadata"]["namespace"], set()).add(claim.live["metadata"]["name"])
        for namespace, names in sorted(spaces.items()):
            holders.let_go(namespace, names, operation)
        for claim in claims:
            wait_gone(self._api, claim.place, claim.live, claim.id, _Named(operation, claim.name), self._patience)
        self._wait_for_volumes(volumes, operation)

    def _wait_for_volumes(self, names: set[str], operation: Says) -> None:
        place = self._api.discovery.place(_VOLUME)
        for volume in list(self._api.each(place)):
            name = volume["metadata"]["name"]
            if name in names and volume["spec"].get("persistentVolumeReclaimPolicy") != _RETAIN:
                told = _Named(operation, f"PersistentVolume {name}")
                wait_gone(self._api, place, volume, name, told, self._patience)

    def _release_data(self, operation: Says) -> None:
        """Volumes that were to be retained go with their claims."""
        place = self._api.discovery.place(_VOLUME)
        for volume in list(self._api.each(place)):
            if volume["spec"].get("persistentVolumeReclaimPolicy") == _RETAIN:
                path, name = place.path(volume["metadata"]["name"]), volume["metadata"]["name"]
                patch = {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}
                operation.fence()
                self._api.client.patch(path, patch, f"giving up the data of PersistentVolume {name}")

    def _retained(self) -> dict[str, str]:
        """The volumes that outlive the cluster, with a few words on each."""
        place = self._api.discovery.place(_VOLUME)
        found = {}
        for volume in self._api.each(place):
            if volume["spec"].get("persistentVolumeReclaimPolicy") == _RETAIN:
                found[volume["metadata"]["name"]] = f"kept, since its reclaim policy is {_RETAIN}{_handle(volume)}"
        return found

    def _require_nothing_came_back(self) -> None:
        """Somebody may have made anew what we took down, or what makes load balancers."""
        back = [found for stage in (_ENTRANCES, _SERVICES) for found in self._look(stage)]
        if back:
            names = ", ".join(f"{found.name}{_maker(found.live)}" for found in back)
            hint = "stop what puts it back (Argo CD, Flux, another operator), then run the same command again"
            raise Conflict(f"what was taken down came back: {names}", code=Code.CAME_BACK, hint=hint)

    def _look(self, stage: _Stage) -> Iterator[_Found]:
        for kind, chosen, with_it in stage.kinds:
            place = self._served(kind)
            if place is None:
                continue
            try:
                for live in self._api.each(place):
                    if chosen(live):
                        yield _Found(place, live, id_of(place, live), with_it)
            except NotFound:
                continue  # its definition went away just now

    def _served(self, kind: Kind) -> Place | None:
        """The kind in this version, or in another one that the cluster has."""
        places = self._api.discovery.places()
        return self._api.find(kind) or next((p for p in places if p.kind.same == kind.same), None)


_ORDER = (_ENTRANCES, _SERVICES, _CLAIMS, _NODES)


class _Named:
    """Says what is waited for, and of which object."""

    def __init__(self, operation: Says, name: str) -> None:
        self._operation, self._name = operation, name

    def say(self, progress: str) -> None:
        """Pass it on with the name."""
        self._operation.say(f"{self._name}: {progress}")

    def check(self) -> None:
        """Raises where the run is being stopped at once."""
        self._operation.check()

    def fence(self) -> None:
        """Raises where nothing may be changed any more."""
        self._operation.fence()


def _part(found: _Found, retained: Iterable[str]) -> Part:
    ours = marks.owner_in(found.live["metadata"], found.id) is not None
    note = f"with {found.with_it}"
    if found.live["spec"].get("volumeName") in set(retained):
        note = "its volume is kept"
    return Part(action=Action.DELETE, name=found.name, note=note if ours else f"{note}; not in the stack")


def _handle(volume: Object) -> str:
    """What its provider calls it."""
    handle = ((volume["spec"].get("csi") or {}).get("volumeHandle")) or ""
    return f" ({handle})" if handle else ""


def _maker(live: dict[str, Any]) -> str:
    """Who applied it, as far as it says so itself."""
    managers = [entry.get("manager") for entry in live["metadata"].get("managedFields") or ()]
    known = [str(manager) for manager in managers if manager]
    return f" (made by {known[0]})" if known else ""
