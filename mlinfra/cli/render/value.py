"""Values for people and for machines: expressions spelt out, secrets masked, control characters made visible.

Every form goes through here, so that masking and escaping exist once.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from mlinfra.core.secret_text import blotted
from mlinfra.core.value import (
    Base64,
    Concat,
    Expression,
    Json,
    Ref,
    Secret,
    TrimPrefix,
    Value,
    expressions,
    is_secret,
    path_text,
    text_of,
)
from mlinfra.core.written_secrets import concealed

ABSENT = "(absent)"
_BEFORE = 40  # characters of what is the same that are shown before a difference
# Strings that YAML and JSON would read back as strings are shown bare; all others in quotes, to tell "1.33" from 1.33.
_BARE = re.compile(r"[\w/*.@][\w./:@*+=,%-]*", re.ASCII)
_NUMBER = re.compile(r"(\d[\d_]*)?\.?\d*(e[+-]?\d+)?|0[xob][\da-f_]+|\.(inf|nan)", re.ASCII | re.IGNORECASE)
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def inert(text: str) -> str:
    """`text` on one line, what a terminal could obey spelt out as an escape, and secrets blotted out."""
    text = blotted(text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def both_texts(before: Value, after: Value, limit: int, ellipsis: str, *, secret: bool = False) -> tuple[str, str]:
    """Both sides on a line each, cut to `limit` where they differ: from their beginning, or from shortly before."""
    old, new = value_text(before, secret=secret), value_text(after, secret=secret)
    visible = limit - 20
    if old == new or max(len(old), len(new)) <= limit or old[:visible] != new[:visible]:
        return cut(old, limit, ellipsis), cut(new, limit, ellipsis)
    same = next((at for at, (left, right) in enumerate(zip(old, new, strict=False)) if left != right), visible)
    start = max(0, same - _BEFORE)
    return cut(f"{ellipsis}{old[start:]}", limit, ellipsis), cut(f"{ellipsis}{new[start:]}", limit, ellipsis)


def value_text(value: Value, *, secret: bool = False) -> str:
    """`value` on one line; with `secret` masked, whatever it is, and without it what is written out as one."""
    if value is msgspec.UNSET:
        return ABSENT
    return _value_text(value if secret else concealed(value), secret=secret)


def _value_text(value: Value, *, secret: bool = False) -> str:
    if secret or is_secret_expression(value):
        return f"(secret {names})" if (names := secret_names(value)) else "(secret)"
    match value:
        case Concat():
            return inert(expression_text(value))
        case Expression():
            return "${" + inert(expression_text(value)) + "}"
        case str():
            return value if _is_bare(value) else _quoted(value)
        case dict():
            return "{" + ", ".join(f"{key_text(k)}: {_value_text(item)}" for k, item in value.items()) + "}"
        case list() | tuple() | set() | frozenset():
            return "[" + ", ".join(_value_text(item) for item in value) + "]"
    return inert(json.dumps(value, default=str))


def cut(text: str, limit: int, ellipsis: str) -> str:
    """`text`, or its beginning and its length where it is longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 20]}{ellipsis} ({len(text)} characters)"


def value_json(value: Value, *, secret: bool = False) -> Any:
    """`value` as JSON data: `{"unknown": ...}` for expressions, `{"secret": ...}` for secrets.

    An object of the user's that could be taken for one of these is wrapped as `{"value": ...}`.
    """
    if value is msgspec.UNSET:
        return None
    return _value_json(value if secret else concealed(value), secret=secret)


def _value_json(value: Value, *, secret: bool = False) -> Any:
    if secret or is_secret_expression(value):
        return {"secret": secret_names(value) or None}
    match value:
        case Expression():
            return {"unknown": expression_text(value)}
        case dict():
            plain = {_key_json(key): _value_json(item) for key, item in value.items()}
            return {"value": plain} if len(plain) == 1 and plain.keys() <= {"unknown", "secret", "value"} else plain
        case list() | tuple() | set() | frozenset():
            return [_value_json(item) for item in value]
    return value


def key_text(key: Value) -> str:
    """The key of a map, which may be an expression."""
    return value_text(key) if isinstance(key, Expression | str) else inert(str(key))


def is_secret_expression(value: Value) -> bool:
    """Whether `value` is a secret, or one text made from one: then nothing of it is shown."""
    return isinstance(value, Expression) and is_secret(value)


def secret_names(value: Value) -> str:
    """The references of the secrets in `value`, such as `sm:recsys/webhook#url`."""
    return ", ".join(dict.fromkeys(_secret_name(e) for e in expressions(value) if isinstance(e, Secret) and e.source))


def expression_text(value: Value) -> str:
    """An expression as one would say it: `network.vpc.id`, `json({...})`; known parts as they are."""
    match value:
        case Ref(address, path):
            return str(address) + path_text(("", *path)).removeprefix('[""]')
        case Secret():
            return f"secret.{_secret_name(value)}"
        case Concat(parts):
            return "".join(
                ("${" + expression_text(p) + "}") if isinstance(p, Expression) else text_of(p) for p in parts
            )
        case Json(content):
            return f"json({expression_text(content)})"
        case Base64(content):
            return f"base64({expression_text(content)})"
        case TrimPrefix(content, prefix):
            return f"{expression_text(content)} without {prefix}"
    return value_text(value)


def _secret_name(secret: Secret) -> str:
    return inert(f"{secret.source}:{secret.name}" + (f"#{secret.key}" if secret.key else ""))


def _is_bare(text: str) -> bool:
    return bool(_BARE.fullmatch(text)) and not _NUMBER.fullmatch(text) and text.lower() not in _WORDS


def _quoted(text: str) -> str:
    return inert(json.dumps(text, ensure_ascii=False))


def _key_json(key: Value) -> str:
    return "${" + expression_text(key) + "}" if isinstance(key, Expression) else str(key)
