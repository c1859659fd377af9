"""Events of the core group, as `kubectl describe` shows them: counted when they repeat, and not kept for ever.

Called by controllers through `Cluster.record`. It must not fail for what happened to the object meanwhile.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from mlinfra.sandbox.kubernetes.controllers.catalog import EVENT
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Clock, Object, timestamp


class Recorder:
    """Writes Events. One for each object, reason and message; a repetition raises its count."""

    def __init__(self, store: Store, clock: Clock, limit: int) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], None] = OrderedDict()

    def record(self, obj: Object, component: str, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell of something that happened to an object."""
        namespace = obj["metadata"].get("namespace", "default")
        name = _name(obj, component, reason, message)
        with self._store.lock:
            try:
                if self._store.exists("events", name, namespace) is not None:
                    self._repeat(namespace, name)
                else:
                    self._store.create(self._event(obj, name, component, reason, message, warning), Write(component))
                    self._remember(namespace, name)
            except ApiError as error:
                if error.code not in (403, 404):  # the namespace is going, and its events with it
                    raise

    def _repeat(self, namespace: str, name: str) -> None:
        def again(old: Object) -> Object:
            return {**old, "count": old.get("count", 1) + 1, "lastTimestamp": timestamp(self._clock())}

        self._store.modify(EVENT, name, namespace, again)

    def _remember(self, namespace: str, name: str) -> None:
        self._kept[namespace, name] = None
        while len(self._kept) > self._limit:
            (place, oldest), _ = self._kept.popitem(last=False)
            if self._store.exists("events", oldest, place) is not None:
                self._store.delete(EVENT, oldest, place)

    def _event(self, obj: Object, name: str, component: str, reason: str, message: str, warning: bool) -> Object:
        meta, now = obj["metadata"], timestamp(self._clock())
        namespace = meta.get("namespace", "default")
        involved = {
            "apiVersion": obj["apiVersion"],
            "kind": obj["kind"],
            "name": meta["name"],
            "uid": meta.get("uid", ""),
            "resourceVersion": meta.get("resourceVersion", ""),
            **({"namespace": meta["namespace"]} if "namespace" in meta else {}),
        }
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": "Warning" if warning else "Normal",
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }


def _name(obj: Object, component: str, reason: str, message: str) -> str:
    text = "\n".join((obj["metadata"].get("uid", ""), component, reason, message))
    return f"{obj['metadata']['name'][:230]}.{hashlib.sha256(text.encode()).hexdigest()[:16]}"
