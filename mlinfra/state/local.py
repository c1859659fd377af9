"""States in a local directory: files replaced by atomic renames, journals synced at each line.

The session opens it. Every write happens with `flock` held on the directory's guard file, so that the lock can be
checked and the write be made with nobody in between; reads take no lock and need no permission to write.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlinfra.core.clock import Clock
from mlinfra.core.errors import LockHeld, StateCorrupt, StateError
from mlinfra.state.backend import Backend
from mlinfra.state.codes import Code
from mlinfra.state.files import DiskFiles, Files, NotAFile
from mlinfra.state.lease import Claimant
from mlinfra.state.store import Journal, Kept

_GUARD = "guard"
_PATIENCE = 10.0  # seconds; the guard is held for the time of one write
_PAUSE = 0.01
_JOURNAL_SUFFIX = ".jsonl"
_UNWRITTEN = bytes(8)


class LocalBackend(Backend):
    """One stack's state in `directory`."""

    def __init__(
        self, directory: Path, stack: str, clock: Clock, claimant: Claimant, files: Files | None = None
    ) -> None:
        super().__init__(LocalStore(directory, clock, files or DiskFiles()), stack, clock, claimant)


class LocalStore:
    """The store in one directory. May be used by several threads."""

    guards = True

    def __init__(self, directory: Path, clock: Clock, files: Files) -> None:
        self._directory = directory
        self._clock = clock
        self._files = files
        self._mutex = threading.RLock()
        self._depth = 0

    @property
    def location(self) -> str:
        """The directory."""
        return str(self._directory)

    def get(self, name: str) -> Kept | None:
        """The file; its version is a digest of its content."""
        with self._translated("read", name):
            try:
                data = self._files.read(self._directory / name)
            except FileNotFoundError:
                return None
        return Kept(data, hashlib.sha256(data).hexdigest())

    def put(self, name: str, data: bytes, expected: str | None) -> str | None:
        """Written beside, synced, renamed into place, and the rename synced."""
        with self._guarded(), self._translated("write", name):
            kept = self.get(name)
            if (kept.version if kept else None) != expected:
                return None
            beside = self._directory / f"{name}.new"
            self._files.write(beside, data)
            self._files.rename(beside, self._directory / name)
            self._files.sync(self._directory)
            return hashlib.sha256(data).hexdigest()

    def delete(self, names: Sequence[str]) -> None:
        """Removed one after the other."""
        if not names:
            return
        with self._guarded(), self._translated("remove files in", ""):
            here = set(self._files.names(self._directory))
            for name in names:
                for file in {name, f"{name}.new", name + _JOURNAL_SUFFIX} & here:
                    self._files.remove(self._directory / file)
            self._files.sync(self._directory)

    def names(self) -> frozenset[str]:
        """The files, journals without their suffix."""
        with self._translated("list", ""):
            found = self._files.names(self._directory)
        return frozenset(name.removesuffix(_JOURNAL_SUFFIX) for name in found if not name.endswith(".new"))

    def journal(self, name: str) -> Journal:
        """The lines of one file. `end` is the length in bytes of its complete lines.

        After a power cut some file systems show the length of a write without its content, as NUL bytes, which JSON
        never has: such a last line is torn, too.
        """
        with self._translated("read", name + _JOURNAL_SUFFIX):
            try:
                data = self._files.read(self._directory / (name + _JOURNAL_SUFFIX))
            except FileNotFoundError:
                return Journal()
        *complete, torn = data.split(b"\n")
        lines = [line + b"\n" for line in complete]
        if lines and _UNWRITTEN in lines[-1]:
            torn = lines.pop() + torn
        return Journal(lines, sum(map(len, lines)), torn)

    def append(self, name: str, end: int, line: bytes) -> int | None:
        """Added to the file, after cutting off what a failed write may have left behind."""
        file = name + _JOURNAL_SUFFIX
        with self._guarded(), self._translated("write", file):
            fresh = end == 0
            self._files.write(self._directory / file, line, end)
            if fresh:
                self._files.sync(self._directory)
            return end + len(line)

    @contextmanager
    def fenced(self, check: Callable[[], None]) -> Iterator[None]:
        """Check and write with all others kept out."""
        with self._guarded():
            check()
            yield

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Hold the guard file's lock; a thread that has it may take it again."""
        with self._mutex:
            if self._depth:
                yield
                return
            with self._translated("lock", _GUARD):
                self._files.make(self._directory)
            with self._waited():
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    @contextmanager
    def _waited(self) -> Iterator[None]:
        deadline = self._clock.monotonic() + _PATIENCE
        while True:
            with self._translated("lock", _GUARD), self._files.locked(self._directory / _GUARD) as ours:
                if ours:
                    yield
                    return
            if self._clock.monotonic() >= deadline:
                raise LockHeld(
                    f"another process has been writing in {self.location} for {_PATIENCE:.0f} s without an end",
                    code=Code.LOCK_HELD,
                    hint="it may be stopped (Ctrl-Z, a debugger): let it go on, or end it",
                )
            self._clock.sleep(_PAUSE)

    @contextmanager
    def _translated(self, verb: str, name: str) -> Iterator[None]:
        try:
            yield
        except NotAFile as error:
            raise StateCorrupt(
                f"cannot {verb} {self._directory / name}: {error.strerror}",
                code=Code.UNAVAILABLE,
                hint="take it away, or put the file back, and run the same command again",
            ) from error
        except OSError as error:
            raise StateError(
                f"cannot {verb} {self._directory / name}: {error.strerror or error}",
                code=Code.UNAVAILABLE,
                hint="mend that and run the same command again; what was recorded before is kept",
            ) from error
