"""Which endpoints can be planned: those that answer at once, on Triton, with one model from a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlinfra.library import Problem
from mlinfra.library.codes import Code


def kind_problems(kind: str, runtime: str, model: str, shares: Mapping[str, object]) -> Iterator[Problem]:
    """What nothing here makes yet, and an endpoint without a model."""
    if kind != "realtime":
        summary = f"endpoints of kind {kind} cannot be planned yet"
        yield Problem(Code.NOT_PLANNED_YET, summary, at=("kind",), hint="use kind: realtime")
    if runtime != "triton":
        summary = f"endpoints that run {runtime} cannot be planned yet"
        yield Problem(Code.NOT_PLANNED_YET, summary, at=("runtime",), hint="use runtime: triton")
    if shares:
        return
    if not model:
        hint = "add model: s3://BUCKET/FOLDER, the folder that Triton calls a model"
        yield Problem(Code.ENDPOINT_MODEL, "it has no model", hint=hint)
    elif not model.startswith("s3://"):
        hint = "put it into a bucket: model: s3://BUCKET/FOLDER"
        summary = "models that are not in S3 cannot be planned yet"
        yield Problem(Code.NOT_PLANNED_YET, summary, at=("model",), hint=hint)
