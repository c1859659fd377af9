"""Neighbours: other stacks, of which one reads the outputs in their states."""

from __future__ import annotations

from pathlib import Path

from mlinfra.aws.clients import Clients
from mlinfra.config.neighbours import Applied
from mlinfra.core.clock import SystemClock
from mlinfra.state.lease import Claimant
from mlinfra.state.location import open_backend


def applied_in(location: str, root: Path) -> Applied | None:
    """Another stack's outputs, as its state in `location` has them."""
    name = location.rstrip("/").rsplit("/", 1)[-1]
    backend = open_backend(location, name, root, SystemClock(), Claimant.here(), lambda: Clients("").of("s3"))
    state = backend.read()
    return None if state is None else Applied(state.outputs, f"{state.lineage}/{state.serial}")
