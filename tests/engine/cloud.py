"""A small cloud with behaviour: objects with ids, tags, keys, references and refusals, and faults on request.

It knows a type for each way of being owned, replaced and reached. Whatever a test does to it, it does by calls.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlinfra.core.connections import CLUSTER
from mlinfra.core.errors import Ambiguous, Conflict, NotFound
from mlinfra.core.observed import Absent, Listing, Observed, Present, Unreadable
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import Part
from mlinfra.core.property import (
    Replace,
    block,
    boolean,
    document,
    integer,
    list_of,
    map_of,
    set_of,
    text,
)
from mlinfra.core.provider import Interest, Operation, Target
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.resource_type import Exclusive, NameRule, OwnedBy, ResourceType
from mlinfra.core.value import Path, Properties
from mlinfra.engine.decision import merged

HERE = Connection("toy", "1/here")
TAGS = map_of(text(), default={})

TYPES: dict[str, ResourceType] = {
    kind.token: kind
    for kind in (
        ResourceType(
            token="toy:net/Net",
            inputs=block(
                {
                    "cidr": text(required=True, replace=Replace.CREATE_FIRST),
                    "motto": text(masked=True),
                    "dns": boolean(default=False),
                    "policy": document(default=None),
                    "tags": TAGS,
                }
            ),
        ),
        ResourceType(
            token="toy:net/Subnet",
            inputs=block(
                {
                    "net": text(required=True, replace=Replace.CREATE_FIRST, refers="toy:net/Net"),
                    "range": text(required=True, replace=Replace.DELETE_FIRST),
                    "public": boolean(default=False),
                    "labels": set_of(text(), default=[]),
                    "tags": TAGS,
                }
            ),
            key=("range",),
        ),
        ResourceType(
            token="toy:run/Group",
            inputs=block(
                {
                    "name": text(replace=Replace.CREATE_FIRST),
                    "subnets": set_of(text(refers="toy:net/Subnet"), required=True, replace=Replace.CREATE_FIRST),
                    "size": block(
                        {"min": integer(required=True), "max": integer(required=True), "wanted": integer(initial=True)},
                        required=True,
                    ),
                    "image": text(default="plain"),
                    "rank": integer(),
                    "home": text(refers="toy:net/Net"),
                    "shares": set_of(text(refers="toy:net/Subnet"), keeps=True),
                    "cluster": text(refers="toy:run/Cluster", replace=Replace.CREATE_FIRST),
                    "taints": list_of(block({"key": text(required=True), "effect": text()}), default=[]),
                    "password": text(write_only=True),
                    "tags": TAGS,
                }
            ),
            key=("name",),
            name=NameRule("name", longest=40),
            volatile={"revision": (), "edition": ("image",)},
        ),
        ResourceType(
            token="toy:net/Route",
            inputs=block(
                {
                    "net": text(required=True, replace=Replace.CREATE_FIRST, refers="toy:net/Net"),
                    "to": text(required=True, replace=Replace.CREATE_FIRST),
                    "via": text(required=True),
                }
            ),
            key=("net", "to"),
            owned_by=OwnedBy.PARENT,
            parent="net",
            exclusive=Exclusive(
                of="toy:net/Net",
                by="{net}",
                said=lambda route: f"has a route to {route['to']}",
                welcome=lambda route: route["via"] == "controller",
                holds=True,
            ),
        ),
        ResourceType(
            token="toy:net/Note",
            inputs=block(
                {
                    "name": text(required=True, replace=Replace.CREATE_FIRST),
                    "text": text(write_only=True, witness="written"),
                    "open": boolean(default=False, floating=True),
                    "tags": TAGS,
                }
            ),
            key=("name",),
            volatile={"written": ()},
        ),
        ResourceType(
            token="toy:run/Cluster",
            inputs=block(
                {
                    "name": text(required=True, replace=Replace.CREATE_FIRST),
                    "zone": text(default="a", replace=Replace.CREATE_FIRST),
                    "version": integer(default=1),
                    "subnet": text(refers="toy:net/Subnet", replace=Replace.CREATE_FIRST),
                    "tags": TAGS,
                }
            ),
            key=("name",),
            opens=CLUSTER,
        ),
        ResourceType(
            token="toy:in/Room",
            inputs=block(
                {"name": text(replace=Replace.DELETE_FIRST), "form": text(replace=Replace.DELETE_FIRST), "tags": TAGS}
            ),
            key=("name",),
            perishes=True,
            holds=lambda properties: (str(properties.get("name")),),
        ),
        ResourceType(
            token="toy:in/App",
            inputs=block(
                {
                    "name": text(required=True, replace=Replace.DELETE_FIRST),
                    "image": text(),
                    "room": text(replace=Replace.DELETE_FIRST),
                    "tags": TAGS,
                }
            ),
            key=("name",),
            perishes=True,
            lies_in=lambda properties: (properties["room"],) if properties.get("room") else (),
            irreplaceable="what it knew",
        ),
        ResourceType(
            token="toy:in/Chart",
            inputs=block({"name": text(required=True, replace=Replace.DELETE_FIRST), "values": text(), "tags": TAGS}),
            key=("name",),
        ),
    )
}

# How often each was updated: at all, in its image, in what it does not show.
_COUNTS = {"revision": 1, "edition": 1, "written": 1}
Fault = Callable[[str, str], None]  # operation, type; raises to refuse the call


class Thing:
    """One object in the cloud."""

    def __init__(self, kind: str, id: str, properties: Properties, owner: Owner | None) -> None:
        self.kind, self.id, self.properties, self.owner = kind, id, properties, owner
        self.failed = self.plight = ""

    def present(self) -> Present:
        hidden = ("password", "text")
        shown = {name: value for name, value in self.properties.items() if name not in hidden}
        opened = {"arn": f"arn:{shown['name']}", "createdAt": self.id} if self.kind == "toy:run/Cluster" else {}
        properties = {"arn": f"arn:{self.id}", **shown, **opened}
        return Present(self.id, properties, self.owner, failed=self.failed, plight=self.plight)


class ToyCloud:
    """The provider port over a table of things. Counts its mutating calls."""

    def __init__(self, ids: Iterator[int] | None = None) -> None:
        self.things: dict[str, Thing] = {}
        self.calls: list[tuple[str, str]] = []
        self.before: Fault = lambda operation, kind: None
        self.after: Fault = lambda operation, kind: None
        self.unread: Callable[[str, str], str] = lambda operation, kind: ""  # why something cannot be read
        self.in_two = False  # things are there by what they cannot do without, and get the rest by another call
        self.hidden: str = ""  # a type that may not be listed
        self.ids = ids if ids is not None else itertools.count(1)
        self._lock = threading.RLock()

    def types(self) -> Mapping[str, ResourceType]:
        return TYPES

    def of(self, kind: str) -> list[Thing]:
        return [thing for thing in self.things.values() if thing.kind == kind]

    def list(self, interest: Mapping[str, Interest], ownership: Ownership) -> Mapping[str, Listing]:
        with self._lock:
            return {
                kind: Listing((), why)
                if (why := "access denied" if kind == self.hidden else self.unread("list", kind))
                else Listing(tuple(t.present() for t in self.things.values() if t.kind == kind))
                for kind in interest
            }

    def find(self, target: Target) -> Observed:
        if why := self.unread("find", target.type):
            return Unreadable(why)
        with self._lock:
            for thing in self.things.values():
                same_id = bool(target.id) and thing.id == target.id
                key = TYPES[target.type].key
                same_key = bool(key) and all(thing.properties.get(k) == target.properties.get(k) for k in key)
                if thing.kind == target.type and (same_id or thing.owner == target.owner or same_key):
                    return thing.present()
            return Absent()

    def create(self, target: Target, operation: Operation) -> Present:
        operation.fence()
        self.before("create", target.type)
        with self._lock:
            self.calls.append(("create", target.type))
            self._refuse_nonsense(target)
            kind = TYPES[target.type]
            owner = target.owner if kind.owned_by is OwnedBy.TAGS else None
            defaults = {
                name: declared.default
                for name, declared in kind.inputs.fields.items()
                if isinstance(declared.default, bool | int | str | list | dict)
            }
            made = f"{target.type.rsplit('/')[-1].lower()}-{next(self.ids)}"
            first = {
                name: value
                for name, value in target.properties.items()
                if not self.in_two or kind.inputs.fields[name].required or kind.inputs.fields[name].replace
            }
            thing = Thing(target.type, made, {**defaults, **first, **_COUNTS}, owner)
            self.things[made] = thing
        self.after("create", target.type)
        operation.made(made)
        self.after("made", target.type)
        thing.properties.update(target.properties)
        return thing.present()

    def update(self, target: Target, prior: Present, changed: frozenset[Path], operation: Operation) -> Present:
        operation.fence()
        self.before("update", target.type)
        with self._lock:
            self.calls.append(("update", target.type))
            thing = self._thing(prior.id)
            for path in changed:
                assert TYPES[target.type].inputs.fields[str(path[0])].replace is None
                self._set(thing, target, str(path[0]))
            thing.properties["revision"] = thing.properties.get("revision", 0) + 1
            thing.properties["written"] = thing.properties.get("written", 0) + 1
            thing.properties["edition"] = thing.properties.get("edition", 0) + any(p[0] == "image" for p in changed)
        self.after("update", target.type)
        return thing.present()

    def _set(self, thing: Thing, target: Target, name: str) -> None:
        declared = TYPES[target.type].inputs.fields[name]
        if name not in target.properties:
            thing.properties[name] = declared.default
        elif isinstance(target.properties[name], dict) and name != "tags":
            kept = {k: v for k, v in thing.properties.get(name, {}).items() if declared.fields[k].initial}
            thing.properties[name] = merged(dict(target.properties[name]), kept)
        else:
            thing.properties[name] = target.properties[name]

    def delete(self, target: Target, operation: Operation) -> None:
        operation.fence()
        self.before("delete", target.type)
        with self._lock:
            self.calls.append(("delete", target.type))
            users = [t.id for t in self.things.values() if t.id != target.id and f"'{target.id}'" in str(t.properties)]
            if users:
                raise Conflict(f"{target.id} is used by {users[0]}")
            gone = self.things.pop(target.id, None)
            if gone is not None and gone.kind == "toy:in/Room":
                inside = [t.id for t in self.things.values() if t.properties.get("room") == gone.properties["name"]]
                for one in inside:
                    del self.things[one]
        self.after("delete", target.type)

    def tag(self, target: Target, operation: Operation) -> Present:
        operation.fence()
        self.before("tag", target.type)
        with self._lock:
            self.calls.append(("tag", target.type))
            thing = self._thing(target.id)
            thing.owner = target.owner
        self.after("tag", target.type)
        return thing.present()

    def preview(self, target: Target, prior: Present | None) -> tuple[Part, ...]:
        return ()

    def validate(self, type: str, properties: Properties) -> Iterable[str]:
        return []

    def _thing(self, id: str) -> Thing:
        if id not in self.things:
            raise NotFound(f"there is no {id}")
        return self.things[id]

    def _refuse_nonsense(self, target: Target) -> None:
        fields = TYPES[target.type].inputs.fields
        for name, value in target.properties.items():
            refers = fields[name].refers or (fields[name].items.refers if fields[name].items else "")  # type: ignore[union-attr]
            for item in value if isinstance(value, list) else [value]:
                if refers and item not in {*self.things, *(t.properties.get("name") for t in self.things.values())}:
                    raise NotFound(f"{name} {item!r} does not exist")
        rooms = [thing.properties["name"] for thing in self.of("toy:in/Room")]
        if target.properties.get("room") and target.properties["room"] not in rooms:
            raise NotFound(f"there is no room {target.properties['room']}")
        for thing in self.things.values():
            key = TYPES[target.type].key
            if key and thing.kind == target.type and all(thing.properties[k] == target.properties[k] for k in key):
                raise Conflict(f"{thing.id} has that {key} already")


def lost_answer(*operations: str) -> Fault:
    """Every such call takes effect once, and its answer is lost the first time."""
    told: set[tuple[str, str]] = set()

    def fault(operation: str, kind: str) -> None:
        if operation in operations and (operation, kind) not in told:
            told.add((operation, kind))
            raise Ambiguous(f"{operation} {kind}: no answer")

    return fault


class Death(BaseException):
    """The process ends here, whatever it was doing."""


def any_of(**properties: Any) -> Properties:
    return properties
