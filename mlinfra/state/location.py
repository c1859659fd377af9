"""From the place that a stack file names to a backend.

The session calls it. A place is a directory, or `s3://bucket/prefix`; by default `.mlinfra/state/<stack>`.
"""

from __future__ import annotations

from pathlib import Path

from mlinfra.core.clock import Clock
from mlinfra.state.backend import Backend
from mlinfra.state.lease import Claimant
from mlinfra.state.local import LocalBackend

DEFAULT = Path(".mlinfra/state")


def open_backend(location: str, stack: str, root: Path, clock: Clock, claimant: Claimant) -> Backend:
    """The backend of `stack` at `location`; a relative directory is taken from `root`, an empty one is the default."""
    return LocalBackend(root / (location or DEFAULT / stack), stack, clock, claimant)
