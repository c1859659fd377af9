"""Language model servers with vLLM."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="vllm")
Outputs = Service


class Inputs(Block, frozen=True, kw_only=True):
    """Language model servers with vLLM."""

    version: Annotated[
        str,
        Meta(
            description="release of the server; empty: ours", pattern=r"^(v[0-9]+(\.[0-9]+)+)?$", examples=["v0.11.0"]
        ),
    ] = ""
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
