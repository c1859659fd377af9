"""From the place that a stack file names to a backend.

The session calls it, once for each stack. A place is a directory or `s3://bucket/prefix`; none is `.mlinfra/state`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.core.clock import Clock
from mlinfra.core.errors import StateError
from mlinfra.state.backend import Backend
from mlinfra.state.codes import Code
from mlinfra.state.lease import Claimant
from mlinfra.state.local import LocalBackend

if TYPE_CHECKING:
    from mlinfra.state.s3.calls import S3Client

DEFAULT = Path(".mlinfra/state")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_STACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def open_backend(
    location: str, stack: str, root: Path, clock: Clock, claimant: Claimant, s3: Callable[[], S3Client]
) -> Backend:
    """The backend of `stack` at `location`. Nothing is read, made or called yet.

    An empty location is `.mlinfra/state/<stack>`; a relative directory is taken from `root`. `s3` makes the client
    for a bucket, and is asked only for one. Raises `StateError` for a location that means nothing.
    """
    if location.startswith("s3://"):
        from mlinfra.state.s3.store import S3Backend  # botocore takes a while to import, and most runs need none here

        return S3Backend(location, stack, s3(), clock, claimant)
    if _SCHEME.match(location) or not _STACK.fullmatch(stack):
        raise StateError(
            f"{location or stack!r} is no place for a state",
            code=Code.BAD_LOCATION,
            hint="write a directory, or s3://BUCKET/PREFIX, or leave `state` out: .mlinfra/state/<name>",
        )
    return LocalBackend(root / (location or DEFAULT / stack), stack, clock, claimant)
