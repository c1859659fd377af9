"""JSON documents as every command prints them."""

from __future__ import annotations

import msgspec


def document(content: object) -> str:
    """Indented, the same bytes for the same content, and with no character in it that a terminal could obey."""
    text = msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2).decode()
    # JSON leaves C1 and bidirectional controls as they are. They can only stand within strings, where an escape means
    # the same.
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text) + "\n"


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))
