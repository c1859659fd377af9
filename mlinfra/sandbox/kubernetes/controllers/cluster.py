"""One cluster as its controllers see it: the store, the clock, the account behind it, and the pods by place.

Made by `control_plane.ControlPlane`, handed to every reconcile function. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from mlinfra.sandbox.kubernetes.controllers import programs
from mlinfra.sandbox.kubernetes.controllers.cloud import Cloud
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, PodIndex, key_of
from mlinfra.sandbox.kubernetes.controllers.recorder import Recorder
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.faults import Obstacles, no_obstacle
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Clock, Object, Objects
from mlinfra.sandbox.kubernetes.watch import Event


class Again(msgspec.Struct, frozen=True):
    """A wish to look at a key again after some seconds. What is `quiet` is not waited for by `Runtime.settle`."""

    seconds: float
    quiet: bool = False


class Cluster:
    """What a controller works with."""

    def __init__(
        self, name: str, store: Store, clock: Clock, cloud: Cloud, options: Options, obstacles: Obstacles = no_obstacle
    ) -> None:
        self._obstacles = obstacles
        self.name = name
        self.store = store
        self.clock = clock
        self.cloud = cloud
        self.options = options
        self.timings = options.timings
        self.pods = PodIndex(store)
        self._recorder = Recorder(store, clock, options.events)

    def now(self) -> datetime:
        """The time of day, in whole seconds: what objects can carry."""
        return self.clock().replace(microsecond=0)

    def find(self, gvk: GroupVersionKind, key: Key) -> Object | None:
        """Read an object, as a copy."""
        return self.store.find(gvk, key[1], key[0] or None)

    def peek(self, gvk: GroupVersionKind, namespace: str | None = None, labels: Object | None = None) -> Objects:
        """Read objects without copying them; none where the kind is not served. They must not be altered."""
        kind = self.store.registry.get(gvk)
        return [] if kind is None else self.store.peek(kind, namespace, labels)

    def dependents(self, owner: Object, gvk: GroupVersionKind) -> Objects:
        """The objects of a kind that an object controls, as stored: they must not be altered."""
        uid = owner["metadata"]["uid"]
        found = self.store.dependents(uid)
        return [
            item for kind, item in found if kind.kind == gvk.kind and kind.group == gvk.group and _controls(uid, item)
        ]

    def create(self, obj: Object, manager: str = "kube-controller-manager") -> Object:
        """Add an object."""
        return self.store.create(obj, Write(manager=manager))

    def patch(self, gvk: GroupVersionKind, obj: Object, patch: Mapping[str, object]) -> Object:
        """Merge a patch into an object."""
        meta = obj["metadata"]
        return self.store.merge(gvk, meta["name"], meta.get("namespace"), patch, manager="kube-controller-manager")

    def change(self, gvk: GroupVersionKind, obj: Object, change: Callable[[Object], Object]) -> Object:
        """Read, change and write an object as one."""
        meta = obj["metadata"]
        write = Write(manager="kube-controller-manager")
        return self.store.modify(gvk, meta["name"], meta.get("namespace"), change, write)

    def set_status(
        self, gvk: GroupVersionKind, obj: Object, status: Object, manager: str = "kube-controller-manager"
    ) -> None:
        """Replace the status of an object, if that is a change and the object is still there."""
        if obj.get("status") == status:
            return
        meta, write = obj["metadata"], Write(manager=manager, subresource="status")
        try:
            self.store.modify(gvk, meta["name"], meta.get("namespace"), lambda old: {**old, "status": status}, write)
        except ApiError as error:
            if error.code != 404:
                raise

    def delete(self, gvk: GroupVersionKind, obj: Object, grace: int | None = None) -> None:
        """Delete an object, if it is still there."""
        meta = obj["metadata"]
        try:
            self.store.delete(gvk, meta["name"], meta.get("namespace"), grace=grace)
        except ApiError as error:
            if error.code != 404:
                raise

    def add_finalizer(self, gvk: GroupVersionKind, obj: Object, finalizer: str) -> None:
        """Hold an object, unless it is held already or being deleted."""
        meta = obj["metadata"]
        if finalizer in (meta.get("finalizers") or ()) or "deletionTimestamp" in meta:
            return
        self.change(gvk, obj, lambda old: _finalized(old, [*(old["metadata"].get("finalizers") or ()), finalizer]))

    def drop_finalizer(self, gvk: GroupVersionKind, obj: Object, finalizer: str) -> None:
        """Let an object go. Raises `ApiError` where an obstacle keeps it."""
        meta = obj["metadata"]
        if finalizer not in (meta.get("finalizers") or ()):
            return
        detail = {"finalizer": finalizer, "namespace": meta.get("namespace", ""), "name": meta["name"]}
        why = self._obstacles(f"finalize:{self.store.kind(gvk).resource}", detail)
        if why is not None:
            raise ApiError(500, why or f'the finalizer "{finalizer}" cannot be removed now')

        def release(old: Object) -> Object:
            return _finalized(old, [name for name in old["metadata"].get("finalizers") or () if name != finalizer])

        self.change(gvk, obj, release)

    def record(self, obj: Object, component: str, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell of something that happened to an object."""
        self._recorder.record(obj, component, reason, message, warning=warning)

    def runs(self, program: str) -> bool:
        """Whether a well-known program runs here."""
        return programs.runs(self.store, program, self.options.standing | self.cloud.addons())


def _finalized(obj: Object, finalizers: list[str]) -> Object:
    meta = {key: value for key, value in obj["metadata"].items() if key != "finalizers"}
    return {**obj, "metadata": {**meta, "finalizers": finalizers} if finalizers else meta}


def _controls(uid: str, obj: Object) -> bool:
    references = obj["metadata"].get("ownerReferences") or ()
    return any(ref.get("uid") == uid and ref.get("controller") for ref in references)


def owner_reference(owner: Object) -> Object:
    """The reference by which an object is controlled."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Object) -> Object | None:
    """The reference to an object's controller."""
    return next((ref for ref in obj["metadata"].get("ownerReferences") or () if ref.get("controller")), None)


# Triggers: which keys of a controller a change concerns.


def itself(_: Cluster, event: Event) -> Iterable[Key]:
    """The object that changed."""
    return (key_of(event.object),)


def owner(kind: str) -> Callable[[Cluster, Event], Iterable[Key]]:
    """The object of a kind that controls, or controlled, what changed."""

    def owners(_: Cluster, event: Event) -> Iterable[Key]:
        for obj in (event.object, event.previous):
            reference = controller_of(obj) if obj else None
            if reference and reference["kind"] == kind:
                yield event.object["metadata"].get("namespace", ""), reference["name"]

    return owners


def always(name: str) -> Callable[[Cluster, Event], Iterable[Key]]:
    """One fixed key: for controllers that look at everything at once."""
    return lambda _cluster, _event: (("", name),)


def all_of(gvk: GroupVersionKind, *, same_namespace: bool = False) -> Callable[[Cluster, Event], Iterable[Key]]:
    """All objects of a kind, or those beside the one that changed."""

    def every(cluster: Cluster, event: Event) -> Iterable[Key]:
        namespace = event.object["metadata"].get("namespace") if same_namespace else None
        return [key_of(item) for item in cluster.peek(gvk, namespace)]

    return every
