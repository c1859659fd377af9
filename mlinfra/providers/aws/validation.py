"""Offline validation: what AWS's own models say against the parameters of a create call, before any is made.

`provider` calls it while a plan is made, for every desired resource, so it must stay in the order of ten microseconds:
shapes are read once into rules. botocore's own check knows no enumerations, maxima or patterns and stops at unknown
values; its models say all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from mlinfra.core.value import Expression, Path
from mlinfra.documents.near import near

Shape = Any  # botocore is untyped

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": (list, tuple),
    "float": (int, float),
    "double": (int, float),
}
# What AWS adds to every few weeks: a value that its model does not list may be newer than that.
_GROWING = frozenset({"InstanceType"})
_FEW = 12
_NUMBERS = frozenset({"integer", "long", "float", "double"})


@cache
def input_rule(service: str, operation: str) -> Rule:
    """The rule for an operation's input, from botocore's files; no client is made."""
    return Rule(_model(service).operation_model(operation).input_shape)


@cache
def _model(service: str) -> Any:
    from botocore.model import ServiceModel

    from mlinfra.aws.models import Models

    return ServiceModel(Models().load_service_model(service, "service-2"), service)


class Rule:
    """What one shape says of a value. Rules for what lies within are made when they are first needed."""

    __slots__ = ("_below", "_shape", "expected", "kind", "least", "members", "most", "pattern", "required", "values")

    def __init__(self, shape: Shape) -> None:
        about = shape.metadata
        self._shape = shape
        self._below: dict[str, Rule] = {}
        self.kind: str = shape.type_name
        self.expected: Any = _TYPES.get(self.kind)
        listed = self.kind == "string" and shape.name not in _GROWING
        self.values: tuple[str, ...] = tuple(shape.enum) if listed else ()
        self.least, self.most = about.get("min"), about.get("max")
        self.pattern = _compiled(about["pattern"]) if "pattern" in about else None
        self.members: Mapping[str, Shape] = shape.members if self.kind == "structure" else {}
        tokens = {name for name, member in self.members.items() if member.metadata.get("idempotencyToken")}
        self.required = tuple(
            name for name in (shape.required_members if self.kind == "structure" else ()) if name not in tokens
        )

    def below(self, name: str) -> Rule:
        """The rule of a member; of the elements of a list; of the values of a map."""
        rule = self._below.get(name)
        if rule is None:
            shape = self.members[name] if self.members else self._shape.member if name == "[]" else self._shape.value
            rule = self._below[name] = Rule(shape)
        return rule

    def complaints(self, value: Any, path: Path = ()) -> list[tuple[Path, str]]:
        """What it says against `value`, by path in AWS's names; unknown values are passed over."""
        found: list[tuple[Path, str]] = []
        self._check(value, path, found)
        return found

    def _check(self, value: Any, path: Path, found: list[tuple[Path, str]]) -> None:
        if value is None or isinstance(value, Expression):
            return
        expected = self.expected
        if expected is None:
            return
        if not isinstance(value, expected) or (self.kind in _NUMBERS and isinstance(value, bool)):
            found.append((path, f"must be a {self.kind}, not {type(value).__name__}"))
        elif self.kind == "structure":
            self._check_structure(value, path, found)
        elif self.kind == "list":
            self._check_size(len(value), path, found, " entries")
            rule = self.below("[]")
            for index, item in enumerate(value):
                rule._check(item, (*path, index), found)
        elif self.kind == "map":
            rule = self.below("{}")
            for key, item in value.items():
                rule._check(item, (*path, key), found)
        elif self.kind == "string":
            self._check_text(value, path, found)
        elif self.kind in _NUMBERS:
            self._check_size(value, path, found, "")

    def _check_structure(self, value: Mapping[Any, Any], path: Path, found: list[tuple[Path, str]]) -> None:
        for name in self.required:
            if value.get(name) is None:
                found.append(((*path, name), "is required"))
        for name, item in value.items():
            if name in self.members:
                self.below(name)._check(item, (*path, name), found)
            else:
                found.append(((*path, name), "is not known to AWS"))

    def _check_text(self, value: str, path: Path, found: list[tuple[Path, str]]) -> None:
        shown = "not shown" if self._shape.metadata.get("sensitive") else repr(value)
        if self.values and value not in self.values:
            meant = near(value, self.values) if len(self.values) > _FEW else None
            hint = f": did you mean {meant}?" if meant else ""
            found.append((path, f"is {shown}; AWS knows {_some(self.values)}{hint}"))
            return
        self._check_size(len(value), path, found, " characters")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            found.append((path, f"is {shown}, which does not match {self.pattern.pattern}"))

    def _check_size(self, size: float, path: Path, found: list[tuple[Path, str]], unit: str) -> None:
        if self.least is not None and size < self.least:
            found.append(
                (path, f"has {size}{unit}, fewer than {self.least}" if unit else f"is {size}, below {self.least}")
            )
        if self.most is not None and size > self.most:
            found.append(
                (path, f"has {size}{unit}, more than {self.most}" if unit else f"is {size}, above {self.most}")
            )


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= _FEW else ", ".join(names[:_FEW]) + f" and {len(names) - _FEW} more"


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, where Python can read it: AWS's are Java's, with character properties that Python has not."""
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None
