"""Several models behind one endpoint: each has servers of its own, and gateways hand out the requests by share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from mlinfra.library import Block, Problem
from mlinfra.library.codes import Code
from mlinfra.library.outputs import LoadBalancer

MODEL = r"^((s3|oci|https|hf)://.+)?$"


class Variant(Block, frozen=True, kw_only=True):
    """One of several models that share the requests."""

    model: Annotated[str, Meta(description="where the model is", pattern=MODEL, examples=["s3://acme-models/ranker/7"])]
    weight: Annotated[int, Meta(description="its share of the requests, in percent", ge=0, le=100)]


def share_problems(model: str, traffic: dict[str, Variant], balancers: tuple[LoadBalancer, ...]) -> Iterator[Problem]:
    """Shares that do not come to a hundred, and those that nothing would hand out. balancers: its ways in."""
    if not traffic:
        return
    if model and model not in {one.model for one in traffic.values()}:
        summary = "it has a model that is none of those that share the requests"
        yield Problem(
            Code.ENDPOINT_SHARES, summary, at=("model",), hint="take model out, or give it a share in traffic"
        )
    total = sum(one.weight for one in traffic.values())
    if total != 100:
        yield Problem(Code.ENDPOINT_SHARES, f"the shares come to {total}", at=("traffic",), hint="make it 100")
    for name, one in traffic.items():
        if not one.model.startswith("s3://"):
            hint = "put it into a bucket: model: s3://BUCKET/FOLDER"
            summary = "models that are not in S3 cannot be planned yet"
            yield Problem(Code.NOT_PLANNED_YET, summary, at=("traffic", name, "model"), hint=hint)
    if not balancers:
        hint = "add a load balancer with a domain and a gateway"
        summary = "its requests come through no gateway that could share them out"
        yield Problem(Code.ENDPOINT_SHARES, summary, at=("traffic",), hint=hint)
    if len(traffic) > 2:
        for balancer in (one for one in balancers if one.gateway == "nginx"):
            hint = f"set {balancer.address}.gateway to istio, or let two models share the requests"
            summary = f"NGINX shares requests between two, and {balancer.address} would have to between {len(traffic)}"
            yield Problem(Code.ENDPOINT_SHARES, summary, at=("traffic",), hint=hint)
