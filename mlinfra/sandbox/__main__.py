"""The process behind `mlinfra sandbox up`: python -m mlinfra.sandbox --root DIR [--port N] [--announce FD] [--stay].

It forks and ends; the fork serves until it is told to end. With `--stay` it serves in the foreground. Everything that
it prints goes to the log.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import traceback
from contextlib import suppress
from pathlib import Path

import msgspec

from mlinfra.sandbox.background import Announcement, hold, present_as

_TICK = 0.2  # seconds between looks at what is due, so that nodes join though nobody calls


def main() -> None:
    """Serve, detached unless told to stay."""
    parser = argparse.ArgumentParser(prog="python -m mlinfra.sandbox")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--announce", type=int, default=-1)
    parser.add_argument("--stay", action="store_true")
    asked = parser.parse_args()
    if not asked.stay:
        if os.fork():
            os._exit(0)
        os.setsid()
    try:
        serve(asked.root, asked.port, asked.announce)
    except Exception as error:  # noqa: BLE001  there is nobody above: what happened must reach whoever waits, and the log
        traceback.print_exc()
        announce(asked.announce, Announcement(error=str(error)))


def serve(root: Path, port: int, announcing: int) -> None:
    """Serve until SIGTERM or SIGINT; not at all where another process serves this root already."""
    lock = hold(root)
    if lock is None:
        announce(announcing, Announcement(taken=True))
        return
    # Imported only now, by the one process that will serve: this takes most of the time.
    from mlinfra.sandbox.aws.sandbox import Sandbox
    from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints
    from mlinfra.sandbox.timeline import Pace

    stop = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stop.set())
    with Sandbox(port=port, pace=Pace(), endpoints=KubernetesEndpoints) as sandbox:
        present_as(lock, sandbox.port)
        announce(announcing, Announcement(port=sandbox.port))
        threading.Thread(target=sandbox.warm, daemon=True).start()
        while not stop.wait(_TICK):
            sandbox.settle()


def announce(descriptor: int, what: Announcement) -> None:
    """Tell whoever started this process, once; whoever has been killed meanwhile is not told, and no loss."""
    if descriptor >= 0:
        with suppress(BrokenPipeError):
            os.write(descriptor, msgspec.json.encode(what))
        os.close(descriptor)


if __name__ == "__main__":
    main()
