"""Where models that are services live: a namespace whose pods have no rights, and the images of their servers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_ground
from mlinfra.library.contract import Contract, Entrance, Image, Namespace, Teardown
from mlinfra.library.images import AWS
from mlinfra.library.in_cluster import SERVING
from mlinfra.library.outputs import Cluster, ModelServing, NodeGroup

SECTION = Place("components", entry="model-serving")
NEEDS = (Cluster, NodeGroup)
Outputs = ModelServing

_TRITON = Image(
    name="nvcr.io/nvidia/tritonserver",
    tag="26.08-py3",
    digest="sha256:9185ba5b33d2c85c9204b208957b4bbfc6b2b89066efc9192e0f60c2ab58cec0",
    source="https://docs.nvidia.com/deeplearning/triton-inference-server/release-notes/rel-26-08.html",
    looked_up="2026-11-24",
)
CONTRACT = Contract(
    images=(_TRITON, AWS),
    # Requests come from load balancers as well, by HTTP and gRPC.
    namespaces=(Namespace(name=SERVING, entrances=(Entrance("anybody", (8000, 8001)),)),),
    teardown=Teardown(recipe="The namespace, once no endpoint is in it."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Where models live."""

    triton_version: Annotated[str, Meta(description="release of Triton, such as 25.09; empty: ours")] = ""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the namespace."""
    add_ground(scope, CONTRACT, facts)
    release, _, digest = inputs.triton_version.partition("@")
    chosen = msgspec.structs.replace(_TRITON, tag=f"{release}-py3", digest=digest) if release else _TRITON
    return ModelServing(
        address=scope.address.child("namespace"),
        namespace=SERVING,
        triton_image=chosen.reference,
        fetch_image=AWS.reference,
    )
