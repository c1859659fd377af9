"""The sandbox as a process of its own, which stays up between commands.

The session starts it where a stack's target is the sandbox; `mlinfra sandbox up|down|status|reset` are these functions.
The process holds a lock on `<root>/sandbox.lock` for as long as it lives, and has written into it who and where it is:
so there is one for a root at most, however many commands ask at once, and one that died is never taken for alive.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec

from mlinfra.core.errors import MlinfraError
from mlinfra.sandbox.codes import Code

ROOT = ".mlinfra"
_LOCK = "sandbox.lock"
_LOG = "sandbox.log"
_PATIENCE = 15.0  # seconds; it takes about one
_POLL = 0.02


class SandboxStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the sandbox runs, and where. `endpoint` is what `AWS_ENDPOINT_URL` should say; all else follows it."""

    running: bool
    log: str
    pid: int = 0
    port: int = 0
    endpoint: str = ""
    account: str = ""
    region: str = ""


class Presence(msgspec.Struct, frozen=True):
    """What a running sandbox writes into its lock file."""

    pid: int
    port: int


class Announcement(msgspec.Struct, frozen=True):
    """What a starting sandbox says to whoever started it: its port, or that another one runs already, or the error."""

    port: int = 0
    taken: bool = False
    error: str = ""


def up(port: int | None = None, root: str | Path = ROOT) -> SandboxStatus:
    """Start the sandbox unless it runs. Raises `MlinfraError` where it cannot, or runs on another port than asked."""
    present = status(root)
    if not present.running:
        present = _started(port or 0, Path(root))
    if port is not None and present.port != port:
        raise MlinfraError(
            f"the sandbox runs on port {present.port} already, not on {port}",
            code=Code.OTHER_PORT,
            hint="run `mlinfra sandbox down` first; its data end with it",
        )
    return present


def down(root: str | Path = ROOT) -> SandboxStatus:
    """End the sandbox, and its data with it. One that does not run is no error."""
    path = Path(root)
    presence = _presence(path)
    if presence is not None:
        _end(presence.pid, path)
    return _absent(path)


def status(root: str | Path = ROOT) -> SandboxStatus:
    """Whether the sandbox runs and answers."""
    path = Path(root)
    presence = _presence(path)
    about = _ask(presence.port, "status") if presence is not None else None
    if presence is None or about is None or about.get("pid") != presence.pid:
        return _absent(path)
    return SandboxStatus(
        running=True,
        log=str(path / _LOG),
        pid=presence.pid,
        port=presence.port,
        endpoint=f"http://127.0.0.1:{presence.port}",
        account=str(about["account"]),
        region=str(about["region"]),
    )


def reset(root: str | Path = ROOT) -> SandboxStatus:
    """Empty the account of the running sandbox. Raises `MlinfraError` where none runs."""
    present = status(root)
    if not present.running:
        raise MlinfraError("no sandbox runs here", code=Code.NOT_RUNNING, hint="run `mlinfra sandbox up`")
    _ask(present.port, "reset", method="POST")
    return present


def hold(root: Path) -> int | None:
    """Take the lock for as long as this process lives; its descriptor, or `None` where another process has it."""
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    return descriptor


def present_as(descriptor: int, port: int) -> None:
    """Write into the held lock that this process serves on `port`."""
    os.pwrite(descriptor, msgspec.json.encode(Presence(os.getpid(), port)), 0)


def _started(port: int, root: Path) -> SandboxStatus:
    """Start it and wait until it answers: again where somebody else was starting it, and has gone meanwhile."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        announced = _start(port, root)
        if announced.error:
            raise MlinfraError(
                f"the sandbox did not start: {announced.error}", code=Code.NO_START, hint=f"its log is {root / _LOG}"
            )
        found = _await(root, deadline)
        if found is not None:
            return found


def _start(port: int, root: Path) -> Announcement:
    """Start a detached process and read what it says; it belongs to nobody and outlives us."""
    root.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "mlinfra.sandbox", "--root", str(root.resolve())]
    command += ["--port", str(port), "--announce", str(writing)]
    try:
        with (root / _LOG).open("ab") as log:
            subprocess.run(  # it forks the server and ends: the server is no child of ours
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writing], check=False
            )
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    return msgspec.json.decode(said, type=Announcement) if said else Announcement(error="it ended at once")


def _await(root: Path, deadline: float) -> SandboxStatus | None:
    """The status as soon as it runs: at once where we started it, soon where somebody else just did; `None` if it went.

    Raises `MlinfraError` at the deadline.
    """
    while True:
        found = status(root)
        if found.running:
            return found
        if time.monotonic() > deadline:
            raise MlinfraError(
                "the sandbox does not answer",
                code=Code.NO_ANSWER,
                hint=f"run `mlinfra sandbox down`, and try again; its log is {root / _LOG}",
            )
        if not _is_held(root):
            return None
        time.sleep(_POLL)


def _is_held(root: Path) -> bool:
    """Whether some process serves this root, or is about to."""
    descriptor = os.open(root / _LOCK, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _presence(root: Path) -> Presence | None:
    """Who holds the lock; `None` where nobody does, or has not yet written where it is."""
    try:
        descriptor = os.open(root / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _decoded(os.pread(descriptor, 4096, 0))
    else:
        return None
    finally:
        os.close(descriptor)


def _decoded(content: bytes) -> Presence | None:
    try:
        return msgspec.json.decode(content, type=Presence)
    except msgspec.DecodeError:  # it is just starting
        return None


def _end(pid: int, root: Path) -> None:
    """End the process that holds the lock: asked first, killed if it does not listen."""
    for kind, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, kind)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if _presence(root) is None:
                return
            time.sleep(_POLL)
    raise MlinfraError(f"process {pid} of the sandbox does not end", code=Code.NO_END, hint=f"kill -9 {pid}")


def _absent(root: Path) -> SandboxStatus:
    return SandboxStatus(running=False, log=str(root / _LOG))


def _ask(port: int, what: str, method: str = "GET") -> dict[str, str | int] | None:
    """Ask a sandbox by its control path; `None` where nobody answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/mlinfra-sandbox/{what}", method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10.0) as response:
            return msgspec.json.decode(response.read(), type=dict[str, str | int])
    except (urllib.error.URLError, OSError, msgspec.DecodeError):
        return None
