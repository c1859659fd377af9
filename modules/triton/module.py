"""Model servers with Triton, from manifests of our own."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="triton")
Outputs = Service


class Inputs(Block, frozen=True, kw_only=True):
    """Model servers with Triton."""

    version: Annotated[
        str, Meta(description="release of the server, such as 25.09; empty: ours", pattern=r"^([0-9]{2}\.[0-9]{2})?$")
    ] = ""
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
