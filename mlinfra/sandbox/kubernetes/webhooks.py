"""Admission webhooks: which ones a write would be sent to, and what becomes of it where one is down.

Called by `admission`. No webhook is called: nothing runs here that could answer, and a write is taken as admitted. What
can be rehearsed is the webhook that does not answer: a fault. Deletions are not sent to webhooks here, and
`matchConditions` are not evaluated. Matching and failure: kubernetes.io, "Dynamic Admission Control", 1.33.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.faults import Obstacles
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Kind
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Object, at

_GROUP = "admissionregistration.k8s.io"
_KINDS = [
    GroupVersionKind(_GROUP, "v1", f"{sort}WebhookConfiguration")  # in the order in which they would be called
    for sort in ("Mutating", "Validating")
]


class Webhooks:
    """The webhooks of one cluster."""

    def __init__(self, store: Callable[[], Store], obstacles: Obstacles) -> None:
        self._store = store
        self._obstacles = obstacles

    def check(self, kind: Kind, new: Object, old: Object | None) -> None:
        """Refuse (500) a write that a webhook would have to admit which is down and whose policy is to fail."""
        if kind.group == _GROUP:  # so that a broken webhook can be removed
            return
        operation = "CREATE" if old is None else "UPDATE"
        for webhook in self._concerned(kind, new, operation):
            detail = {"webhook": webhook["name"], "resource": kind.resource, "name": new["metadata"].get("name", "")}
            detail["namespace"] = new["metadata"].get("namespace", "")
            why = self._obstacles("call:webhook", detail)
            if why is not None and webhook.get("failurePolicy", "Fail") == "Fail":
                text = f'failed calling webhook "{webhook["name"]}": failed to call webhook: {_fate(webhook, why)}'
                raise ApiError(500, f"Internal error occurred: {text}", "InternalError")

    def _concerned(self, kind: Kind, new: Object, operation: str) -> Iterator[Object]:
        store = self._store()
        for gvk in _KINDS:
            found = store.registry.get(gvk)
            for configuration in store.peek(found) if found else ():
                for webhook in configuration.get("webhooks") or ():
                    if _is_for(webhook, kind, operation) and self._selects(webhook, kind, new):
                        yield webhook

    def _selects(self, webhook: Object, kind: Kind, new: Object) -> bool:
        name = new["metadata"].get("namespace", "") if kind.namespaced else ""
        space = new if kind.resource == "namespaces" else self._store().exists("namespaces", name)
        for key, obj in (("objectSelector", new), ("namespaceSelector", space)):
            selector = webhook.get(key)
            if selector and obj is not None and not parse_labels(selector)(obj["metadata"].get("labels") or {}):
                return False
        return True


def _is_for(webhook: Object, kind: Kind, operation: str) -> bool:
    scope = "Namespaced" if kind.namespaced else "Cluster"
    return any(
        _has(rule.get("operations"), operation)
        and _has(rule.get("apiGroups"), kind.group)
        and _has(rule.get("resources"), kind.plural)
        and rule.get("scope", "*") in ("*", scope)
        for rule in webhook.get("rules") or ()
    )


def _has(wanted: list[str] | None, word: str) -> bool:
    return any(item in ("*", "*/*", word) for item in wanted or ())


def _fate(webhook: Object, why: str) -> str:
    config = webhook.get("clientConfig") or {}
    service = config.get("service") or {}
    host = f"{service.get('name')}.{service.get('namespace')}.svc:{service.get('port', 443)}"
    url = config.get("url") or f"https://{host}{service.get('path', '/')}"
    reason = why or f'no endpoints available for service "{service.get("name", "")}"'
    return f'Post "{url}?timeout={at(webhook, ("timeoutSeconds",), 10)}s": {reason}'
