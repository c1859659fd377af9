"""Serving with KServe: models as Kubernetes objects, scaled on requests."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="kserve")
Outputs = Service


class Inputs(Block, frozen=True, kw_only=True):
    """Serving with KServe."""

    mode: Annotated[
        Literal["raw", "serverless"], Meta(description="plain deployments, or Knative, which scales to zero")
    ] = "raw"
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
