"""The object store of one cluster: what etcd and the generic half of an API server do, in this process.

The server calls it for every request, controllers call it directly. Objects are plain JSON dicts with `apiVersion`,
`kind` and `metadata`; what is returned is the caller's own copy, what is given is not kept. All methods may be called
from any thread. All errors are `errors.ApiError`, with the code and reason of a real API server (404 NotFound, 409
AlreadyExists, 409 Conflict, 410 Expired, 422 Invalid, 403 Forbidden).

**Writing a controller**

    POD = GroupVersionKind("", "v1", "Pod")
    store.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-", "namespace": "a", ...}, ...})
    for pod in store.list(POD, namespace="a", labels={"app": "web"}): ...
    store.update_status({**pod, "status": {**pod["status"], "phase": "Running"}})      # 409 Conflict if it has changed
    store.modify(POD, "web-1", "a", change)              # change(copy) -> new object; never a conflict, runs locked
    store.merge(POD, "web-1", "a", {"status": {"phase": "Failed"}}, subresource="status")        # a JSON merge patch
    store.delete(POD, "web-1", "a", grace=0)

    with store.watch([POD, NODE]) as changes:      # changes from now on; `since=` a resourceVersion replays from there
        pods = store.list(POD)                     # list after watching: nothing is missed, some may be seen twice
        for event in changes:                      # event.type ADDED | MODIFIED | DELETED, event.object, event.previous
            ...                                    # or changes.next(timeout=0) in a deterministic, single-threaded loop

- Writes to the object leave `status` alone where the kind has that subresource (a Node may still be created with one);
  writes with `subresource="status"` change nothing but `status`. `Write(manager="...")` names you in managedFields.
- `metadata.resourceVersion` in an update is the optimistic lock; leave it out to overwrite.
- Defaults, pruning and validation (`Rules`) apply to controllers' writes too. What changes nothing makes no event.
- Deleting: an object with finalizers gets a `deletionTimestamp` and stays until the last finalizer is removed by an
  update. A Pod that is bound to a node (`spec.nodeName`) and has not ended stays for whoever plays the kubelet to
  delete with `grace=0`; any other pod goes at once. Dependents (`ownerReferences`) and the contents of a deleted
  namespace are collected before the call returns, by reactions; nobody else has to.
- `react(callback)` runs a callback inside each commit, under the lock, after watches were told: for bookkeeping that
  must be seen with the write. Controllers want `watch`.

It must not know of HTTP, nor decide who may do what.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

import msgspec

from mlinfra.sandbox.kubernetes import errors, metadata, selectors
from mlinfra.sandbox.kubernetes.conversion import convert
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Kind, Registry
from mlinfra.sandbox.kubernetes.merge import merge_patch
from mlinfra.sandbox.kubernetes.metadata import DeleteOptions
from mlinfra.sandbox.kubernetes.values import Clock, Object, Objects, clone
from mlinfra.sandbox.kubernetes.watch import Event, History, Watch

Contents: TypeAlias = list[tuple[Kind, Object]]
"""Objects with their kinds."""
Events: TypeAlias = list[Event]

_NAMESPACE = GroupVersionKind("", "v1", "Namespace")
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # apimachinery's util/rand: no vowels, no look-alikes


class Write(msgspec.Struct, frozen=True):
    """How something is written: field manager, subresource, dry run, strictness.

    `operation` is Update or Apply; an Apply brings its own managedFields. `validation` is Strict, Warn or Ignore;
    what Warn says is given to `warn`.
    """

    manager: str = "sandbox"
    subresource: str = ""
    dry_run: bool = False
    operation: str = "Update"
    validation: str = "Ignore"
    warn: Callable[[str], None] = lambda _: None

    @property
    def part(self) -> str:
        """The key that alone is written (`status`), or nothing when the object itself is, as through `scale`."""
        return {"status": "status", "approval": "status"}.get(self.subresource, "")


class Rules(Protocol):
    """What the kinds themselves demand of a write; `old` is None for a creation. Both alter `new` in place."""

    def decode(self, kind: Kind, new: Object) -> None:
        """Refuse metadata of the wrong shape (400), before anything is made of it."""

    def prepare(self, kind: Kind, new: Object, old: Object | None, write: Write) -> None:
        """Prune, default, and validate; raises ApiError."""

    def track(self, kind: Kind, new: Object, old: Object | None, write: Write) -> None:
        """Record in managedFields who set what."""


class Freedom:
    """Rules that demand and record nothing: for tests of the store alone."""

    def decode(self, kind: Kind, new: Object) -> None:
        """Accept everything."""

    def prepare(self, kind: Kind, new: Object, old: Object | None, write: Write) -> None:
        """Accept everything."""

    def track(self, kind: Kind, new: Object, old: Object | None, write: Write) -> None:
        """Record nothing."""


class _Place(msgspec.Struct, frozen=True):
    """Where an object is kept: resource (versionless), namespace or the empty string, name."""

    resource: str
    namespace: str
    name: str


class Store:
    """All objects of one cluster. See the module's docstring."""

    def __init__(self, registry: Registry, clock: Clock, rules: Rules | None = None) -> None:
        self.registry = registry
        self.lock = threading.RLock()
        """Held during each call; hold it to do several as one."""
        self._clock = clock
        self._rules: Rules = rules or Freedom()
        self._objects: dict[str, dict[tuple[str, str], Object]] = {}
        self._dependents: dict[str, set[_Place]] = {}
        self._histories: dict[str, History] = {}
        self._watches: dict[Watch, frozenset[str] | None] = {}
        self._reactions: list[Callable[[Event], None]] = []
        self._revision = 1

    # Reading

    @property
    def revision(self) -> int:
        """The resourceVersion of the last change."""
        return self._revision

    def kind(self, gvk: GroupVersionKind) -> Kind:
        """Find a served kind, or raise 404."""
        kind = self.registry.get(gvk)
        if kind is None:
            raise errors.ApiError(404, f'no matches for kind "{gvk.kind}" in version "{gvk.api_version}"')
        return kind

    def get(self, gvk: GroupVersionKind, name: str, namespace: str | None = None) -> Object:
        """Read one object, or raise 404."""
        kind = self.kind(gvk)
        return clone(convert(kind, self._stored(kind, name, namespace)))

    def find(self, gvk: GroupVersionKind, name: str, namespace: str | None = None) -> Object | None:
        """Read one object, or give None."""
        found = self.exists(self.kind(gvk).resource, name, namespace or "")
        return None if found is None else self.get(gvk, name, namespace)

    def list(
        self,
        gvk: GroupVersionKind,
        namespace: str | None = None,
        labels: selectors.LabelSource = None,
        fields: str = "",
    ) -> Objects:
        """Read objects in order of namespace and name; `namespace` None means all.

        `labels` is a mapping, a query string (`app in (a, b),!c`) or a metav1.LabelSelector; `fields` a field selector.
        """
        return [clone(item) for item in self.peek(self.kind(gvk), namespace, labels, fields)]

    def peek(
        self, kind: Kind, namespace: str | None = None, labels: selectors.LabelSource = None, fields: str = ""
    ) -> Objects:
        """Read objects as `list` does, without copying: what is given must not be altered."""
        matches = selectors.matcher(labels, fields, kind)
        with self.lock:
            found = sorted(self._objects.get(kind.resource, {}).items())
        return [
            convert(kind, item)
            for (place, _), item in found
            if (namespace is None or place == namespace) and matches(item)
        ]

    def dependents(self, uid: str) -> Contents:
        """Give the objects whose ownerReferences name a uid, as stored: they must not be altered."""
        with self.lock:
            places = sorted(self._dependents.get(uid, ()), key=lambda p: (p.resource, p.namespace, p.name))
            found = [self._objects[place.resource][place.namespace, place.name] for place in places]
            return [(self._kind_of(item), item) for item in found]

    def exists(self, resource: str, name: str, namespace: str = "") -> Object | None:
        """Look up an object by versionless resource (`deployments.apps`), as stored: it must not be altered."""
        return self._objects.get(resource, {}).get((namespace, name))

    def any(self, resource: str) -> bool:
        """Whether there are objects of a versionless resource."""
        return bool(self._objects.get(resource))

    def contents(self, namespace: str) -> Contents:
        """Give all objects in a namespace, as stored: they must not be altered."""
        with self.lock:
            return [
                (self._kind_of(item), item)
                for objects in list(self._objects.values())
                for (place, _), item in sorted(objects.items())
                if place == namespace
            ]

    # Writing

    def create(self, obj: Object, write: Write = Write()) -> Object:  # noqa: B008 (frozen)
        """Add an object; gives it as stored. Takes `metadata.generateName` where there is no name."""
        kind = self.kind(GroupVersionKind.of(obj.get("apiVersion", ""), obj.get("kind", "")))
        new = clone(obj)
        self._rules.decode(kind, new)
        with self.lock:
            meta = new.setdefault("metadata", {})
            self._check_namespace(kind, meta)
            self._name(kind, meta)
            if self.exists(kind.resource, meta["name"], meta.get("namespace", "")) is not None:
                raise errors.already_exists(kind, meta["name"])
            metadata.stamp(kind, new, str(uuid.uuid4()), self._clock(), write.operation == "Apply")
            self._rules.prepare(kind, new, None, write)
            self._rules.track(kind, new, None, write)
            return clone(new if write.dry_run else self._commit("ADDED", kind, new, None))

    def update(self, obj: Object, write: Write = Write()) -> Object:  # noqa: B008 (frozen)
        """Replace an object (or, by `write.subresource`, its status); 409 when its resourceVersion is old."""
        kind = self.kind(GroupVersionKind.of(obj.get("apiVersion", ""), obj.get("kind", "")))
        meta = obj.get("metadata", {})
        with self.lock:
            old = self._stored(kind, meta.get("name", ""), meta.get("namespace"))
            return self._replace(kind, old, clone(obj), write)

    def update_status(self, obj: Object, manager: str = "sandbox") -> Object:
        """Replace an object's status and nothing else; 409 when its resourceVersion is not the present."""
        return self.update(obj, Write(manager=manager, subresource="status"))

    def modify(
        self,
        gvk: GroupVersionKind,
        name: str,
        namespace: str | None,
        change: Callable[[Object], Object],
        write: Write = Write(),  # noqa: B008 (frozen)
    ) -> Object:
        """Read, change and write as one: `change` gets a copy and gives the object wanted."""
        kind = self.kind(gvk)
        with self.lock:
            old = self._stored(kind, name, namespace)
            return self._replace(kind, old, change(clone(convert(kind, old))), write)

    def merge(
        self,
        gvk: GroupVersionKind,
        name: str,
        namespace: str | None,
        patch: Mapping[str, object],
        subresource: str = "",
        manager: str = "sandbox",
    ) -> Object:
        """Apply a JSON merge patch (RFC 7386): null removes a key, lists are replaced."""
        write = Write(manager=manager, subresource=subresource)
        return self.modify(gvk, name, namespace, lambda old: merge_patch(old, dict(patch)), write)

    def delete(
        self,
        gvk: GroupVersionKind,
        name: str,
        namespace: str | None = None,
        options: DeleteOptions = DeleteOptions(),  # noqa: B008 (frozen)
        *,
        grace: int | None = None,
    ) -> Object:
        """Delete an object, or mark it when finalizers or a grace period hold it; gives its last state."""
        kind = self.kind(gvk)
        seconds = options.grace if grace is None else grace
        with self.lock:
            old = self._stored(kind, name, namespace)
            metadata.check_preconditions(kind, old, options)
            delay = metadata.grace_period(kind, old, seconds)
            new = metadata.mark(kind, old, options.propagation, delay, self._clock())
            if options.dry_run:
                return clone(convert(kind, old))
            if not metadata.is_held(kind, new):
                return clone(self._commit("DELETED", kind, old, old))
            if new == old:
                return clone(old)
            self._commit("MODIFIED", kind, new, old)
            return clone(self.exists(kind.resource, name, namespace or "") or new)

    # Watching

    def watch(self, gvks: Iterable[GroupVersionKind] | None = None, since: int | None = None) -> Watch:
        """Follow changes of some kinds (None: of all), from now or from after a resourceVersion (410 if too old)."""
        with self.lock:
            resources = None if gvks is None else frozenset(self.kind(gvk).resource for gvk in gvks)
            backlog = [] if since is None else self._replay(resources, since)
            stream = Watch(backlog, self._forget, self._revision if since is None else since)
            self._watches[stream] = resources
            return stream

    def react(self, callback: Callable[[Event], None]) -> None:
        """Run a callback in each later commit, under the lock; it may write."""
        self._reactions.append(callback)

    def _forget(self, stream: Watch) -> None:
        with self.lock:
            self._watches.pop(stream, None)

    def _replay(self, resources: frozenset[str] | None, since: int) -> Events:
        events: Events = []
        for resource in self._histories if resources is None else resources & self._histories.keys():
            found = self._histories[resource].after(since)
            if found is None:
                raise errors.expired(f"too old resource version: {since} ({self._revision})")
            events.extend(found)
        return sorted(events, key=lambda event: event.revision)

    def _stored(self, kind: Kind, name: str, namespace: str | None) -> Object:
        found = self.exists(kind.resource, name, namespace or "")
        if found is None:
            raise errors.not_found(kind, name)
        return found

    def _kind_of(self, obj: Object) -> Kind:
        return self.kind(GroupVersionKind.of(obj["apiVersion"], obj["kind"]))

    def _check_namespace(self, kind: Kind, meta: Object) -> None:
        if not kind.namespaced:
            meta.pop("namespace", None)
            return
        namespace = meta.get("namespace")
        if not namespace:
            raise errors.bad_request("an empty namespace may not be set during creation")
        found = self.exists("namespaces", namespace)
        if found is None:
            raise errors.not_found(self.kind(_NAMESPACE), namespace)
        if "deletionTimestamp" in found["metadata"]:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise errors.forbidden(kind, meta.get("name", ""), why)

    def _name(self, kind: Kind, meta: Object) -> None:
        if meta.get("name"):
            return
        if not meta.get("generateName"):
            why = "Required value: name or generateName is required"
            raise errors.invalid(kind, "", [errors.FieldError("metadata.name", "FieldValueRequired", why)])
        taken = self._objects.get(kind.resource, {})
        while not meta.get("name") or (meta.get("namespace", ""), meta["name"]) in taken:
            meta["name"] = meta["generateName"][:58] + "".join(random.choices(_SUFFIX, k=5))

    def _replace(self, kind: Kind, stored: Object, new: Object, write: Write) -> Object:
        old = convert(kind, stored)
        self._rules.decode(kind, new)
        new = metadata.carry_over(kind, new, old, write.part, write.operation == "Apply")
        self._rules.prepare(kind, new, old, write)
        if kind.generations and metadata.intent(new) != metadata.intent(old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
        self._rules.track(kind, new, old, write)
        if write.dry_run or metadata.is_same(new, old):
            return clone(new)
        if "deletionTimestamp" in new["metadata"] and not metadata.is_held(kind, new):
            return clone(self._commit("DELETED", kind, new, stored))
        return clone(self._commit("MODIFIED", kind, new, stored))

    def _commit(self, change: str, kind: Kind, new: Object, old: Object | None) -> Object:
        self._revision += 1
        new = {**new, "apiVersion": kind.api_version, "kind": kind.kind}
        new["metadata"] = {**new["metadata"], "resourceVersion": str(self._revision)}
        place = _Place(kind.resource, new["metadata"].get("namespace", ""), new["metadata"]["name"])
        objects = self._objects.setdefault(kind.resource, {})
        if change == "DELETED":
            del objects[place.namespace, place.name]
        else:
            objects[place.namespace, place.name] = new
        self._index(place, None if change == "DELETED" else new, old)
        self._publish(Event(change, kind, new, old, self._revision))
        return new

    def _index(self, place: _Place, new: Object | None, old: Object | None) -> None:
        before, after = metadata.owners(old), metadata.owners(new)
        for uid in before - after:
            self._dependents[uid].discard(place)
            if not self._dependents[uid]:
                del self._dependents[uid]
        for uid in after - before:
            self._dependents.setdefault(uid, set()).add(place)

    def _publish(self, event: Event) -> None:
        resource = event.kind.resource
        self._histories.setdefault(resource, History(0)).append(event)
        for stream, resources in list(self._watches.items()):
            if resources is None or resource in resources:
                stream.deliver(event)
        for react in self._reactions:
            react(event)
