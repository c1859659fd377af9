"""Where models that are services live: a namespace whose pods have no rights, and the images of their servers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_ground
from mlinfra.library.contract import Contract, Image, Namespace, Teardown
from mlinfra.library.in_cluster import SERVING
from mlinfra.library.outputs import Cluster, ModelServing, NodeGroup

SECTION = Place("components", entry="model-serving")
NEEDS = (Cluster, NodeGroup)
Outputs = ModelServing

_TRITON = Image(
    name="nvcr.io/nvidia/tritonserver",
    tag="26.10-py3",
    source="https://docs.nvidia.com/deeplearning/triton-inference-server/release-notes/rel-26-10.html",
    looked_up="2026-11-24",
)
# Takes a model from its bucket before the server starts: it knows pod identity, which servers' own clients may not.
_AWS = Image(
    name="public.ecr.aws/aws-cli/aws-cli",
    tag="2.36.9",
    source="https://github.com/aws/aws-cli/tree/2.36.9",
    looked_up="2026-07-28",
)

CONTRACT = Contract(
    images=(_TRITON, _AWS),
    namespaces=(Namespace(name=SERVING),),
    teardown=Teardown(recipe="The namespace, once no endpoint is in it."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Where models live."""

    triton_version: Annotated[str, Meta(description="release of Triton, such as 25.09; empty: ours")] = ""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the namespace."""
    add_ground(scope, CONTRACT, facts)
    tag = f"{inputs.triton_version}-py3" if inputs.triton_version else _TRITON.tag
    return ModelServing(
        address=scope.address.child("namespace"),
        namespace=SERVING,
        triton_image=f"{_TRITON.name}:{tag}",
        fetch_image=f"{_AWS.name}:{_AWS.tag}",
    )
