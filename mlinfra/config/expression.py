"""Expressions: the text within `${...}`, taken apart. The whole grammar stands here.

`substitution` evaluates what comes out. There are names with a path behind them, and secrets; no calls, no
operators, no nesting.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from mlinfra.core.value import Path, Secret

FORMS = "the forms are ${inputs.NAME}, ${env.NAME}, ${secret.sm:NAME#KEY}, ${stacks.NAME.outputs.OUTPUT}"
REFERENCE_PATTERN = r"\$\{[^{}]+\}"  # for published schemas: a text with an expression somewhere in it

_TOKEN = re.compile(r"\$\$|\$\{([^{}$]*)\}|\$\{")
_STEP = r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*"
_NAME = re.compile(rf"{_STEP}(?:\.{_STEP}|\[[0-9]{{1,4}}\])*")
_PART = re.compile(rf"({_STEP})|\[([0-9]+)\]")
_SECRETS = {
    # Secrets Manager takes a name or an ARN; a key selects from a JSON secret.
    "sm": re.compile(r"([A-Za-z0-9/_+=.@:-]{1,2048})(?:#([A-Za-z0-9_.-]{1,256}))?"),
    "ssm": re.compile(r"([A-Za-z0-9/_.-]{1,1011})()"),
    "env": re.compile(r"([A-Za-z_][A-Za-z0-9_]*)()"),
}


class Name(msgspec.Struct, frozen=True):
    """`${network.subnetIds[0]}`: its root `network`, the path behind it, and its text without `${}`."""

    root: str
    path: Path
    text: str


class Malformed(msgspec.Struct, frozen=True):
    """What is no expression; `hint` says why, where that can be told."""

    text: str
    hint: str


Part: TypeAlias = str | Name | Secret | Malformed


def parse(text: str) -> list[Part]:
    """The parts of a text: literal ones, with `$$` undone, and expressions. Neighbouring literals are one."""
    parts: list[Part] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() < end:  # within what was skipped as malformed
            continue
        _append(parts, text[end : token.start()])
        end = token.end()
        if token[0] == "$$":
            _append(parts, "$")
        elif token[1] is not None:
            parts.append(_expression(token[1].strip()))
        else:
            closing = text.find("}", end)
            end = closing + 1 if closing >= 0 else len(text)
            hint = "expressions do not nest" if closing >= 0 else "close it with '}', or write $${ for the text ${"
            parts.append(Malformed(text[token.start() : end], hint))
    _append(parts, text[end:])
    return parts


def _append(parts: list[Part], literal: str) -> None:
    if not literal:
        return
    if parts and isinstance(parts[-1], str):
        parts[-1] += literal
    else:
        parts.append(literal)


def _expression(inner: str) -> Part:
    if inner.startswith("secret."):
        return _secret(inner)
    if not _NAME.fullmatch(inner):
        return Malformed("${" + inner + "}", f"{FORMS}; write $${{ for the text ${{")
    root, *path = [name or int(index) for name, index in _PART.findall(inner)]
    return Name(str(root), tuple(path), inner)


def _secret(inner: str) -> Secret | Malformed:
    source, _, name = inner.removeprefix("secret.").partition(":")
    form = _SECRETS.get(source)
    match = form.fullmatch(name) if form else None
    if match is None:
        return Malformed(
            "${" + inner + "}", "secrets are ${secret.sm:NAME#KEY}, ${secret.ssm:NAME} or ${secret.env:NAME}"
        )
    return Secret(source, match[1], match[2] or "")
