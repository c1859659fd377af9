"""Conditions in a status: set one, read one. Called by every controller that reports them. Pure."""

from __future__ import annotations

from datetime import datetime

from mlinfra.sandbox.kubernetes.values import Object, Objects, timestamp


def find(conditions: Objects | None, type: str) -> Object | None:
    """The condition of a type, or None."""
    return next((item for item in conditions or () if item.get("type") == type), None)


def holds(obj: Object, type: str) -> bool:
    """Whether the status of an object says that a condition is True."""
    found = find((obj.get("status") or {}).get("conditions"), type)
    return found is not None and found.get("status") == "True"


def condition(type: str, status: bool | str, reason: str = "", message: str = "") -> Object:
    """A condition without times; `status` True, False, or a word such as Unknown."""
    word = status if isinstance(status, str) else str(status)
    entry = {"type": type, "status": word}
    return {**entry, **({"reason": reason} if reason else {}), **({"message": message} if message else {})}


def standard(type: str, status: bool | str, reason: str, message: str = "") -> Object:
    """A metav1.Condition, which always has a reason and a message."""
    return {**condition(type, status, reason), "message": message}


def merged(conditions: Objects | None, news: Objects, now: datetime, *, updated: bool = False) -> Objects:
    """Conditions with `news` put in; a transition time changes only with the status, a heartbeat with any change.

    `updated` also keeps lastUpdateTime, as Deployments do: renewed with anything of it, or where `new` has one.
    """
    result = list(conditions or ())
    for new in news:
        place = next((i for i, old in enumerate(result) if old.get("type") == new["type"]), None)
        old = {} if place is None else result[place]
        kept = ("lastHeartbeatTime",) if _alike(old, new) and old.get("status") == new["status"] else ()
        entry = {**new, **{key: old[key] for key in kept if key in old}}
        same = old.get("status") == new["status"] and "lastTransitionTime" in old
        entry["lastTransitionTime"] = old["lastTransitionTime"] if same else timestamp(now)
        if updated:
            untouched = same and "lastUpdateTime" not in new and _alike(old, new)
            entry["lastUpdateTime"] = old.get("lastUpdateTime", timestamp(now)) if untouched else timestamp(now)
        if place is None:
            result.append(entry)
        else:
            result[place] = entry
    return result


def _alike(old: Object, new: Object) -> bool:
    return all(old.get(key) == new.get(key) for key in ("reason", "message"))


def without(conditions: Objects | None, type: str) -> Objects:
    """Conditions but one."""
    return [item for item in conditions or () if item.get("type") != type]
