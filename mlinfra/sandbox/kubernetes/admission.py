"""What a cluster demands of a write in view of its other objects: accounts, priorities, ranges, quotas, webhooks.

The built-in admission plugins that a stack can notice (kubernetes.io, "Admission Controllers", 1.33): ServiceAccount,
Priority, ExtendedResourceToleration, LimitRanger, ResourceQuota; and webhooks, which are not called here, but can be
down. Called by `rules` for each write of an object itself, a controller's too. It must not write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlinfra.sandbox.kubernetes import errors, limit_ranges, quotas, tolerations
from mlinfra.sandbox.kubernetes.faults import Obstacles, no_obstacle
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Kind
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Object, Objects
from mlinfra.sandbox.kubernetes.webhooks import Webhooks

PRIORITY_CLASS = GroupVersionKind("scheduling.k8s.io", "v1", "PriorityClass")
_ACCOUNT_OF_ALL = "default"
_LIMIT_RANGE = GroupVersionKind("", "v1", "LimitRange")
SYSTEM_PRIORITIES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
"""The priority classes that every cluster has."""
_HIGHEST_OF_USERS = 1_000_000_000


class Admission:
    """The admission plugins of one cluster. `store` is asked for only when there is something to admit."""

    def __init__(self, store: Callable[[], Store], obstacles: Obstacles = no_obstacle) -> None:
        self._store = store
        self._webhooks = Webhooks(store, obstacles)

    def mutate(self, kind: Kind, new: Object, old: Object | None) -> None:
        """Fill in what other objects say of a new pod; it has been decoded, not yet validated."""
        if kind.resource == "pods" and old is None:
            self._check_account(kind, new)
            self._prioritise(kind, new)
            tolerations.add(new)
            limit_ranges.fill(new, self._limits(new))

    def check(self, kind: Kind, new: Object, old: Object | None) -> None:
        """Refuse what other objects forbid; `new` is valid in itself."""
        if kind.resource == "priorityclasses.scheduling.k8s.io":
            self._check_class(kind, new)
        if old is None:
            self._check_limits(kind, new)
            quotas.check(self._store(), kind, new)
        self._webhooks.check(kind, new, old)

    def _limits(self, new: Object) -> Objects:
        store = self._store()
        return store.peek(store.kind(_LIMIT_RANGE), new["metadata"].get("namespace"))

    def _check_limits(self, kind: Kind, new: Object) -> None:
        if kind.resource in ("pods", "persistentvolumeclaims") and (
            found := list(limit_ranges.violations(kind.kind, new, self._limits(new)))
        ):
            why = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
            raise errors.forbidden(kind, new["metadata"]["name"], why)

    def _check_account(self, kind: Kind, new: Object) -> None:
        """Refuse a pod whose ServiceAccount is not there. A namespace's own, `default`, is waited for, as it comes."""
        namespace = new["metadata"].get("namespace", "")
        name = new["spec"].get("serviceAccountName") or new["spec"].get("serviceAccount") or _ACCOUNT_OF_ALL
        if name != _ACCOUNT_OF_ALL and self._store().exists("serviceaccounts", name, namespace) is None:
            why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise errors.forbidden(kind, new["metadata"]["name"], why)

    # Priority

    def _classes(self) -> Iterable[Object]:
        store = self._store()
        return store.peek(store.kind(PRIORITY_CLASS))

    def _prioritise(self, kind: Kind, new: Object) -> None:
        spec, name = new["spec"], new["metadata"]["name"]
        wanted = spec.get("priorityClassName")
        if wanted:
            found = next((item for item in self._classes() if item["metadata"]["name"] == wanted), None)
            if found is None:
                raise errors.forbidden(kind, name, f"no PriorityClass with name {wanted} was found")
        else:
            defaults = [item for item in self._classes() if item.get("globalDefault")]
            found = min(defaults, key=lambda item: int(item["value"]), default=None)
        value = int(found["value"]) if found else 0
        if spec.get("priority") not in (None, value):
            why = (
                f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; "
                f"priority admission controller computed {value} from the given PriorityClass name"
            )
            raise errors.forbidden(kind, name, why)
        spec["priority"] = value
        spec.setdefault("preemptionPolicy", (found or {}).get("preemptionPolicy") or "PreemptLowerPriority")
        if found and not wanted:
            spec["priorityClassName"] = found["metadata"]["name"]

    def _check_class(self, kind: Kind, new: Object) -> None:
        name, value = new["metadata"]["name"], int(new["value"])
        if value > _HIGHEST_OF_USERS and SYSTEM_PRIORITIES.get(name) != value:
            why = f"maximum allowed value of a user defined priority is {_HIGHEST_OF_USERS}"
            raise errors.forbidden(kind, name, why)
        others = [item["metadata"]["name"] for item in self._classes() if item.get("globalDefault")]
        if new.get("globalDefault") and others and name not in others:
            why = f"PriorityClass {others[0]} is already marked as default. Only one default can exist"
            raise errors.forbidden(kind, name, why)
