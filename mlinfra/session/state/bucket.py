"""The bucket that states are kept in, made on request: `mlinfra init --bucket`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mlinfra.aws.identity import Identity
from mlinfra.core.clock import SystemClock
from mlinfra.core.stack import Target
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.reading import catalogue


def make_state_bucket(platform: Literal["aws", "sandbox"], region: str, bucket: str) -> None:
    """Make a bucket for states, hardened, or finish one that was begun. Raises `StateError` for one of others."""
    from mlinfra.state.s3.bucket import make_bucket

    root, clock = Path(), SystemClock()
    cloud = Cloud(Target(platform=platform, region=region), root, clock, catalogue.library(root))
    partition = Identity(cloud.calls).caller().partition
    make_bucket(cloud.client("s3"), bucket, region, clock, partition)
