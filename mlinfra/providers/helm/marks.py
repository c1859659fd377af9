"""Marks: how a release says whose it is, and what of ours Helm does not remember.

They are labels of the Secret that Helm keeps each revision in: Helm writes them with its very first call, so an install
that is killed right after it is ours already. Labels hold 63 characters of a small alphabet; what does not fit is spelt
(`_3A` for a colon) and split over several.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping

import msgspec

from mlinfra.core import ownership
from mlinfra.core.ownership import Owner, owner_of

PREFIX = "mlinfra.io/"
STACK = PREFIX + "stack"
_DIGEST = PREFIX + "chart-digest"
_REVISION = PREFIX + "revision"
_KUBERNETES = PREFIX + "kubernetes"
_DEFINITIONS = PREFIX + "definitions"
_HOLDINGS = PREFIX + "holdings"
_END = ";"  # Helm hands labels down: of a longer list before, some may be left behind this one
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_STRANGE = re.compile(r"[^A-Za-z0-9.-]")
_SPELT = re.compile(r"_([0-9A-F]{2})")
_CHUNK = 61  # between an x before and one behind, so that it may begin and end as it likes


class Memory(msgspec.Struct, frozen=True):
    """What Helm does not remember of a revision.

    digest: of the chart, hexadecimal; empty where none was pinned. revision: which one this was written for; others of
    the release may have inherited it. kubernetes: the version that it was rendered for, where that makes a difference.
    definitions: the kinds that its chart's crds/ folders define, `group/Kind`: Helm knows nothing of those.
    holdings: what we had of each, in the same order (`definitions.holding_of`).
    """

    digest: str = ""
    revision: int = 0
    kubernetes: str = ""
    definitions: tuple[str, ...] = ()
    holdings: tuple[str, ...] = ()


def selector(stack: str) -> str:
    """Selects the Secrets of the releases of a stack, whichever its lineage."""
    labels = dict(_spell(STACK, stack))
    return ",".join(("owner=helm", *(f"{key}={value}" for key, value in labels.items())))


def labels(owner: Owner, memory: Memory) -> dict[str, str]:
    """All labels of ours that a revision bears. Helm hands labels down from revision to revision."""
    said = {PREFIX + key.removeprefix(ownership.PREFIX): value for key, value in owner.tags().items()}
    found = dict(pair for key, value in said.items() for pair in _spell(key, value))
    return found | remembered(memory)


def remembered(memory: Memory) -> dict[str, str]:
    """The labels that hold what Helm does not remember."""
    known = {_DIGEST: _short(memory.digest), _REVISION: str(memory.revision), _KUBERNETES: memory.kubernetes}
    lists = {_DEFINITIONS: memory.definitions, _HOLDINGS: memory.holdings}
    spelt = [pair for key, texts in lists.items() if texts for pair in _spell(key, " ".join(texts) + _END)]
    return {key: value for key, value in known.items() if value} | dict(spelt)


def owner_in(labels: Mapping[str, str]) -> Owner | None:
    """Whom the labels of a release name."""
    tags = {}
    for key in labels:
        if key.startswith(PREFIX):
            base = key.removeprefix(PREFIX).partition(".")[0]
            tags[ownership.PREFIX + base] = _read(PREFIX + base, labels)
    return owner_of(tags)


def memory_in(labels: Mapping[str, str]) -> Memory:
    """What the labels of a release remember."""
    revision = labels.get(_REVISION, "")
    number = int(revision) if revision.isdigit() else 0
    kinds, holdings = (tuple(_read(key, labels).partition(_END)[0].split()) for key in (_DEFINITIONS, _HOLDINGS))
    return Memory(_long(labels.get(_DIGEST, "")), number, labels.get(_KUBERNETES, ""), kinds, holdings)


def is_ours(key: str) -> bool:
    """Whether a label is one of ours."""
    return key.startswith(PREFIX)


def _spell(key: str, text: str) -> Iterator[tuple[str, str]]:
    spelt = _STRANGE.sub(lambda match: f"_{ord(match[0]):02X}", text)
    if _LABEL.fullmatch(spelt):
        yield key, spelt
        return
    for number, start in enumerate(range(0, len(spelt), _CHUNK)):
        yield f"{key}.{number}", f"x{spelt[start : start + _CHUNK]}x"


def _read(key: str, labels: Mapping[str, str]) -> str:
    spelt = labels.get(key)
    if spelt is None:
        chunks: list[str] = []
        while (chunk := labels.get(f"{key}.{len(chunks)}")) is not None:
            chunks.append(chunk[1:-1])
        spelt = "".join(chunks)
    return _SPELT.sub(lambda match: chr(int(match[1], 16)), spelt)


def _short(digest: str) -> str:
    """A digest in 52 characters of a label, which its 64 hexadecimal ones would not fit."""
    return base64.b32encode(bytes.fromhex(digest)).decode().rstrip("=").lower()


def _long(label: str) -> str:
    try:
        return base64.b32decode(label.upper() + "=" * (-len(label) % 8)).hex()
    except ValueError:
        return ""
