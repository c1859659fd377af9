"""Pipelines with Flyte, its data in S3 and its records in a database."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain, Name
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="flyte")
Outputs = Service


class Inputs(Block, frozen=True, kw_only=True):
    """Pipelines with Flyte."""

    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
    projects: Annotated[tuple[Name, ...], Meta(description="the projects that it starts with")] = ()
