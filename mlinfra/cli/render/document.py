"""JSON documents as every command prints them."""

from __future__ import annotations

from typing import Any

import msgspec

from mlinfra.core.secret_text import blotted


def document(content: object, *, whole: bool = False) -> str:
    """Indented, the same bytes for the same content, with nothing in it that a terminal could obey, and no secret.

    whole: as it is, for programs that asked for the very token, or for what leads to one.
    """
    shown = content if whole else _blotted(content)
    text = msgspec.json.format(msgspec.json.encode(shown, enc_hook=str), indent=2).decode()
    # JSON leaves C1 and bidirectional controls as they are. They can only stand within strings, where an escape means
    # the same.
    return "\n".join(line if line.isprintable() else _inert(line) for line in text.split("\n")) + "\n"


def _blotted(content: Any) -> Any:
    if isinstance(content, str):
        return blotted(content)
    if isinstance(content, dict):
        return {name: _blotted(item) for name, item in content.items()}
    return [_blotted(item) for item in content] if isinstance(content, list | tuple) else content


def _inert(line: str) -> str:
    return "".join(character if character.isprintable() else _escaped(character) for character in line)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))
