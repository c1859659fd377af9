"""The stack: a stack file that was read, merged, substituted, coerced and validated.

`mlinfra.config` makes it, `mlinfra.library` turns it into resources. It holds plain data and expressions; the typed
inputs of each section are the modules' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from mlinfra.core.resource import Move
from mlinfra.core.source import Source
from mlinfra.core.value import Path, Properties, Value


class Positions(Protocol):
    """Where each part of a stack was written."""

    def at(self, path: Path) -> Source | None:
        """Where `path` stands, or else its nearest ancestor that does; `None` for what is only a default."""
        ...


class Target(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the stack is made. `account` empty: whichever the caller's credentials belong to."""

    platform: Literal["aws", "sandbox", "kubernetes"]
    region: str = ""
    account: str = ""
    kubeconfig: str = ""
    context: str = ""


class RawResource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One entry of `resources`: any type by its token."""

    type: str
    properties: Properties = {}
    depends_on: tuple[str, ...] = ()
    connection: str = ""


class Remains(msgspec.Struct, frozen=True):
    """What can be read of a mapping with a mistake.

    fields: the data of those that have none. below: what remains of mappings within that have one.
    wrong: the names of all else that is written.
    """

    fields: Properties
    below: Mapping[str, Remains]
    wrong: frozenset[str]


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """One stack.

    file: the stack file, as the user named it.
    environment: production, development or ephemeral.
    protect: sections, or addresses, that are neither deleted nor replaced.
    lifecycle: the rest of that section.
    sections: the data of each section that a module implements, by section name. Below a section of many
        (`nodeGroups`), by entry name.
    resources, outputs: with `Ref(Address("section.name"), (output, ...))` for each `${section.name.output}`; for a
        section of one (`network`), `Ref(Address("network"), (output,))`.
    inputs: the effective values.
    documents: the digest of each file read, by its path as the user gave it.
    """

    file: str
    name: str
    target: Target
    owner: str = ""
    tags: Mapping[str, str] = {}
    state: str = ""
    environment: str = "production"
    protect: tuple[str, ...] = ()
    lifecycle: Mapping[str, Any] = {}
    sections: Mapping[str, Any] = {}
    resources: Mapping[str, RawResource] = {}
    outputs: Mapping[str, Value] = {}
    moves: tuple[Move, ...] = ()
    policies: Mapping[str, Any] = {}
    inputs: Mapping[str, Any] = {}
    documents: Mapping[str, str] = {}
    positions: Positions
