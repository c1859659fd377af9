"""What the API demands of every write: decoding, defaults, admission, the kind's own strategy, validation, ownership.

The `Rules` of a store that serves an API. Called by the store for each write, a controller's too. It must not write
objects other than the one it is given, and it reads others only through its plugins.
"""

from __future__ import annotations

import itertools
from typing import Protocol

from mlinfra.sandbox.kubernetes import errors, names, strategies
from mlinfra.sandbox.kubernetes.checks import by_resource
from mlinfra.sandbox.kubernetes.defaults import fill
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.ownership import record_update, writer
from mlinfra.sandbox.kubernetes.pruning import prune
from mlinfra.sandbox.kubernetes.schema import Schema, Schemas
from mlinfra.sandbox.kubernetes.store import Write
from mlinfra.sandbox.kubernetes.validation import find_errors
from mlinfra.sandbox.kubernetes.values import Clock, Object, at

_FIRST_NODE_PORT, _LAST_NODE_PORT = 30_000, 32_767


class Plugins(Protocol):
    """What is demanded of a write in view of other objects."""

    def mutate(self, kind: Kind, new: Object, old: Object | None) -> None:
        """Fill in what other objects say; `new` has its defaults, and is not validated yet."""
        ...

    def check(self, kind: Kind, new: Object, old: Object | None) -> None:
        """Refuse what other objects forbid; `new` is valid in itself."""
        ...


class ApiRules:
    """The rules of one cluster. Service addresses come from 10.100.0.0/16, as in EKS; none is given out twice."""

    def __init__(self, schemas: Schemas, clock: Clock, plugins: Plugins | None = None) -> None:
        self._schemas = schemas
        self._clock = clock
        self._plugins = plugins
        self._addresses = itertools.count(10)
        self._node_ports = itertools.cycle(range(_FIRST_NODE_PORT, _LAST_NODE_PORT + 1))

    def decode(self, kind: Kind, new: Object) -> None:
        """Refuse metadata of the wrong shape (400); drop its nulls."""
        if not isinstance(new.setdefault("metadata", {}), dict):
            raise errors.bad_request("metadata of the provided object is not an object")
        prune({"metadata": new["metadata"]}, self._schemas.metadata, kind, keep_unknown=True)

    def prepare(self, kind: Kind, new: Object, old: Object | None, write: Write) -> None:
        """Decode, default, complete and validate `new`; raises 400, 403 and 422."""
        schema = self._schemas.get(kind.gvk)
        if schema is None:
            return
        part = _written_part(kind, new, old, write)
        self._decode(part, schema, kind, write)
        fill(part, schema)
        _put_back(new, part, kind, old, write)
        admits = self._plugins if self._plugins and not write.subresource else None
        if admits:
            admits.mutate(kind, new, old)
        if not write.part:
            strategies.complete(kind.resource, new, old)
            if kind.resource == "services":
                self._address(new, old)
        self._validate(kind, new, old, schema, write)
        if admits:
            admits.check(kind, new, old)

    def track(self, kind: Kind, new: Object, old: Object | None, write: Write) -> None:
        """Record an update's fields; an apply has recorded its own."""
        if write.operation == "Apply":
            return
        owner = writer(kind, "Update", write.manager, write.subresource)
        record_update(new, old, self._schemas.get(kind.gvk), owner, self._clock())

    @staticmethod
    def _decode(part: Object, schema: Schema, kind: Kind, write: Write) -> None:
        unknown = prune(part, schema, kind)
        if not unknown or write.validation == "Ignore":
            return
        sentences = [f'unknown field "{path}"' for path in unknown]
        if write.validation == "Strict":
            found = f"strict decoding error: {', '.join(sentences)}"
            text = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {found}'
            raise ApiError(400, text)
        for sentence in sentences:
            write.warn(sentence)

    @staticmethod
    def _validate(kind: Kind, new: Object, old: Object | None, schema: Schema, write: Write) -> None:
        found = names.check(kind, new) if not write.part else []
        if write.part:
            skip = frozenset(new) - {write.part}
        else:
            skip = frozenset({"metadata", "status"}) if kind.has_status else frozenset({"metadata"})
        found += find_errors(new, schema, skip)
        if not write.part:
            found += by_resource.check(kind.resource, new, _compared(new, old, write))
        if found:
            raise errors.invalid(kind, new["metadata"]["name"], found)

    def _address(self, new: Object, old: Object | None) -> None:
        spec, before = new.setdefault("spec", {}), (old or {}).get("spec") or {}
        if spec.get("type") == "ExternalName":
            return
        if not spec.get("clusterIP"):
            spec["clusterIP"] = before.get("clusterIP") or self._next_address()
        spec["clusterIPs"] = [spec["clusterIP"]]
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts", True):
            ports = {port.get("port"): port.get("nodePort") for port in before.get("ports") or ()}
            for port in spec.get("ports") or ():
                if not port.get("nodePort"):
                    port["nodePort"] = ports.get(port.get("port")) or next(self._node_ports)

    def _next_address(self) -> str:
        number = next(self._addresses)
        return f"10.100.{number // 256 % 256}.{number % 256}"


def _written_part(kind: Kind, new: Object, old: Object | None, write: Write) -> Object:
    """The keys that this write sets; the rest is shared with the stored object and must not be altered."""
    if write.part:
        return {key: value for key, value in new.items() if key == write.part}
    if kind.has_status and old is not None:
        return {key: value for key, value in new.items() if key != "status"}
    return dict(new)


def _compared(new: Object, old: Object | None, write: Write) -> Object | None:
    """What an update is compared with: containers for debugging are added, and through their subresource alone."""
    if old is None or write.subresource != "ephemeralcontainers":
        return old
    added = {"ephemeralContainers": at(new, ("spec", "ephemeralContainers"))}
    return {**old, "spec": {**old["spec"], **{key: value for key, value in added.items() if value is not None}}}


def _put_back(new: Object, part: Object, kind: Kind, old: Object | None, write: Write) -> None:
    if write.part:
        if write.part in part:
            new[write.part] = part[write.part]
        return
    kept = {"status": new["status"]} if kind.has_status and old is not None and "status" in new else {}
    if kind.has_status and old is not None:
        part.pop("status", None)
    new.clear()
    new.update(part)
    new.update(kept)
