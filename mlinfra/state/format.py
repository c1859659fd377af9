"""The written form of a state: sealed lines, the base, the lines of its journal, and upgrades from earlier formats.

Backends and the lock read and write through here. Pure: no I/O. Everything written is one line of JSON that begins
with the checksum of the rest, so that no damage passes for content; docs/state.md describes it. What cannot be
trusted raises `Damaged`, which the backend turns into an error that names the last good copy.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from mlinfra.core.codec import encode, revive
from mlinfra.core.errors import StateError
from mlinfra.core.ledger import Entry
from mlinfra.core.state import FORMAT_VERSION, State
from mlinfra.state.codes import Code
from mlinfra.state.store import Journal

T = TypeVar("T")
Document = dict[str, Any]

_SEALED = re.compile(rb'\{"checksum":"([0-9a-f]{64})",(.+)\n', re.DOTALL)
# What decoding can raise on content that has the right checksum and the wrong shape.
_MISSHAPEN = (msgspec.MsgspecError, LookupError, TypeError, ValueError, RecursionError)


class Damaged(Exception):
    """The text is not what was once written. The message says how that shows; it never leaves this package."""


class Upgrade(msgspec.Struct, frozen=True):
    """How documents of one format version become those of the next: plain JSON data in and out, no I/O."""

    state: Callable[[Document], Document]
    entry: Callable[[Document], Document]


class Format(msgspec.Struct, frozen=True):
    """A version and the way to it: `upgrades[n]` leads from n to n + 1."""

    version: int
    upgrades: Mapping[int, Upgrade]


CURRENT = Format(FORMAT_VERSION, MappingProxyType({}))


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A state as written, or the word that it was removed: `state` is then `None`.

    `mlinfra` is the release that wrote it; `token` and `nonce` are those of its writer's lock. `begun`: its journal was
    begun before it was written, so that one without a line is a loss; bases of earlier releases do not promise it.
    """

    mlinfra: str
    token: int
    nonce: str
    state: State | None
    begun: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a journal: the entries of one write, in their place after the base that `base` identifies."""

    base: str
    number: int
    entries: tuple[Entry, ...]


class _Version(msgspec.Struct, frozen=True):
    format_version: int


class _Glance(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at before the rest is decoded."""

    mlinfra: str
    state: _Version | None


def seal(noun: msgspec.Struct) -> bytes:
    """`noun` as one line that bears its own checksum."""
    body = encode(noun)
    return b'{"checksum":"' + hashlib.sha256(body).hexdigest().encode() + b'",' + body[1:] + b"\n"


def unseal(line: bytes) -> bytes:
    """The JSON that was sealed. Raises `Damaged`."""
    found = _SEALED.fullmatch(line)
    if found is None:
        raise Damaged("it is cut off or overwritten" if line else "it is empty")
    body = b"{" + found[2]
    if hashlib.sha256(body).hexdigest().encode() != found[1]:
        raise Damaged("its checksum does not fit its content")
    return body


def unsealed(line: bytes, kind: type[T]) -> T:
    """The noun of the type `kind` that was sealed. Raises `Damaged`."""
    return _converted(_document(unseal(line)), kind)


def identity_of(base: bytes) -> str:
    """What tells one base from every other: the beginning of its checksum, which its journal bears."""
    return base[13:29].decode("ascii")


def read_base(data: bytes, where: str, known: Format = CURRENT) -> tuple[Base, int]:
    """The base that `data` spells, in the current format, and the version that it was written in.

    Raises `Damaged`, or `StateError` where the format is not known.
    """
    document = _document(unseal(data))
    glance = _converted(document, _Glance, msgspec.convert)
    written = glance.state.format_version if glance.state else known.version
    if written > known.version:
        raise StateError(
            f"{where} has format {written}, written by mlinfra {glance.mlinfra}; this one knows formats up to "
            f"{known.version}",
            code=Code.NEWER_FORMAT,
            hint=f"use mlinfra {glance.mlinfra} or newer",
        )
    if written != known.version:
        for upgrade in _way(written, where, known):
            document["state"] = upgrade.state(document["state"])
        document["state"]["format_version"] = known.version
    return _converted(document, Base), written


def read_journal(journal: Journal, base: str, written: int = FORMAT_VERSION, known: Format = CURRENT) -> list[Entry]:
    """The entries in a journal of the base that `base` identifies and `written` is the format of.

    A torn end is passed over, since nobody was told that it was durable. Raises `Damaged`, naming the line, for
    damage anywhere else: also for a last line of which only the newline is damaged.
    """
    lines = [*journal.lines]
    if _is_sealed(journal.torn[:-1] + b"\n"):
        lines.append(journal.torn)
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        try:
            entries += _read_line(line, base, number, written, known).entries
        except Damaged as error:
            raise Damaged(f"line {number}: {error}") from error
    return entries


def _read_line(data: bytes, base: str, number: int, written: int, known: Format) -> Line:
    document = _document(unseal(data))
    if written != known.version:
        for upgrade in _way(written, base, known):
            document["entries"] = [upgrade.entry(entry) for entry in document["entries"]]
    line = _converted(document, Line)
    if line.base != base:
        raise Damaged("it belongs to another state")
    if line.number != number:
        raise Damaged(f"it is number {line.number} where {number} is due")
    return line


def _is_sealed(line: bytes) -> bool:
    try:
        unseal(line)
    except Damaged:
        return False
    return True


def _way(written: int, where: str, known: Format) -> list[Upgrade]:
    steps = [known.upgrades.get(version) for version in range(written, known.version)]
    if written < 1 or None in steps:
        raise StateError(
            f"{where} has format {written}, of which nothing is known",
            code=Code.UNKNOWN_FORMAT,
            hint="use the mlinfra that wrote it, or rebuild the state from the cloud: mlinfra state rebuild",
        )
    return [step for step in steps if step is not None]


def _document(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except _MISSHAPEN as error:
        raise Damaged(f"it is no JSON: {error}") from error


def _converted(document: Any, kind: type[T], convert: Callable[[Any, type[T]], T] = revive) -> T:
    """`document` as a `kind`; `revive` takes it apart."""
    try:
        return convert(document, kind)
    except _MISSHAPEN as error:
        raise Damaged(f"it does not have the form of a {kind.__name__.strip('_').lower()}: {error}") from error
