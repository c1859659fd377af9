"""Declarations: the tree of properties of any kind, as far as anything is known of it.

Of built-in kinds that is all their fields, made only where they are looked at: a pod has thousands. Of all others it is
what all objects have in common. Used by `types`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from mlinfra.core.property import Kind as Shape
from mlinfra.core.property import (
    Property,
    Replace,
    anything,
    block,
    boolean,
    integer,
    keyed_list,
    lineage_of,
    list_of,
    map_of,
    number,
    text,
)
from mlinfra.core.value import Path
from mlinfra.providers.kubernetes import immutable, spelling
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import BuiltIn, built_in, definition, split

NAMESPACE = "kubernetes:core/v1:Namespace"
DEFAULT_NAMESPACE = "default"

# Part of a key that is left out (kubernetes/kubernetes, api/openapi-spec/v3, November 2026).
_KEY_DEFAULTS = {"protocol": "TCP"}
# Lists in which what comes first happens first, or is seen by what follows.
_ORDERED = frozenset({"initContainers", "env"})
_LAST = Replace.DELETE_FIRST  # the new object bears the name of the old one

_FREE = anything(default=None, canonical=spelling.free_form)


def inputs_of(kind: Kind) -> Property:
    """The declaration of a kind."""
    known = built_in(kind.api_version, kind.name)
    root = _definition_block(known.definition) if known is not None else block({}, items=_FREE)
    root = _overlaid(root, {**_IDENTITY, "metadata": _metadata(known)})
    for path in _fixed(root, kind):
        root = _marked(root, path)
    return _masked(root) if kind.same == ("", "Secret") else root


def sealed_inputs_of(kind: Kind) -> Property:
    """The declaration of an object that has made itself immutable."""
    root = inputs_of(kind)
    for path in immutable.paths(immutable.SEALED, kind.same):
        root = _marked(root, path)
    return root


def _fixed(root: Property, kind: Kind) -> Iterator[Path]:
    """What cannot be changed; of a block with exceptions, all its other fields."""
    free = immutable.paths(immutable.FREE, kind.same)
    for path in immutable.paths(immutable.FIXED, kind.same):
        exceptions = {other[len(path)] for other in free if other[: len(path)] == path}
        whole = lineage_of(root, path)[-1]
        yield from ((*path, name) for name in whole.fields if name not in exceptions) if exceptions else (path,)


_IDENTITY = {"apiVersion": text(default=None), "kind": text(default=None)}


def _metadata(known: BuiltIn | None) -> Property:
    namespaced = known is not None and known.namespaced
    namespace = text(default=DEFAULT_NAMESPACE if namespaced else None, replace=_LAST, refers=NAMESPACE)
    names = {"name": text(default=None, replace=_LAST), "namespace": namespace}
    return _overlaid(_definition_block("meta.v1.ObjectMeta"), names)


def _masked(secret: Property) -> Property:
    """Of a Secret it is seen which entries there are, and never what they say."""
    entries = {name: map_of(text(masked=True), default=None) for name in ("data", "stringData")}
    return _overlaid(secret, entries)


class _Fields(Mapping[str, Property]):
    """The fields of a definition, each declared when it is first looked at: some definitions have no end."""

    def __init__(self, codes: Mapping[str, str], over: Mapping[str, Property]) -> None:
        self._codes, self._over = codes, over
        self._made: dict[str, Property] = dict(over)

    def __getitem__(self, name: str) -> Property:
        if name not in self._made:
            self._made[name] = _declared(name, self._codes[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._codes, **self._over})

    def __len__(self) -> int:
        return len({**self._codes, **self._over})

    def over(self, fields: Mapping[str, Property]) -> _Fields:
        """The same, with some fields declared otherwise."""
        return _Fields(self._codes, {**self._over, **fields})


@cache
def _definition_block(name: str) -> Property:
    return Property(kind=Shape.BLOCK, fields=_Fields(definition(name).fields, {}), items=None, default=None)


def _overlaid(base: Property, fields: Mapping[str, Property]) -> Property:
    under = base.fields
    merged = under.over(fields) if isinstance(under, _Fields) else {**under, **fields}
    return msgspec.structs.replace(base, fields=merged)


def _marked(declared: Property, path: Path) -> Property:
    """The same declaration, in which a change at `path` replaces the object."""
    if not path:
        return msgspec.structs.replace(declared, replace=_LAST)
    head, *rest = path
    below = declared.below(head)
    assert isinstance(head, str)
    assert below is not None, f"nothing is declared at {head}"
    return _overlaid(declared, {head: _marked(below, tuple(rest))})


_SCALARS: dict[str, Any] = {
    "s": lambda **about: text(**about),
    "i": lambda **about: integer(**about),
    "n": lambda **about: number(**about),
    "b": lambda **about: boolean(**about),
    "q": lambda **about: anything(canonical=spelling.quantity, **about),
    "x": lambda **about: anything(canonical=spelling.int_or_text, **about),
    "B": lambda **about: text(canonical=spelling.base64_text, **about),
}


def _declared(name: str, code: str) -> Property:
    """One field. Taken out of the stack, it is given up: whatever the cluster then makes of it is not ours."""
    shape, key, inner = split(code)
    default = _KEY_DEFAULTS.get(name)
    match shape:
        case "map":
            return map_of(_declared("", inner), default=None)
        case "set":
            return keyed_list(_declared("", inner), default=None)
        case "list" if key:
            return keyed_list(_declared("", inner), *key, default=None, ordered=name in _ORDERED)
        case "list":
            return list_of(_declared("", inner), default=None)
        case "any":
            return _FREE
        case "block":
            return _definition_block(inner)
    return _SCALARS[inner](default=default) if inner in _SCALARS else _FREE
