"""Notebooks with JupyterHub, on the node group that the user picks."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain, Duration, Name
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="jupyterhub")
Outputs = Service


class Profile(Block, frozen=True, kw_only=True):
    """A kind of notebook server that users can pick."""

    name: Annotated[Name, Meta(description="what it is called")]
    node_group: Annotated[Name, Meta(description="the node group that it runs on")]
    image: Annotated[str, Meta(description="its image; empty: the chart's own")] = ""
    gpu: Annotated[int, Meta(description="GPUs for each server", ge=0, le=16)] = 0


class Inputs(Block, frozen=True, kw_only=True):
    """Notebooks with JupyterHub."""

    profiles: Annotated[tuple[Profile, ...], Meta(description="the kinds of notebook server that users can pick")] = ()
    idle: Annotated[Duration, Meta(description="after which time without use a server is stopped")] = "2h"
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
