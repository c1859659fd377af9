"""Images are named by digest: a tag may be another image tomorrow, or on another node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Concat, Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.pods import containers, pods
from mlinfra.policy.scene import Breach, Scene

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each container whose image has no digest."""
    for pod in pods(resources):
        if pod.spec is None:
            yield Breach(pod.resource, "the pod is not known yet", Verdict.UNKNOWN, pod.path)
        for path, container in containers(pod):
            image = container.get("image") if isinstance(container, dict) else container
            if image is None:
                continue  # Kubernetes refuses such a container, or takes what a controller puts there
            verdict = _verdict(image)
            if verdict is not Verdict.PASS:
                words = f"{image} may change" if isinstance(image, str) else "an image is not known yet"
                yield Breach(pod.resource, words, verdict, (*path, "image"))


def _verdict(image: Value) -> Verdict:
    last = image.parts[-1] if isinstance(image, Concat) and image.parts else image
    if isinstance(last, str):
        return Verdict.of(_DIGEST.search(last) is not None)
    return Verdict.UNKNOWN if isinstance(last, Expression) else Verdict.FAIL
