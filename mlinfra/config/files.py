"""Files: reading what a stack is made of, and nothing else.

The loader opens every file through it. A stack file may come from a stranger's pull request, so what it `extends`
must lie within the project, be a plain file, and be reached through no symbolic link. Raises nothing: what cannot
be read is a finding.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mlinfra.config.codes import Code
from mlinfra.core.source import Source
from mlinfra.documents import yaml
from mlinfra.documents.findings import Findings
from mlinfra.documents.near import near
from mlinfra.documents.node import Document
from mlinfra.documents.text import LARGEST, shown

_MARKS_OF_A_ROOT = (".git", ".mlinfra")


def find_root(file: str) -> Path:
    """The directory of the project that `file` belongs to: the nearest above with `.git` or `.mlinfra`, or its own."""
    own = Path(os.path.abspath(file)).parent  # noqa: PTH100 - resolve() would follow the links to be refused
    for directory in (own, *own.parents):
        if any((directory / mark).exists() for mark in _MARKS_OF_A_ROOT):
            return directory
    return own


class Files:
    """The files of one project, each read once. `digests` tells what was read, by path as the user gave it."""

    def __init__(self, root: Path, findings: Findings) -> None:
        self._root = Path(os.path.abspath(root))  # noqa: PTH100
        self._findings = findings
        self._read: dict[str, Document | None] = {}
        self.digests: dict[str, str] = {}

    def read(self, path: str, cause: Source | None) -> Document | None:
        """The document at `path`, which lies within the project. `cause` is where it is asked for."""
        return self._once(path, cause, within=True)

    def read_given(self, path: str) -> Document | None:
        """The document at a path of the command line, which may lie anywhere."""
        return self._once(path, None, within=False)

    def _once(self, path: str, cause: Source | None, *, within: bool) -> Document | None:
        if path not in self._read:
            data = self._bytes(path, cause or Source(path), within=within)
            document = None if data is None else yaml.read(data, path, self._findings)
            self._read[path] = document
            if document:
                self.digests[path] = document.digest
        return self._read[path]

    def _bytes(self, path: str, cause: Source, *, within: bool) -> bytes | None:
        if "\0" in path or len(path) > 4096:
            self._findings.add(Code.NO_FILE, f"{shown(path)} cannot be a path", cause)
            return None
        try:
            if within and not self._is_admitted(path, cause):
                return None
            return self._open(path, cause, os.O_NOFOLLOW if within else 0)
        except FileNotFoundError:
            self._findings.add(Code.NO_FILE, f"{path} does not exist", cause, hint=_near_file(path))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._findings.add(Code.UNREADABLE, f"{shown(path)} cannot be read: {reason}", cause)
        return None

    def _is_admitted(self, path: str, cause: Source) -> bool:
        """Whether `path` lies within the project, and no link on the way could lead out of it."""
        full = Path(os.path.abspath(path))  # noqa: PTH100
        if not full.is_relative_to(self._root):
            self._findings.add(
                Code.OUTSIDE, f"{shown(path)} lies outside the project", cause,
                hint=f"the project is {self._root}: the nearest directory above the stack file with .git or .mlinfra",
            )  # fmt: skip
            return False
        step = self._root
        for part in full.relative_to(self._root).parts:
            step = step / part
            if step.is_symlink():
                self._findings.add(
                    Code.SYMLINK, f"{shown(os.path.relpath(step))} is a symbolic link", cause,
                    hint="name the file that it leads to",
                )  # fmt: skip
                return False
        return True

    def _open(self, path: str, cause: Source, flags: int) -> bytes | None:
        # Not blocking: opening a pipe must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            self._findings.add(Code.NOT_A_FILE, f"{path} is {what}", cause, hint="name a YAML file")
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read(LARGEST + 1)


def _near_file(path: str) -> str:
    directory, name = os.path.split(path)
    try:
        names = [entry.name for entry in Path(directory or ".").iterdir() if entry.suffix in (".yaml", ".yml", ".json")]
    except OSError:
        return "there is no such directory" if directory else ""
    stems = {os.path.splitext(one)[0]: one for one in names}  # noqa: PTH122 - what all end alike says nothing
    stem = near(os.path.splitext(name)[0], stems)  # noqa: PTH122
    found = stems[stem] if stem else None
    if found:
        return f"did you mean {os.path.join(directory, found)}?"  # noqa: PTH118 - as the user would write it
    return "`mlinfra init` writes a first stack file" if not names else ""
