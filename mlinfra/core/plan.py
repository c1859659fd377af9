"""The plan: steps for the walk, changes for the reviewer, and a seal between the two.

The planner makes it, renderers show it, the walk carries it out. Serialisable and byte-stable: the same inputs give
the same plan. A plan file is all that apply needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.capacity import Capacity
from mlinfra.core.cost import Cost
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.source import Source
from mlinfra.core.value import Path, Properties, Value

PLAN_FORMAT = 1


class Verb(StrEnum):
    """What one step does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ADOPT = "adopt"  # tag and record what is there
    TAG = "tag"  # let what is ours say so
    MOVE = "move"  # tag and record under another address
    RECORD = "record"  # write what was seen into the state; no call
    FORGET = "forget"  # drop the record; no call
    DRAIN = "drain"  # take down what controllers behind it made outside
    SWEEP = "sweep"  # once it is gone, remove what still bears its mark


# The verbs after which there is an object to refer to.
MAKES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.RECORD, Verb.ADOPT, Verb.TAG, Verb.MOVE})


class Action(StrEnum):
    """What a reviewer reads of one address."""

    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    MOVE = "move"
    FORGET = "forget"


class Cause(StrEnum):
    """Why a field differs."""

    CHANGE = "change"  # we want something else
    DRIFT = "drift"  # someone else changed it
    BOTH = "change and drift"
    UNKNOWN = "known after apply"


class Field(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One difference. `before` is what is observed, `after` what is desired; a missing side is absent there.

    forces: it is a cause of the replacement. secret: both sides are to be masked.
    by: who changed it outside of the stack, where the cloud tells.
    """

    path: Path
    before: Value = msgspec.UNSET
    after: Value = msgspec.UNSET
    cause: Cause = Cause.CHANGE
    forces: bool = False
    secret: bool = False
    by: str = ""


class Step(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One operation of the walk. A replacement is two steps, an upgrade of three versions three.

    needs: the keys of the steps that must have succeeded before.
    properties: the step's own target, with expressions for what is known only then.
    id: of the object that it works on, where there is one already.
    origin: for a move, the address it comes from.
    dependencies: what the object's record will say that it must outlive.
    named: the input that holds a derived name, empty where the stack gives the name.
    sure: of a replacement: it is made whatever becomes known, since what the object stands upon is replaced.
    """

    key: str
    address: Address
    generation: int
    verb: Verb
    type: str
    connection: Connection
    needs: tuple[str, ...] = ()
    properties: Properties = {}
    id: str = ""
    origin: Address | None = None
    dependencies: tuple[Address, ...] = ()
    protect: bool = False
    named: str = ""
    sure: bool = False


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing that a change carries with it: an object of a release, a load balancer that a drain takes down.

    name: what people call it: `Deployment serving/ranker`. note: a few words more: a hook, a CRD that is kept.
    explains: the field of the change that it says in full, so that people need not be told twice.
    """

    action: Action
    name: str
    note: str = ""
    fields: tuple[Field, ...] = ()
    explains: Path = ()


class Change(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What happens to one address, for people. `reason` is one sentence; `id` names the object that is there.

    parts: what it carries with it, where its provider can tell.
    loses: of a creation: what is there under this address goes with the cluster that it is in.
    lost: what nobody gets back after it, in words, as the type says; empty where there is nothing such.
    """

    address: Address
    type: str
    action: Action
    fields: tuple[Field, ...] = ()
    reason: str = ""
    source: Source | None = None
    id: str = ""
    origin: Address | None = None
    order: str = ""  # of a replacement: create-first or delete-first
    parts: tuple[Part, ...] = ()
    loses: bool = False
    lost: str = ""


class Sealed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was seen of one object: its id (empty: there was none), and a digest for each compared field."""

    address: Address
    generation: int
    type: str
    id: str
    fields: Mapping[str, str] = {}


class Seal(msgspec.Struct, frozen=True):
    """What must still hold when the plan is applied. `digest` covers steps and objects, and names the plan."""

    digest: str = ""
    objects: tuple[Sealed, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that apply needs.

    stack_file, documents: where the stack stood, and the digest of each document read for it.
    serial: of the state it was made from.
    destroy: the plan is to leave nothing.
    outputs: what the stack will answer, with expressions for what is known only then.
    cost, capacity: what advisers say of it, where they were asked. The seal does not cover them.
    """

    ownership: Ownership
    serial: int
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]
    seal: Seal = Seal()
    diagnostics: tuple[Diagnostic, ...] = ()
    outputs: Mapping[str, Value] = {}
    facts: Mapping[str, Any] = {}
    stack_file: str = ""
    documents: Mapping[str, str] = {}
    destroy: bool = False
    partial: bool = False  # made for some targets only
    settings: Mapping[str, Any] = {}  # what the session needs to connect again: target, state location, inputs
    cost: Cost | None = None
    capacity: Capacity | None = None
    format_version: int = PLAN_FORMAT

    def pending(self) -> tuple[Change, ...]:
        """The changes that are not no-ops."""
        return tuple(change for change in self.changes if change.action is not Action.NO_OP)

    def summary(self) -> dict[str, int]:
        """How many changes there are of each action; every action is named."""
        counts = Counter(change.action for change in self.changes)
        return {action.value: counts[action] for action in Action}
