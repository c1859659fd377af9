"""The YAML reader: text to `Document`, with a line and column for every key and value.

Configuration, policies and modules' own documents are read here. It takes YAML 1.2 with its core schema, less what
lets a file mean something else than it shows: aliases, anchors, merge keys, tags, repeated keys, keys that are not
text, further documents. Each is refused with a code, all at once. It builds from parser events itself, since
PyYAML's own constructors expand aliases, let keys repeat, and know YAML 1.1 only. It opens no file.
"""

from __future__ import annotations

import hashlib
import re
from sys import intern
from typing import Any, Protocol, TypeAlias

import msgspec
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

from mlinfra.core.source import Source
from mlinfra.documents.codes import Code
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import FAILED, Document, Node
from mlinfra.documents.scalar import LONGEST_NUMBER, LongNumberError, NotFiniteError, resolve
from mlinfra.documents.syntax import add_syntax_error, before_limit
from mlinfra.documents.text import FORBIDDEN, character, decode, shown

DEEPEST = 50  # nested mappings and lists; the Kubernetes API's own deepest schemas stay below 30


class Parser(Protocol):
    """What PyYAML's loaders have in common: one event after the other."""

    def get_event(self) -> Event:
        """The next event."""
        ...


ParserClass: TypeAlias = type[Any]  # one of PyYAML's loaders, made of a text; a `Parser`

# libyaml where PyYAML was built with it: ten times faster, and the same events.
FASTEST: ParserClass = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)


def read(data: bytes, file: str, findings: Findings, parser: ParserClass = FASTEST) -> Document | None:
    """The document in `data`; mistakes go to `findings`.

    `None` where no document can be made out. Where one can, mistakes in it or not, it is answered as far as it was
    understood, so that its content can be checked in the same go. `file` is how messages call it.
    """
    text = decode(data, file, findings)
    if text is None:
        return None
    root = parse(_as_yaml(text) if file.endswith(".json") else text, file, findings, parser)
    return None if root is None else Document(file, root, hashlib.sha256(data).hexdigest())


def parse(text: str, file: str, findings: Findings, parser: ParserClass = FASTEST) -> Node | None:
    """The node that `text` spells, as `read` does for bytes."""
    try:
        return _Builder(parser(text), file, findings).build()
    except pyyaml.YAMLError as error:
        if before := before_limit(error, text):
            return parse(before, file, findings, parser)
        add_syntax_error(error, text, file, findings)
    except _TooDeepError as error:
        findings.add(
            Code.TOO_DEEP, f"more than {DEEPEST} mappings and lists within each other", error.source,
            hint="flatten the document",
        )  # fmt: skip
    return None


def parse_value(text: str, source: Source, findings: Findings) -> Node | None:
    """The value that one line outside a file spells (`--set zones=[a,b]`); messages name `source` for all of it."""
    inner = Findings()
    node = parse(text, source.file, inner)
    for diagnostic in inner.diagnostics():
        findings.take(msgspec.structs.replace(diagnostic, source=source))
    return None if node is None or inner.has_errors() else _placed(node, source)


def _placed(node: Node, source: Source) -> Node:
    value = node.value
    if isinstance(value, dict):
        value = {name: _placed(item, source) for name, item in value.items()}
    elif isinstance(value, list):
        value = [_placed(item, source) for item in value]
    return Node(value, source, node.text, source, str(source))


_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _as_yaml(text: str) -> str:
    """JSON as YAML reads it: tabs only ever stand between tokens there, and characters come as surrogate pairs."""
    return _PAIR.sub(_joined, text.replace("\t", " "))


def _joined(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return pair[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


class _TooDeepError(Exception):
    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.source = source


class _Builder:
    """Builds one document from its events. Recursive, as deep as `DEEPEST` allows."""

    def __init__(self, parser: Parser, file: str, findings: Findings) -> None:
        self._next = parser.get_event
        self._file = file
        self._findings = findings
        self._depth = 0

    def build(self) -> Node:
        self._next()  # the beginning of the stream
        event = self._next()
        if isinstance(event, StreamEndEvent):
            return Node(None, Source(self._file, 1, 1), "")
        root = self._node(self._next(), None)
        self._next()  # the end of the document
        following = self._next()
        if isinstance(following, DocumentStartEvent):
            self._complain(
                Code.SECOND_DOCUMENT, "a second document begins here", following, "put it into a file of its own"
            )
        return root

    def _node(self, event: Event, key: Source | None) -> Node:
        if type(event) is ScalarEvent:
            return self._scalar(event, key)
        if isinstance(event, AliasEvent):
            self._complain(Code.ALIAS, f"*{event.anchor} is an alias", event, "write the value out, or use an input")
            return Node(FAILED, self._source(event), None, key)
        assert isinstance(event, CollectionStartEvent)
        self._check(event)
        source = self._source(event)
        if self._depth == DEEPEST:
            raise _TooDeepError(source)
        self._depth += 1
        value = self._mapping() if isinstance(event, MappingStartEvent) else self._list()
        self._depth -= 1
        return Node(value, source, None, key)

    def _list(self) -> list[Node]:
        items: list[Node] = []
        while type(event := self._next()) is not SequenceEndEvent:
            items.append(self._node(event, None))
        return items

    def _mapping(self) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while type(event := self._next()) is not MappingEndEvent:
            name = self._key(event)
            value = self._node(self._next(), self._source(event))
            if name is None:
                continue
            if name in entries:
                self._complain_of_repeated(name, event, entries[name])
            entries[name] = value
        return entries

    def _key(self, event: Event) -> str | None:
        """The name that a key spells; `None`, with a finding, where it is none."""
        if type(event) is not ScalarEvent:
            self._complain(Code.KEY_NOT_TEXT, "a key is a list, a mapping or an alias", event, "keys are plain text")
            self._skip(event)
            return None
        node = self._scalar(event, None)
        if node.value is FAILED:
            return None
        if event.implicit[0] and event.value == "<<":
            self._complain(
                Code.MERGE_KEY, "'<<' would merge another mapping in", event, "write the entries out, or use `extends`"
            )
            return None
        if not isinstance(node.value, str):
            kind = "nothing" if node.value is None else "true or false" if isinstance(node.value, bool) else "a number"
            hint = f'quote it: "{event.value}"' if event.value else "write a name before the ':'"
            self._complain(Code.KEY_NOT_TEXT, f"the key {event.value} is {kind}, not text", event, hint)
            return None
        if not node.value.isascii():
            self._complain_of_strange(node.value, event)
        return intern(node.value)

    def _skip(self, event: Event) -> None:
        depth = 0
        while True:
            if isinstance(event, CollectionStartEvent):
                depth += 1
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                depth -= 1
            if depth == 0:
                return
            event = self._next()

    def _scalar(self, event: ScalarEvent, key: Source | None) -> Node:
        self._check(event)
        source = self._source(event)
        text = event.value
        if not event.implicit[0]:
            if event.style == '"' and (hidden := FORBIDDEN.search(text)):
                self._complain(Code.FORBIDDEN_CHARACTER, f"an escape spells {character(hidden[0])}", event, "delete it")
            return Node(text, source, None, key)
        try:
            return Node(resolve(text), source, text, key)
        except LongNumberError:
            self._complain(
                Code.LONG_NUMBER, f"a number of {len(text)} characters; at most {LONGEST_NUMBER} are read", event,
                "quote it if it is text",
            )  # fmt: skip
        except NotFiniteError:
            self._complain(Code.NOT_FINITE, f"{shown(text)} is no finite number", event, "quote it if it is text")
        return Node(FAILED, source, text, key)

    def _check(self, event: ScalarEvent | CollectionStartEvent) -> None:
        """Refuse what may stand before a value."""
        if event.anchor:
            self._complain(Code.ALIAS, f"&{event.anchor} is an anchor", event, "delete it: there are no aliases")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._complain(Code.TAG, f"{shown(tag)} is a tag", event, "delete it; a quoted value is text")

    def _complain_of_repeated(self, name: str, event: Event, first: Node) -> None:
        lines = f"it stands at line {first.place.line} already"
        self._complain(Code.DUPLICATE_KEY, f"the key {shown(name)} is repeated: {lines}", event, "keep one of them")

    def _complain_of_strange(self, name: str, event: Event) -> None:
        strange = next(char for char in name if not char.isascii())
        self._complain(
            Code.STRANGE_NAME, f"the name {shown(name)} holds {character(strange)}", event,
            "names are ASCII: a letter of another alphabet can look the same and be another name",
        )  # fmt: skip

    def _complain(self, code: Code, summary: str, event: Event, hint: str) -> None:
        self._findings.add(code, summary, self._source(event), hint=hint)

    def _source(self, event: Event) -> Source:
        mark = event.start_mark
        assert mark is not None  # both parsers mark every event
        return Source(self._file, mark.line + 1, mark.column + 1)
