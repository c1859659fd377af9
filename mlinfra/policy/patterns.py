"""Patterns: the texts of IAM in which stars stand, and the names on which they are tried.

The readers of policies and of conditions ask. "Any role" is tried on a list of names that no stack has: what lets most
of them through is open. What is known later is some name or other, or, where it may be, a star.
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import ascii_lowercase, digits

from mlinfra.core.value import Concat, Ref, TrimPrefix, Value

HOLE = "\ue000"  # stands for what is known later, and is some name or other
_LETTERS = ascii_lowercase + digits
# Names that nobody has chosen: one for each first letter, so that `role/a*` meets one of them and `role/*` all.
NAMES = tuple(f"{a}{b}-{b}{a}" for a, b in zip(_LETTERS, _LETTERS[7:] + _LETTERS[:7], strict=True))
# Outputs that are what AWS calls something: they hold no wildcard, whatever they are.
_NAMING = re.compile(r"(^|[a-z])(id|Id|arn|Arn|name|Name|account|bucket|repositoryUrl|endpoint)$")
_STACKS = "stacks"
_FORMS = {"*": ".*", "?": "."}


def text_in(value: Value, *, wide: bool) -> str:
    """A text as far as it is known; what is not, is a name, or where `wide` perhaps a star."""
    match value:
        case str():
            return value
        case Concat(parts):
            return "".join(text_in(part, wide=wide) for part in parts)
        case TrimPrefix(content):
            return text_in(content, wide=wide)
        case Ref() if value.address.section != _STACKS and value.path and _NAMING.search(str(value.path[-1])):
            return HOLE
    return "*" if wide else HOLE


@lru_cache(maxsize=1 << 14)
def fits(name: str, pattern: str) -> bool:
    """Whether a name is one that a pattern means, case aside."""
    if pattern == "*":
        return True
    if "*" not in pattern and "?" not in pattern:
        return name.lower() == pattern.lower()
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1 << 10)
def _compiled(pattern: str) -> re.Pattern[str]:
    written = re.sub(r"\*+", "*", pattern)
    return re.compile("".join(_FORMS.get(letter) or re.escape(letter) for letter in written), re.IGNORECASE | re.DOTALL)
