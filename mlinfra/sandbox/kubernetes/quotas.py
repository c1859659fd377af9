"""ResourceQuotas: what the objects of a namespace use, and whether one more fits.

Called by `admission`, and by the controller that keeps their status. It must not write. Names, scopes and sentences:
kubernetes.io, "Resource Quotas", and kubernetes/kubernetes, pkg/quota/v1/evaluator (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlinfra.sandbox.kubernetes import errors
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Kind
from mlinfra.sandbox.kubernetes.pod_resources import limits, requests
from mlinfra.sandbox.kubernetes.quantity import Amounts, amount, units, written
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Object, at

QUOTA = GroupVersionKind("", "v1", "ResourceQuota")
_COUNTED = ("configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "services")
_NATIVE = ("cpu", "memory", "ephemeral-storage")
_DEMANDED = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
_ENDED = ("Succeeded", "Failed")
_BYTES = ("memory", "ephemeral-storage", "storage")
_CLASS = ".storageclass.storage.k8s.io/"


def check(store: Store, kind: Kind, new: Object) -> None:
    """Refuse (403) a new object for which a quota of its namespace has no room."""
    namespace, name = new["metadata"].get("namespace"), new["metadata"].get("name", "")
    if not namespace or not store.any("resourcequotas"):
        return
    asked = usage(kind, new)
    for quota in store.peek(store.kind(QUOTA), namespace):
        hard = at(quota, ("spec", "hard")) or {}
        if not counts(quota, kind, new):
            continue
        if kind.resource == "pods" and (missing := _unsaid(new, hard)):
            why = f"failed quota: {quota['metadata']['name']}: must specify {missing}"
            raise errors.forbidden(kind, name, why)
        used = _sum(usage(kind, item) for item in store.peek(kind, namespace) if counts(quota, kind, item))
        over = {key for key in hard.keys() & asked.keys() if used.get(key, 0) + asked[key] > _amount(key, hard[key])}
        if over:
            told = f"requested: {_written(asked, over)}, used: {_written(used, over)}"
            limited = ",".join(f"{key}={hard[key]}" for key in sorted(over))
            why = f"exceeded quota: {quota['metadata']['name']}, {told}, limited: {limited}"
            raise errors.forbidden(kind, name, why)


def status(store: Store, quota: Object) -> Object:
    """The status of a quota: what it allows, and how much of that is used."""
    hard = at(quota, ("spec", "hard")) or {}
    namespace = quota["metadata"]["namespace"]
    used = _sum(
        usage(kind, item)
        for kind in _kinds(store, hard)
        for item in store.peek(kind, namespace)
        if counts(quota, kind, item)
    )
    return {"hard": hard, "used": {key: _text(key, used.get(key, 0)) for key in sorted(hard)}}


def _kinds(store: Store, hard: Object) -> Iterator[Kind]:
    """One version of each kind that a quota counts."""
    named = {key.removeprefix("count/") for key in hard if key.startswith("count/")}
    found: dict[str, Kind] = {}
    for kind in store.registry:
        if kind.namespaced and (kind.resource in named or kind.resource in ("pods", *_COUNTED)):
            found[kind.resource] = kind
    yield from found.values()


def counts(quota: Object, kind: Kind, obj: Object) -> bool:
    """Whether an object is within the scopes of a quota; scopes are about pods alone."""
    scopes = at(quota, ("spec", "scopes")) or ()
    demands = at(quota, ("spec", "scopeSelector", "matchExpressions")) or ()
    if not scopes and not demands:
        return True
    if kind.resource != "pods":
        return False
    return all(_is_within(scope, obj) for scope in scopes) and all(_satisfies(demand, obj) for demand in demands)


def _satisfies(demand: Object, pod: Object) -> bool:
    if demand["scopeName"] != "PriorityClass":
        return _is_within(demand["scopeName"], pod)
    name = at(pod, ("spec", "priorityClassName"))
    rule = {"key": "PriorityClass", "operator": demand["operator"], "values": demand.get("values") or []}
    return parse_labels({"matchExpressions": [rule]})({"PriorityClass": name} if name else {})


def _is_within(scope: str, pod: Object) -> bool:
    ends = at(pod, ("spec", "activeDeadlineSeconds")) is not None
    best_effort = not any(name in _NATIVE[:2] for name in (*requests(pod), *limits(pod)))
    return {
        "Terminating": ends,
        "NotTerminating": not ends,
        "BestEffort": best_effort,
        "NotBestEffort": not best_effort,
        "PriorityClass": bool(at(pod, ("spec", "priorityClassName"))),
    }.get(scope, False)


def usage(kind: Kind, obj: Object) -> Amounts:
    """What one object counts for, by the names that quotas use."""
    found: Amounts = {f"count/{kind.resource}": 1}
    if kind.resource in _COUNTED:
        found[kind.resource] = 1
    if kind.resource == "pods" and at(obj, ("status", "phase")) not in _ENDED:
        found |= _pod(obj)
    if kind.resource == "services":
        found |= _service(obj)
    if kind.resource == "persistentvolumeclaims":
        found |= _claim(obj)
    return found


def _pod(pod: Object) -> Amounts:
    found: Amounts = {"pods": 1}
    for name, number in requests(pod).items():
        found[f"requests.{name}"] = number
        if name in _NATIVE:
            found[name] = number
    found |= {f"limits.{name}": number for name, number in limits(pod).items() if name in _NATIVE}
    return found


def _service(service: Object) -> Amounts:
    kind = at(service, ("spec", "type"))
    ports = len(at(service, ("spec", "ports")) or ()) if kind in ("NodePort", "LoadBalancer") else 0
    return {"services.nodeports": ports, "services.loadbalancers": int(kind == "LoadBalancer")}


def _claim(claim: Object) -> Amounts:
    size = units(at(claim, ("spec", "resources", "requests", "storage")) or 0)
    found: Amounts = {"requests.storage": size}
    if name := at(claim, ("spec", "storageClassName")):
        found |= {f"{name}{_CLASS}requests.storage": size, f"{name}{_CLASS}persistentvolumeclaims": 1}
    return found


def _unsaid(pod: Object, hard: Object) -> str:
    """Which processor and memory quantities a quota demands, and which containers do not say theirs."""
    missing: dict[str, list[str]] = {}
    for container in [*(at(pod, ("spec", "containers")) or ()), *(at(pod, ("spec", "initContainers")) or ())]:
        resources = container.get("resources") or {}
        most = resources.get("limits") or {}
        asked = {**most, **(resources.get("requests") or {})}
        said = {*asked, *(f"requests.{name}" for name in asked), *(f"limits.{name}" for name in most)}
        for key in _DEMANDED:
            if key in hard and key not in said:
                missing.setdefault(key, []).append(container["name"])
    return "; ".join(f"{key} for: {','.join(sorted(names))}" for key, names in sorted(missing.items()))


def _sum(parts: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total


def _unit(key: str) -> str:
    return key.rpartition("/")[2].removeprefix("requests.").removeprefix("limits.")


def _amount(key: str, text: str) -> int:
    return amount(_unit(key), text)


def _written(found: Amounts, keys: Iterable[str]) -> str:
    return ",".join(f"{key}={_text(key, found.get(key, 0))}" for key in sorted(keys))


def _text(key: str, number: int) -> str:
    unit = _unit(key)
    if unit not in _BYTES:
        return written(unit, number)
    for suffix, size in (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if number and number % size == 0:
            return f"{number // size}{suffix}"
    return str(number)
