"""HorizontalPodAutoscalers: bounds the right way round. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field
from mlinfra.sandbox.kubernetes.values import Object


def check(spec: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with the bounds of an autoscaler."""
    low, high = spec.get("minReplicas"), spec.get("maxReplicas")
    if low is not None and low < 1:
        yield invalid_field(f"{path}.minReplicas", low, "must be greater than or equal to 1")
    if high is None:
        return
    if high < 1:
        yield invalid_field(f"{path}.maxReplicas", high, "must be greater than 0")
    if low is not None and high < low:
        yield invalid_field(f"{path}.maxReplicas", high, "must be greater than or equal to `minReplicas`")
