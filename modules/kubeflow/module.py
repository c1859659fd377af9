"""Pipelines and training jobs with Kubeflow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="kubeflow")
Outputs = Service


class Inputs(Block, frozen=True, kw_only=True):
    """Pipelines and training with Kubeflow."""

    components: Annotated[
        tuple[Literal["pipelines", "trainer", "katib", "notebooks"], ...], Meta(description="which parts of it")
    ] = ("pipelines", "trainer")
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
