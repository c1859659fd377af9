"""Targets: which kind of cloud a stack's target names."""

from __future__ import annotations

from pathlib import Path

from mlinfra.core.clock import Clock
from mlinfra.core.connections import KUBERNETES
from mlinfra.core.stack import Target
from mlinfra.library.library import Library
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.connections.road import UNSAID, Road


def cloud_of(
    target: Target, root: Path, clock: Clock, library: Library, beside: Path | None = None, road: Road = UNSAID
) -> Cloud:
    """The cloud of a target: an account of AWS, the simulated one, or a cluster of the user's own."""
    if target.platform != KUBERNETES:
        return Cloud(target, root, clock, library, beside, road)
    from mlinfra.session.connections.own_cluster import OwnCluster

    return OwnCluster(target, root, clock, library, beside)
