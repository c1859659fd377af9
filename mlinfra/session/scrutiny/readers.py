"""Readers: applied stacks beside one that is to be destroyed which read its outputs.

The session asks it of each plan to destroy. It looks into the stack files beside the stack's own and in the current
directory; who else reads a state, in other repositories, nobody can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from mlinfra.core.clock import SystemClock
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import StateError
from mlinfra.core.plan import Plan
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import Node
from mlinfra.documents.yaml import parse
from mlinfra.session.codes import Code
from mlinfra.state.lease import Claimant
from mlinfra.state.local import LocalBackend
from mlinfra.state.location import DEFAULT

_BUCKET = "s3://"
_LARGEST = 1_000_000  # characters of a file that is still looked into


class _Reader(msgspec.Struct, frozen=True):
    """A stack in `file`, which reads outputs of another at `source`."""

    name: str
    file: Path
    outputs: tuple[str, ...]
    source: Source | None


def with_readers(plan: Plan, stack: Stack, location: str, root: Path) -> Plan:
    """The plan; where it destroys the stack whose state is at `location`, with a warning for each that reads it."""
    if not plan.destroy or plan.partial or not plan.pending():
        return plan
    found = tuple(_told(stack.name, reader) for reader in _readers(Path(stack.file), location, root))
    return msgspec.structs.replace(plan, diagnostics=(*found, *plan.diagnostics)) if found else plan


def _readers(file: Path, location: str, root: Path) -> Iterator[_Reader]:
    folders = {folder.resolve(): folder for folder in (root, file.parent)}
    for folder in folders.values():
        for path in sorted(folder.glob("*.y*ml")):
            if path.resolve() == file.resolve() or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            written = parse(text, str(path), Findings()) if "stacks:" in text and len(text) < _LARGEST else None
            if written is not None and isinstance(written.value, dict):
                yield from _reading(path, text, written, _place(location, root), root)


def _reading(path: Path, text: str, written: Node, place: str, root: Path) -> Iterator[_Reader]:
    """What one file says of the state at `place`, where its stack may have been applied."""
    stacks, name = written.below("stacks"), _text(written.find(("metadata", "name")))
    if stacks is None or not isinstance(stacks.value, dict) or not _may_be_applied(name, written, root):
        return
    for alias, entry in stacks.value.items():
        where = entry.below("state")
        if where is not None and _place(_text(where), root) == place:
            outputs = re.findall(rf"\$\{{\s*stacks\.{re.escape(alias)}\.outputs\.([\w-]+)", text)
            yield _Reader(name, path, tuple(dict.fromkeys(outputs)), where.source)


def _may_be_applied(name: str, written: Node, root: Path) -> bool:
    """Whether it has a state; of one in a bucket, or under a name made of inputs, nobody asks."""
    state = _text(written.below("state"))
    if state.startswith(_BUCKET) or "${" in name + state:
        return True
    try:
        found = LocalBackend(root / (state or DEFAULT / name), name, SystemClock(), Claimant.here()).read()
    except StateError:
        return True  # what is wrong with it, that stack's own commands tell
    return found is not None and bool(found.every_record())


def _place(location: str, root: Path) -> str:
    return location.rstrip("/") if location.startswith(_BUCKET) else str((root / location).resolve())


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _told(name: str, reader: _Reader) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.READ_BY_OTHERS,
        summary=f"{reader.name or reader.file} reads {_named(reader.outputs)} of {name}, and may be built upon it",
        detail=f"What {reader.name or 'it'} made of that stays as it is, and may be left without what it needs. It can "
        "still be destroyed, by its state, and no longer be changed.",
        source=reader.source,
        hint=f"destroy {reader.file} first; or, where it is to stay, write values of its own in the place of these",
    )


def _named(outputs: tuple[str, ...]) -> str:
    names = ", ".join(outputs)
    return f"the output{'s' if ',' in names else ''} {names}" if names else "outputs"
