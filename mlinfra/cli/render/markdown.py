"""Markdown in which nothing that a value says takes effect."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlinfra.cli.render.value import inert

_SPAN = re.compile(r"`([^`]+)`")


def code(text: str) -> str:
    """`text` as a code span, which nothing in it can end: the fence is longer than any run of backticks within."""
    text = inert(text)
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """`text` as words: no markup, HTML, mention or link in it takes effect."""
    text = re.sub(r"[\\`*_{}\[\]()#+!|~>-]", lambda sign: "\\" + sign.group(), inert(text).replace("&", "&amp;"))
    text = re.sub(r"^(\d+)\.", r"\1\\.", text)  # no numbered list either
    # An empty comment parts what would otherwise become a mention or a link.
    return (
        text.replace("<", "&lt;")
        .replace("@", "@<!-- -->")
        .replace("://", ":<!-- -->//")
        .replace("www.", "www<!-- -->.")
    )


def spoken(text: str) -> str:
    """`text` as words, but for what stands between two backticks, such as a command: that as a code span.

    For hints. Whatever they quote, nothing but a code span can come of it.
    """
    parts = _SPAN.split(text)
    return "".join(code(part) if index % 2 else prose(part) for index, part in enumerate(parts))


def size(lines: Iterable[str]) -> int:
    """In bytes of UTF-8, line ends included."""
    return sum(len(line.encode()) + 1 for line in lines)


def within(room: int, groups: Iterable[Iterable[str]]) -> list[str] | None:
    """The lines of all `groups`, if they fit into so many bytes; no group is asked for once they do not."""
    lines: list[str] = []
    for group in groups:
        told = list(group)
        room -= size(told)
        if room < 0:
            return None
        lines += told
    return lines


def mark(kind: str, name: str) -> str:
    """The first line of a comment, by which a later run finds it again."""
    return f"<!-- mlinfra:{kind.lower()}:{re.sub(r'[^a-z0-9-]', '', name)} -->"
