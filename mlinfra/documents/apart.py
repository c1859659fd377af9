"""Apart: what a project's own files may make endless is asked in a process of its own, with a time to answer in.

That process is a copy of this one: whatever a rule changes, prints, raises, loops in or ends is that copy's, and only
its answer comes back. This is no jail: rules run with the rights of whoever runs mlinfra. Asked by `policy`, of rules
that run Python or match regular expressions, and by `config`, of the patterns of inputs.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import msgspec

from mlinfra.core.source import Source

SECONDS = 10.0  # that a rule has to answer in
_GRACE = 2.0  # seconds more, for one that cannot be interrupted
_HEAD = 8  # bytes that say how long the answer is
_CHUNK = 65536

Answer = TypeVar("Answer")
_inside = False  # whether this process is such a copy


class CheckFaultError(Exception):
    """A rule that cannot be asked: `words` say why, `source` where; it is empty where its code is ours."""

    def __init__(self, words: str, source: Source | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.source = source


class _LateError(BaseException):
    """Time is up. No `Exception`, so that rules that catch those do not go on for ever."""


class _Told(msgspec.Struct):
    """What comes back: an answer, or what went wrong and where."""

    answer: msgspec.Raw = msgspec.Raw(b"\xc0")
    words: str = ""
    file: str = ""
    line: int = 0


def ask(work: Callable[[], Answer], kind: Any, *, script: str = "", seconds: float = SECONDS) -> Answer:
    """What `work` answers, of the msgspec type `kind`. Raises `CheckFaultError` for all else that it does.

    script: the file that a fault is looked for in.
    """
    if _inside:
        return _plainly(work, script, seconds)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # nothing here may return into what the parent goes on with
        os.close(reading)
        _answer(work, writing, script, seconds)
    os.close(writing)
    try:
        data = _read(reading, time.monotonic() + seconds + _GRACE)
    finally:
        os.close(reading)
        ended = _end(child)
    if data is None:
        raise CheckFaultError(_late(seconds))
    if not data:
        raise CheckFaultError(f"it ended the process that asked it, {ended}", Source(script, 1) if script else None)
    told = msgspec.msgpack.decode(data, type=_Told)
    if told.words:
        raise CheckFaultError(told.words, Source(told.file, told.line) if told.file else None)
    found: Answer = msgspec.msgpack.decode(told.answer, type=kind)
    return found


def _late(seconds: float) -> str:
    return f"it has not answered within {'a second' if seconds == 1 else f'{seconds:g} seconds'}"


def _answer(work: Callable[[], Any], writing: int, script: str, seconds: float) -> None:
    """The life of the copy."""
    global _inside
    _inside = True
    try:
        os.setpgid(0, 0)  # so that all that a rule starts ends with it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.dup2(2, 1)
        sys.stdout = sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
        data = msgspec.msgpack.encode(_told(work, script, seconds))
        sys.stderr.flush()
        _write(writing, len(data).to_bytes(_HEAD, "big") + data)
    finally:
        os._exit(1)


def _told(work: Callable[[], Any], script: str, seconds: float) -> _Told:
    signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return _Told(answer=msgspec.Raw(msgspec.msgpack.encode(_plainly(work, script, seconds))))
    except CheckFaultError as fault:
        place = fault.source or Source("")
        return _Told(words=fault.words, file=place.file, line=place.line or 1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _plainly(work: Callable[[], Answer], script: str, seconds: float) -> Answer:
    try:
        return work()
    except CheckFaultError:
        raise
    except BaseException as error:
        fault = fault_of(error, script)
        late = isinstance(error, _LateError)
        raise CheckFaultError(_late(seconds), fault.source) if late else fault from error


def _ring(number: int, frame: FrameType | None) -> None:
    raise _LateError


def fault_of(error: BaseException, script: str) -> CheckFaultError:
    """What an error says, with the line of the script that it comes from."""
    if isinstance(error, SyntaxError) and error.filename == script:
        return CheckFaultError(f"SyntaxError: {error.msg}", Source(script, error.lineno or 1))
    within = [frame for frame in traceback.extract_tb(error.__traceback__) if script and frame.filename == script]
    source = Source(script, within[-1].lineno or 1) if within else Source(script, 1) if script else None
    return CheckFaultError(f"{type(error).__name__}: {error}", source)


def _write(writing: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(writing, view) :]


def _read(reading: int, end: float) -> bytes | None:
    """The whole answer; empty where there is none to come, `None` where it comes too late."""
    data, length = bytearray(), _HEAD
    while len(data) < length:
        if not select.select([reading], [], [], max(0.0, end - time.monotonic()))[0]:
            return None
        chunk = os.read(reading, _CHUNK)
        if not chunk:
            return b""
        data += chunk
        if len(data) >= _HEAD:
            length = _HEAD + int.from_bytes(data[:_HEAD], "big")
    return bytes(data[_HEAD:])


def _end(child: int) -> str:
    """End the copy and all that it started, if they have not ended; how it ended, in words."""
    done, status = os.waitpid(child, os.WNOHANG)
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # nobody is there any more, or it has no group of its own yet
            continue
    if not done:
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return f"with exit status {code}" if code >= 0 else f"by signal {-code}"
