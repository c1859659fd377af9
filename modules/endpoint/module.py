"""A model as a service.

Real-time, asynchronous, in batches, or as a task that runs once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Duration, Name, Quantity, Share
from mlinfra.library.outputs import Service

SECTION = Place("endpoints", many=True)
Outputs = Service

_MODEL = r"^((s3|oci|https|hf)://.+)?$"


class Resources(Block, frozen=True, kw_only=True):
    """What one replica takes."""

    cpu: Annotated[Annotated[float, Meta(gt=0)] | Quantity, Meta(description="processors")] = 1
    memory: Annotated[Quantity, Meta(description="memory")] = "2Gi"
    gpu: Annotated[int, Meta(description="GPUs", ge=0, le=16)] = 0


class Replicas(Block, frozen=True, kw_only=True):
    """How many there are, and what makes them more."""

    min: Annotated[int, Meta(description="fewest", ge=0)] = 1
    max: Annotated[int, Meta(description="most", ge=1)] = 3
    target_in_flight: Annotated[int, Meta(description="requests in flight for each replica, to aim at", ge=1)] = 8
    window: Annotated[Duration, Meta(description="over which time they are averaged")] = "60s"
    scale_to_zero: Annotated[bool, Meta(description="whether none are left while nobody asks")] = False


class Rollout(Block, frozen=True, kw_only=True):
    """How a new version takes over."""

    max_surge: Annotated[
        Annotated[int, Meta(ge=0)] | Share,
        Meta(description="how many more replicas there may be meanwhile"),
    ] = "25%"
    max_unavailable: Annotated[
        Annotated[int, Meta(ge=0)] | Share,
        Meta(description="how many fewer there may be meanwhile"),
    ] = 0


class Variant(Block, frozen=True, kw_only=True):
    """One of several models that share the requests."""

    model: Annotated[str, Meta(description="where the model is", pattern=_MODEL)]
    weight: Annotated[int, Meta(description="its share of the requests, in percent", ge=0, le=100)]


class Inputs(Block, frozen=True, kw_only=True):
    """A model as a service."""

    kind: Annotated[
        Literal["realtime", "async", "batch", "task"],
        Meta(description="how it is asked: at once, through a queue, over a data set, or once"),
    ] = "realtime"
    runtime: Annotated[
        Literal["triton", "vllm", "tf-serving", "torchserve", "custom"],
        Meta(description="the server that runs it; custom: an image of your own"),
    ] = "triton"
    image: Annotated[str, Meta(description="custom: the image")] = ""
    model: Annotated[str, Meta(description="where the model is", pattern=_MODEL)] = ""
    resources: Annotated[Resources, Meta(description="what one replica takes")] = Resources()
    node_groups: Annotated[
        tuple[Name, ...],
        Meta(description="the node groups it may run on, in order of preference; empty: wherever it fits"),
    ] = ()
    replicas: Annotated[Replicas, Meta(description="how many there are")] = Replicas()
    rollout: Annotated[Rollout, Meta(description="how a new version takes over")] = Rollout()
    traffic: Annotated[
        dict[Name, Variant],
        Meta(description="several models that share the requests, instead of `model`"),
    ] = {}
