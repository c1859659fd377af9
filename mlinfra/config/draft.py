"""Drafts: what is left of a stack with mistakes once those parts are taken out that have them.

The loader makes one, so that the session can have the rest looked at as well: all mistakes are said at once. A draft is
never planned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from mlinfra.config.layout import INPUTS, STACKS
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.stack import Remains, Stack
from mlinfra.core.value import Path
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import FAILED, Node
from mlinfra.documents.schema import Schema
from mlinfra.documents.subschema import Definition

# What everything else may hang on: nothing can be said of the rest without it.
_VITAL = ("target", INPUTS, STACKS)


class Draft(msgspec.Struct, frozen=True):
    """The stack without its broken parts.

    broken: what can be read of those, by their path, a top-level key or an entry below one.
    """

    stack: Stack
    broken: Mapping[Path, Remains]


class DraftError(ConfigError):
    """A stack with mistakes, of which a draft could be made."""

    def __init__(self, diagnostics: Iterable[Diagnostic], draft: Draft) -> None:
        super().__init__(diagnostics)
        self.draft = draft


def remains_of(node: Node, definition: Definition) -> Remains:
    """What can be read of a mapping that is to be as `definition` says."""
    alone = Schema({**definition, "required": []})
    known, fields, below, wrong = definition.get("properties", {}), {}, {}, set()
    for name, item in node.value.items() if isinstance(node.value, dict) else ():
        findings = Findings()
        value = alone.load(node.with_value({name: item}), findings)
        if name in known and not findings.has_errors() and not holds_failed(item):
            fields[name] = value[name]
        elif isinstance(item.value, dict) and "properties" in known.get(name, {}):
            below[name] = remains_of(item, known[name])
        else:
            wrong.add(name)
    return Remains(fields, below, frozenset(wrong))


def holds_failed(node: Node) -> bool:
    """Whether something in it could not be made out."""
    value = node.value
    if isinstance(value, dict | list):
        return any(map(holds_failed, value.values() if isinstance(value, dict) else value))
    return value is FAILED


def without(data: Mapping[str, Any], broken: Collection[Path]) -> dict[str, Any] | None:
    """The data of a stack's top-level keys without the broken parts; `None` where too little is left."""
    if any(path[0] in _VITAL for path in broken) or "target" not in data:
        return None
    left = {
        name: {entry: one for entry, one in value.items() if (name, entry) not in broken}
        if isinstance(value, dict)
        else value
        for name, value in data.items()
        if (name,) not in broken
    }
    return {"metadata": {"name": "unnamed"}, **left}
