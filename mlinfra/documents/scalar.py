"""Plain scalars after the core schema of YAML 1.2.2 (section 10.3.2): what `1.30`, `0x1F`, `true` and `~` are.

Used wherever unquoted text becomes a value: by the YAML reader, and for `--set` and environment variables. YAML
1.1's further spellings (`yes`, `on`, `1:30`, octal `010`) are text, or decimal, as 1.2 says.
"""

from __future__ import annotations

import math
import re

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)
_NUMERIC = frozenset("-+.0123456789")

LONGEST_NUMBER = 100  # characters; Python's own int() takes quadratic time and refuses from 4,300 on


class LongNumberError(ValueError):
    """More digits than any number needs."""


class NotFiniteError(ValueError):
    """Infinite, not a number, or beyond what a double holds."""


def resolve(text: str) -> bool | int | float | str | None:
    """The value of the plain scalar `text`. Raises `LongNumberError` or `NotFiniteError`."""
    if text[:1] in _NUMERIC and text:
        return _number(text)
    return _WORDS.get(text, text)


def _number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        return _integer(text)
    if _SPECIAL.fullmatch(text):
        raise NotFiniteError(text)
    if not _FLOAT.fullmatch(text):
        return text
    _check_length(text)
    number = float(text)
    if math.isinf(number):
        raise NotFiniteError(text)
    return number


def _integer(text: str) -> int:
    _check_length(text)
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    return int(text)


def _check_length(text: str) -> None:
    if len(text) > LONGEST_NUMBER:
        raise LongNumberError(text[:LONGEST_NUMBER])
