"""The few file operations that a local state needs, as a port.

`LocalStore` alone calls it. The tests put a disk behind it that dies, fills up and loses what was not synced; hence
each method is one point at which a run can end.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class NotAFile(OSError):
    """A directory, a pipe, a device or a loop of links stands where a file was to be read. `strerror` says which."""


class Files(Protocol):
    """File operations. Each raises `OSError` and nothing else."""

    def read(self, path: Path) -> bytes:
        """The whole file. Raises `NotAFile` for what is none, without opening it: that could wait for ever."""
        ...

    def write(self, path: Path, data: bytes, start: int = 0) -> None:
        """Cut the file, made if need be, at `start` bytes, add `data`, and sync the file itself."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Give the file another name, atomically, in place of what had it."""
        ...

    def sync(self, directory: Path) -> None:
        """Make the names in a directory durable."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file."""
        ...

    def make(self, directory: Path) -> None:
        """Make a directory and those above it, durably, unless it exists."""
        ...

    def names(self, directory: Path) -> list[str]:
        """The names of the files in a directory; none where it does not exist."""
        ...

    @contextmanager
    def locked(self, path: Path) -> Iterator[bool]:
        """Try to hold the lock on `path` for the time of the context: whether it was to be had."""
        ...


def _refuse_others(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotAFile(error.errno, "it is a symbolic link that leads back to itself") from error
        raise
    if not stat.S_ISREG(mode):
        kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a named pipe"))
        kind = next((name for is_one, name in kinds if is_one(mode)), "a device or a socket")
        raise NotAFile(errno.EINVAL, f"it is {kind} and not a file")


class DiskFiles:
    """The machine's file system. What it makes is readable by its owner alone: states name a whole platform."""

    def read(self, path: Path) -> bytes:
        """The whole file; opened so that what took its place since cannot hold us up either."""
        _refuse_others(path)
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return file.read()

    def write(self, path: Path, data: bytes, start: int = 0) -> None:
        """Cut at `start`, add, sync."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, start)
            os.lseek(descriptor, start, os.SEEK_SET)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Rename over what is there."""
        source.replace(target)

    def sync(self, directory: Path) -> None:
        """Sync the directory."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def make(self, directory: Path) -> None:
        """Make a directory; each new level is synced into the one above it."""
        if directory.is_dir():
            return
        self.make(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
        self.sync(directory.parent)

    def names(self, directory: Path) -> list[str]:
        """The names in a directory."""
        try:
            return [path.name for path in directory.iterdir()]
        except FileNotFoundError:
            return []

    @contextmanager
    def locked(self, path: Path) -> Iterator[bool]:
        """Try `flock`, which ends with the process whatever becomes of it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)
