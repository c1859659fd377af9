"""Templates: the parameters of a call as data, with marks where a value of the object belongs.

Declarations hold them, `work` and `validation` fill them in. A mark without a value drops out, and so does whatever
holds nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

Template: TypeAlias = Any  # plain data in AWS's own names, with marks anywhere in it


class Mark(Enum):
    """What stands for a part of the object that is no property."""

    ID = "id"
    TAGS = "tags"  # those to be set, ours included, in the form of the type
    TAG_KEYS = "tag keys"  # those to be taken away
    NAMELESS_KEYS = "tag keys, each as an object"  # EC2 takes them so


ID, TAGS, TAG_KEYS, NAMELESS_KEYS = Mark.ID, Mark.TAGS, Mark.TAG_KEYS, Mark.NAMELESS_KEYS


class Prop(msgspec.Struct, frozen=True):
    """The value of one property in AWS's own form; a path goes below the first name."""

    name: str

    @property
    def root(self) -> str:
        """The property that it is part of."""
        return self.name.partition(".")[0]


def prop(name: str) -> Prop:
    """The value of the property `name`, of a part of the id, or of an output of that name."""
    return Prop(name)


class Either(msgspec.Struct, frozen=True):
    """The value of the first of these properties that has one."""

    names: tuple[str, ...]


def either(*names: str) -> Either:
    """The value of the first of these properties that has one."""
    return Either(names)


class Computed(msgspec.Struct, frozen=True):
    """What only a function can say, of the work that is done."""

    by: Callable[[Any], Any]


class When(msgspec.Struct, frozen=True):
    """A template that stands only where the property `name` has a value."""

    name: str
    template: Template


def when(name: str, template: Template) -> When:
    """`template`, where the property `name` has a value."""
    return When(name, template)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call: `operation` as AWS names it.

    fields: properties passed under their own API names. params: everything else.
    lag: a pattern on `Code: message` of errors that pass by themselves shortly, such as IAM's propagation.
    """

    operation: str
    fields: tuple[str, ...] = ()
    params: Mapping[str, Template] = {}
    service: str = ""
    lag: str = ""

    def properties(self) -> frozenset[str]:
        """The top-level properties that it carries."""
        return frozenset(self.fields) | {mark.root for mark in _marks(self.params) if isinstance(mark, Prop)}


def call(operation: str, *fields: str, service: str = "", lag: str = "", **params: Template) -> Call:
    """Declare a call: properties by name, then parameters in AWS's names."""
    return Call(operation=operation, fields=fields, params=params, service=service, lag=lag)


def fill(template: Template, lookup: Callable[[Prop | Mark | Computed], Any]) -> Any:
    """`template` with its marks looked up; `None` where nothing is left of it."""
    if isinstance(template, Prop | Mark | Computed):
        return lookup(template)
    if isinstance(template, When):
        return fill(template.template, lookup) if lookup(Prop(template.name)) is not None else None
    if isinstance(template, Either):
        return next((value for name in template.names if (value := lookup(Prop(name))) is not None), None)
    if isinstance(template, dict):
        filled = {key: value for key, item in template.items() if (value := fill(item, lookup)) is not None}
        return filled if filled or not template else None
    if isinstance(template, list):
        items = [value for item in template if (value := fill(item, lookup)) is not None]
        return items if items or not template else None
    return template


def _marks(template: Template) -> Iterator[Prop | Mark]:
    if isinstance(template, Prop | Mark):
        yield template
    elif isinstance(template, When):
        yield from _marks(template.template)
    elif isinstance(template, Either):
        yield from (Prop(name) for name in template.names)
    elif isinstance(template, Mapping):
        for item in template.values():
            yield from _marks(item)
    elif isinstance(template, list):
        for item in template:
            yield from _marks(item)


_INDEX = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def dig(data: Any, path: str) -> Any:
    """What stands at `path` (`NatGatewayAddresses[0].AllocationId`) in an answer; `None` where nothing does."""
    for step in _steps(path):
        if isinstance(step, str):
            data = data.get(step) if isinstance(data, dict) else None
        else:
            data = data[step] if isinstance(data, list) and len(data) > step else None
    return data


@lru_cache(maxsize=4096)  # the paths are those of declarations
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(name or int(index) for name, index in _INDEX.findall(path))
