"""Streams: the YAML that programs write for Kubernetes, as plain data.

Rendered charts, indexes of chart repositories and the like are read here: several documents in a text, anchors and
aliases within a budget, and the spellings of YAML 1.1 that Kubernetes' own reader knows (`yes`, `0644`). Nothing in
them is our user's own writing, so there are no positions and no findings: a text is read, or refused with a reason.
Where a key is repeated the last one counts, as Kubernetes' reader has it.
"""

from __future__ import annotations

from typing import Any

import yaml as pyyaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from mlinfra.documents.scalar import LongNumberError, NotFiniteError, resolve
from mlinfra.documents.yaml import FASTEST, ParserClass

DEEPEST = 100
BUDGET = 3_000_000  # values in one text, each alias counted as what it stands for

_WORDS = {
    spelling: value
    for word, value in (("yes", True), ("on", True), ("no", False), ("off", False))
    for spelling in (word, word.title(), word.upper())
}
_OCTAL = frozenset("01234567")


class UnreadableError(ValueError):
    """The text is no YAML, or more than is read of one text. The message says which, and where."""


def read_stream(text: str, *, budget: int = BUDGET, parser: ParserClass = FASTEST) -> list[Any]:
    """Every document in `text`, empty ones left out. Raises `UnreadableError`."""
    try:
        return _Builder(parser(text), budget).documents()
    except pyyaml.YAMLError as error:
        raise UnreadableError(_spoken(error)) from error


def _spoken(error: pyyaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)


class _Builder:
    """Builds plain data from events. Recursive, as deep as `DEEPEST` allows."""

    def __init__(self, parser: Any, budget: int) -> None:
        self._next = parser.get_event
        self._left = budget
        self._depth = 0
        self._anchors: dict[str, tuple[Any, int]] = {}  # with how many values each comes to

    def documents(self) -> list[Any]:
        self._next()  # the beginning of the stream
        found = []
        while not isinstance(event := self._next(), StreamEndEvent):
            assert isinstance(event, DocumentStartEvent)
            self._anchors.clear()
            document = self._node(self._next())
            self._next()  # its end
            if document is not None:
                found.append(document)
        return found

    def _node(self, event: Event) -> Any:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        self._spend(1, event)
        before = self._left
        value = self._scalar(event) if isinstance(event, ScalarEvent) else self._collection(event)
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = (value, before - self._left + 1)
        return value

    def _alias(self, event: AliasEvent) -> Any:
        if event.anchor not in self._anchors:
            raise UnreadableError(f"line {_line(event)}: *{event.anchor} stands for nothing")
        value, size = self._anchors[event.anchor]
        self._spend(size, event)
        return value

    def _spend(self, size: int, event: Event) -> None:
        self._left -= size
        if self._left < 0:
            raise UnreadableError(f"line {_line(event)}: it holds more values than are read of one text")

    def _collection(self, event: Event) -> Any:
        assert isinstance(event, CollectionStartEvent)
        if self._depth == DEEPEST:
            raise UnreadableError(f"line {_line(event)}: more than {DEEPEST} mappings and lists within each other")
        self._depth += 1
        value = self._mapping() if isinstance(event, MappingStartEvent) else self._list()
        self._depth -= 1
        return value

    def _list(self) -> list[Any]:
        items = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._node(event))
        return items

    def _mapping(self) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise UnreadableError(f"line {_line(event)}: a key is no plain text")
            self._spend(1, event)
            value = self._node(self._next())
            if event.implicit[0] and event.value == "<<":
                for source in value if isinstance(value, list) else [value]:
                    merged = {**(source if isinstance(source, dict) else {}), **merged}
            else:
                entries[event.value] = value
        return {**merged, **entries} if merged else entries

    def _scalar(self, event: ScalarEvent) -> Any:
        text = event.value
        if event.tag is not None:
            return text if event.tag != "tag:yaml.org,2002:null" else None
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if len(text) > 1 and text[0] == "0" and set(text) <= _OCTAL:
            return int(text, 8)
        try:
            return resolve(text)
        except (LongNumberError, NotFiniteError):
            return text


def _line(event: Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark is not None else 0
