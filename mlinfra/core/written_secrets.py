"""Secrets that are written out in a value: where they stand, and the value without them.

The rules ask where, whoever shows a value to people takes them out of it first. Names are looked at as well as texts:
of a mapping's entries, of a variable beside its value, of an option before its argument. References are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.core.secret_text import SHORTEST, Claim, blotted, claim, holds_secret, is_secret
from mlinfra.core.value import Base64, Concat, Json, Path, Secret, TrimPrefix, Value

WRITTEN = Secret("", "")  # stands for a secret that is written out, of which nobody shall see more
_PLAIN = frozenset({bool, int, float, type(None)})
_NAMES = ("name", "key")  # of a variable, beside its value
_LATER = "${}"
_NOTHING = Claim.NONE
# Encrypted for the cluster (Sealed Secrets), whatever the entries are called; and the words of a schema.
_OTHERS = frozenset({"encryptedData", "openAPIV3Schema"})


def written_secrets(value: Value, path: Path = ()) -> Iterator[Path]:
    """Where secrets stand in `value`. Within documents a path goes no deeper."""
    if _holds(value):
        yield from _within(value, path)


def concealed(value: Value) -> Value:
    """`value`, with `WRITTEN` in the place of each secret, and texts with theirs blotted out; itself without."""
    return _concealed(value) if _holds(value) else value


def is_secret_at(path: Path, value: Value) -> bool:
    """Whether what stands at `path` is a secret by its name: its own, or that of the variable whose value it is."""
    names = path[-2:-1] if path[-1:] == ("value",) else path[-1:]
    return isinstance(value, str) and any(isinstance(name, str) and is_secret(name, value) for name in names)


def _holds(value: Value) -> bool:
    """Whether there is anything to be found. Every resource of every plan passes here: hence no paths yet."""
    kind = type(value)
    if kind is str:
        return len(value) >= SHORTEST and holds_secret(value)
    if kind in _PLAIN:
        return False
    if kind is dict:
        for name, item in value.items():
            if type(item) is str:
                if (len(item) >= SHORTEST and holds_secret(item)) or (type(name) is str and _is_entry(name, item)):
                    return True
            elif type(item) not in _PLAIN and name not in _OTHERS and _holds(item):
                return True
        return "value" in value and _is_pair(value)
    if kind is list or kind is tuple:
        return any(map(_holds, value)) or any(_arguments(value))
    return any(map(_holds, _parts(value)))


def _within(value: Value, path: Path) -> Iterator[Path]:
    if isinstance(value, str):
        if holds_secret(value):
            yield path
    elif isinstance(value, dict):
        pair = _is_pair(value)
        for name, item in value.items():
            below = (*path, name) if isinstance(name, str) else path
            if (
                isinstance(item, str)
                and isinstance(name, str)
                and (_is_entry(name, item) or (pair and name == "value"))
            ):
                yield below
            elif name not in _OTHERS:
                yield from _within(item, below)
    elif isinstance(value, list | tuple):
        arguments = set(_arguments(value))
        for index, item in enumerate(value):
            yield from [(*path, index)] if index in arguments else _within(item, (*path, index))
    elif any(map(_holds, _parts(value))):
        yield path


def _concealed(value: Value) -> Value:
    if isinstance(value, str):
        return blotted(value)
    if isinstance(value, dict):
        pair = _is_pair(value)
        return {name: _concealed_entry(name, item, pair=pair) for name, item in value.items()}
    if isinstance(value, list | tuple):
        arguments = set(_arguments(value))
        return [WRITTEN if index in arguments else _concealed(item) for index, item in enumerate(value)]
    if isinstance(value, Json):
        return Json(_concealed(value.content))
    return WRITTEN if any(map(_holds, _parts(value))) else value


def _concealed_entry(name: Any, item: Value, *, pair: bool) -> Value:
    if isinstance(item, str) and isinstance(name, str) and (_is_entry(name, item) or (pair and name == "value")):
        return WRITTEN
    return item if name in _OTHERS else _concealed(item)


def _is_entry(name: str, item: str) -> bool:
    return claim(name) is not _NOTHING and is_secret(name, item)


def _is_pair(value: dict[Any, Any]) -> bool:
    """Whether it is a variable, a parameter or the like that is called as secrets are, with its value written out."""
    written = value.get("value")
    return isinstance(written, str) and any(
        isinstance(name := value.get(key), str) and is_secret(name, written) for key in _NAMES
    )


def _arguments(items: list[Value] | tuple[Value, ...]) -> Iterator[int]:
    """Which items of a command are what the option before takes, and a secret."""
    for index in range(1, len(items)):
        option, item = items[index - 1], items[index]
        if not isinstance(option, str) or not isinstance(item, str) or option[:1] != "-" or item[:1] == "-":
            continue
        if "=" not in option and is_secret(option.lstrip("-"), item):
            yield index


def _parts(value: Value) -> tuple[Value, ...]:
    """What an expression is made of: a text is read as a whole, with what is known later left out."""
    if isinstance(value, Concat):
        return ("".join(part if isinstance(part, str) else _LATER for part in value.parts), *value.parts)
    return (value.content,) if isinstance(value, Json | Base64 | TrimPrefix) else ()
