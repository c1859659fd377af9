"""Pods hold no token for the Kubernetes API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.pods import pods
from mlinfra.policy.scene import Breach, Scene

_FIELD = "automountServiceAccountToken"
_ACCOUNT = "kubernetes:core/v1:ServiceAccount"


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each workload that gets one: by its own words, else its service account's, else in any case."""
    accounts = {_name(account): account.properties.get(_FIELD) for account in scene.of(_ACCOUNT)}
    for pod in pods(resources):
        if pod.spec is None:
            yield Breach(pod.resource, "the pod is not known yet", Verdict.UNKNOWN, pod.path)
            continue
        said = pod.spec.get(_FIELD)
        if pod.custom and said is None and "serviceAccountName" not in pod.spec:
            continue  # whoever makes the pod decides
        if said is None:
            account = pod.spec.get("serviceAccountName") or pod.spec.get("serviceAccount", "default")
            metadata = pod.resource.properties.get("metadata")
            namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
            said = accounts.get((_plain(namespace), _plain(account)))
        if isinstance(said, Expression):
            yield Breach(pod.resource, "whether it is mounted is not known yet", Verdict.UNKNOWN, (*pod.path, _FIELD))
        elif said is not False:
            yield Breach(pod.resource, path=(*pod.path, _FIELD))


def _name(account: Resource) -> tuple[str, str]:
    metadata = account.properties.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return _plain(metadata.get("namespace")), _plain(metadata.get("name"))


def _plain(value: Value) -> str:
    """A name to compare by; two references to the same name are the same name."""
    return value if isinstance(value, str) else "default" if value is None else repr(value)
