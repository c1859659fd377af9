"""LimitRanges: what pods get where they ask for nothing, and how much their parts may ask for.

Called by `admission`. Pure. Rules and sentences: kubernetes.io, "Limit Ranges", and kubernetes/kubernetes,
plugin/pkg/admission/limitranger (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlinfra.sandbox.kubernetes.pod_resources import limits, requests
from mlinfra.sandbox.kubernetes.quantity import parse
from mlinfra.sandbox.kubernetes.values import Object, Objects, at

_NOTE = "kubernetes.io/limit-ranger"


def complete(limit: Object) -> None:
    """Derive the defaults of one entry for containers from its other bounds, as the API does at creation."""
    if limit.get("type") != "Container":
        return
    limit["default"] = {**(limit.get("max") or {}), **(limit.get("default") or {})}
    asked = {**(limit.get("min") or {}), **limit["default"], **(limit.get("defaultRequest") or {})}
    limit["defaultRequest"] = asked
    for key in ("default", "defaultRequest"):
        if not limit[key]:
            del limit[key]


def fill(pod: Object, ranges: Objects) -> None:
    """Give a new pod's containers the requests and limits that they lack, and note that on the pod."""
    notes: list[str] = []
    for limit in _entries(ranges, "Container"):
        for part in ("containers", "initContainers"):
            for container in at(pod, ("spec", part)) or ():
                notes += _fill(container, limit, "init container" if part == "initContainers" else "container")
    if notes:
        text = f"LimitRanger plugin set: {'; '.join(notes)}"
        pod["metadata"].setdefault("annotations", {})[_NOTE] = text


def _fill(container: Object, limit: Object, label: str) -> Iterator[str]:
    resources = container.setdefault("resources", {})
    own = dict(resources.get("limits") or {})
    # Where only a limit is given, the request is that, and no default.
    wanted = {"requests": {**(limit.get("defaultRequest") or {}), **own}, "limits": limit.get("default") or {}}
    for part, defaults in wanted.items():
        missing = {name: text for name, text in defaults.items() if name not in (resources.get(part) or {})}
        if missing:
            resources[part] = {**missing, **(resources.get(part) or {})}
        told = sorted(name for name in missing if part == "limits" or name not in own)
        if told:
            yield f"{', '.join(told)} {part.removesuffix('s')} for {label} {container['name']}"


def violations(kind: str, obj: Object, ranges: Objects) -> Iterator[str]:
    """Say what an object asks too little or too much of."""
    if kind == "PersistentVolumeClaim":
        asked = at(obj, ("spec", "resources", "requests")) or {}
        for limit in _entries(ranges, kind):
            yield from _bounds(limit, asked, asked)
        return
    containers = [*(at(obj, ("spec", "containers")) or ()), *(at(obj, ("spec", "initContainers")) or ())]
    for limit in _entries(ranges, "Container"):
        for container in containers:
            resources = container.get("resources") or {}
            most = resources.get("limits") or {}
            yield from _bounds(limit, {**most, **(resources.get("requests") or {})}, most)
    for limit in _entries(ranges, "Pod"):
        yield from _bounds(limit, _sums(requests(obj)), _sums(limits(obj)))


def _entries(ranges: Objects, kind: str) -> Iterable[Object]:
    return [limit for item in ranges for limit in at(item, ("spec", "limits")) or () if limit.get("type") == kind]


def _sums(found: dict[str, int]) -> dict[str, str]:
    return {name: f"{number}m" if name == "cpu" else str(number) for name, number in found.items()}


def _bounds(limit: Object, asked: Object, most: Object) -> Iterator[str]:
    label = limit["type"]
    for name, bound in (limit.get("min") or {}).items():
        text = f"minimum {name} usage per {label} is {bound}"
        if name not in asked:
            yield f"{text}.  No request is specified"
        elif parse(asked[name]) < parse(bound):
            yield f"{text}, but request is {asked[name]}"
        elif name in most and parse(most[name]) < parse(bound):
            yield f"{text}, but limit is {most[name]}"
    for name, bound in (limit.get("max") or {}).items():
        text = f"maximum {name} usage per {label} is {bound}"
        if name not in most:
            yield f"{text}.  No limit is specified"
        elif parse(most[name]) > parse(bound):
            yield f"{text}, but limit is {most[name]}"
        elif name in asked and parse(asked[name]) > parse(bound):
            yield f"{text}, but request is {asked[name]}"
    for name, bound in (limit.get("maxLimitRequestRatio") or {}).items():
        text = f"{name} max limit to request ratio per {label} is {bound}"
        if name not in asked or not parse(asked[name]):
            yield f"{text}, but no request is specified or request is 0"
        elif name not in most or not parse(most[name]):
            yield f"{text}, but no limit is specified or limit is 0"
        elif parse(most[name]) / parse(asked[name]) > parse(bound):
            yield f"{text}, but provided ratio is {parse(most[name]) / parse(asked[name]):.6f}"
