"""A disk with the manners of a real one: what is not synced may be lost, writes may tear, runs may end at any step.

It keeps what the operating system would show (`names`, `contents`) apart from what survives a power cut. Each
method of the `Files` port is several steps; `fault` chooses one at which the run dies or the disk fails.
"""

from __future__ import annotations

import errno
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Died(BaseException):
    """The process was killed. Nothing that it had planned to do afterwards happens."""


class Fault:
    """At the step `at` (counted from 1) the run dies, or, with an `error` number, that one step fails."""

    def __init__(self, at: int = 0, error: int = 0) -> None:
        self.at = at
        self.error = error
        self.steps = 0
        self.dead = False

    def step(self) -> None:
        self.steps += 1
        if self.dead:
            raise Died
        if self.steps == self.at:
            self._strike()

    def _strike(self) -> None:
        if self.error:
            raise OSError(self.error, errno.errorcode[self.error])
        self.dead = True
        raise Died


class Disk:
    """Files in memory behind the `Files` port."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault or Fault()
        self.names_now: dict[Path, int] = {}
        self.names_kept: dict[Path, int] = {}
        self.renames: list[tuple[Path, int | None]] = []  # changes of names that no sync has made durable yet
        self.contents: dict[int, bytes] = {}
        self.kept: dict[int, bytes] = {}
        self.locks: dict[Path, threading.Lock] = {}
        self.writes = 0

    def read(self, path: Path) -> bytes:
        self.fault.step()
        if path not in self.names_now:
            raise FileNotFoundError(errno.ENOENT, "No such file", str(path))
        return self.contents[self.names_now[path]]

    def write(self, path: Path, data: bytes, start: int = 0) -> None:
        self.fault.step()
        if path not in self.names_now:
            self._name(path, len(self.contents))
            self.contents[self.names_now[path]] = b""
            self.fault.step()
        inode = self.names_now[path]
        self.contents[inode] = self.contents[inode][:start]
        self.fault.step()
        self.contents[inode] += data[: len(data) // 2]
        self.fault.step()
        self.contents[inode] += data[len(data) // 2 :]
        self.writes += len(data)
        self.fault.step()
        self.kept[inode] = self.contents[inode]
        self.fault.step()

    def rename(self, source: Path, target: Path) -> None:
        self.fault.step()
        inode = self.names_now[source]
        self._name(target, inode)
        self._name(source, None)
        self.fault.step()

    def sync(self, directory: Path) -> None:
        self.fault.step()
        self.names_kept = dict(self.names_now)
        self.renames.clear()
        self.fault.step()

    def remove(self, path: Path) -> None:
        self.fault.step()
        self._name(path, None)
        self.fault.step()

    def make(self, directory: Path) -> None:
        self.fault.step()

    def names(self, directory: Path) -> list[str]:
        self.fault.step()
        return [path.name for path in self.names_now if path.parent == directory]

    @contextmanager
    def locked(self, path: Path) -> Iterator[bool]:
        self.fault.step()
        lock = self.locks.setdefault(path, threading.Lock())
        ours = lock.acquire(blocking=False)
        try:
            yield ours
        finally:
            if ours:
                lock.release()

    def _name(self, path: Path, inode: int | None) -> None:
        self.renames.append((path, inode))
        if inode is None:
            self.names_now.pop(path, None)
        else:
            self.names_now[path] = inode

    def after_kill(self) -> Disk:
        """As the next process finds it: the operating system went on."""
        disk = Disk()
        disk.names_now, disk.contents = dict(self.names_now), dict(self.contents)
        disk.names_kept, disk.kept, disk.renames = dict(self.names_kept), dict(self.kept), list(self.renames)
        return disk

    def after_power_cut(self, chance: random.Random) -> Disk:
        """As it comes up again: of what was not synced, some happened and some did not."""
        disk = Disk()
        disk.names_now = dict(self.names_kept)
        for path, inode in self.renames[: chance.randint(0, len(self.renames))]:
            disk._name(path, inode)
        disk.renames.clear()
        for inode, content in self.contents.items():
            disk.contents[inode] = self._survivor(self.kept.get(inode, b""), content, chance)
        disk.names_kept, disk.kept = dict(disk.names_now), dict(disk.contents)
        return disk

    @staticmethod
    def _survivor(kept: bytes, content: bytes, chance: random.Random) -> bytes:
        if kept == content:
            return kept
        synced = next(
            (n for n, (a, b) in enumerate(zip(kept, content, strict=False)) if a != b), min(len(kept), len(content))
        )
        cut = chance.randint(synced, len(content))
        unwritten = bytes(len(content) - cut)  # the length grew, the pages were never written
        return chance.choice([kept, content, content[:cut], content[:cut] + unwritten])
