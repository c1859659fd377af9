"""What the server owns of an object: identity, versions, deletion marks; and what each kind of write leaves alone.

Called by the store alone. Pure: functions give new objects, and never touch the stored ones.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from mlinfra.sandbox.kubernetes import errors
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Object, at, timestamp

CRD_CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer that holds a CustomResourceDefinition under deletion until its objects are gone."""
_DELETION = ("deletionTimestamp", "deletionGracePeriodSeconds")
_SERVER_FIELDS = ("uid", "creationTimestamp", "generation", "selfLink", *_DELETION)
_IMMUTABLE = ("name", "namespace", "generateName", *_SERVER_FIELDS)
_ENDED = ("Succeeded", "Failed")
_POD_GRACE = 30


class DeleteOptions(msgspec.Struct, frozen=True):
    """How something is deleted. `propagation` is Background, Foreground or Orphan; `grace` is in seconds (pods)."""

    propagation: str = "Background"
    grace: int | None = None
    uid: str | None = None
    revision: str | None = None
    dry_run: bool = False


def stamp(kind: Kind, new: Object, uid: str, now: datetime, applied: bool) -> None:
    """Give a new object its identity, and drop what a client cannot set."""
    meta = new["metadata"]
    if meta.pop("resourceVersion", None):
        raise errors.bad_request("resourceVersion should not be set on objects to be created")
    for field in _SERVER_FIELDS:
        meta.pop(field, None)
    if not applied:
        meta.pop("managedFields", None)
    meta["uid"] = uid
    meta["creationTimestamp"] = timestamp(now)
    if kind.generations:
        meta["generation"] = 1
    if kind.has_status and kind.resource != "nodes":  # a kubelet registers its node with its status
        new.pop("status", None)


def carry_over(kind: Kind, new: Object, old: Object, subresource: str, applied: bool) -> Object:
    """Keep of the old object what this write cannot change; 409 when it was made from an older one."""
    meta, kept = dict(new.get("metadata") or {}), old["metadata"]
    revision = meta.pop("resourceVersion", None)
    if revision and revision != kept["resourceVersion"]:
        raise errors.conflict(kind, kept["name"])
    if meta.get("uid") and meta["uid"] != kept["uid"]:
        why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {kept['uid']}"
        raise errors.conflict(kind, kept["name"], why)
    if subresource:
        fields = {"managedFields": meta["managedFields"]} if applied and "managedFields" in meta else {}
        parts = {key: value for key, value in new.items() if key == subresource}
        rest = {key: value for key, value in old.items() if key != subresource}
        return {**rest, **parts, "metadata": {**kept, **fields}}
    meta.update({field: kept[field] for field in _IMMUTABLE if field in kept})
    for field in set(_IMMUTABLE) - kept.keys():
        meta.pop(field, None)
    if not applied and not meta.get("managedFields") and "managedFields" not in meta and "managedFields" in kept:
        meta["managedFields"] = kept["managedFields"]
    _check_finalizers(kind, meta, kept)
    new = {**new, "metadata": {**meta, "resourceVersion": kept["resourceVersion"]}}
    if kind.has_status:
        new.pop("status", None)
        return {**new, "status": old["status"]} if "status" in old else new
    return new


def _check_finalizers(kind: Kind, meta: Object, kept: Object) -> None:
    added = [name for name in meta.get("finalizers") or () if name not in (kept.get("finalizers") or ())]
    if "deletionTimestamp" in kept and added:
        why = f"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers {added}"
        raise errors.invalid(kind, kept["name"], [errors.FieldError("metadata.finalizers", "FieldValueForbidden", why)])


def mark(kind: Kind, old: Object, propagation: str, grace: int, now: datetime) -> Object:
    """Give the object as it is while it is being deleted; equal to `old` if that changes nothing."""
    meta = dict(old["metadata"])
    finalizers = [name for name in meta.pop("finalizers", ()) if name not in ("orphan", "foregroundDeletion")]
    finalizers += {"Orphan": ["orphan"], "Foreground": ["foregroundDeletion"]}.get(propagation, [])
    if kind.resource == "customresourcedefinitions.apiextensions.k8s.io" and CRD_CLEANUP not in finalizers:
        finalizers.append(CRD_CLEANUP)
    if finalizers:
        meta["finalizers"] = finalizers
    if "deletionTimestamp" not in meta:
        meta["deletionTimestamp"] = timestamp(now)
        if kind.generations:
            meta["generation"] = meta.get("generation", 0) + 1
    meta["deletionGracePeriodSeconds"] = grace
    return {**old, "metadata": meta}


def grace_period(kind: Kind, obj: Object, asked: int | None) -> int:
    """How many seconds a deletion waits for the kubelet: none, except for a pod that is on a node and has not ended."""
    bound = kind.resource == "pods" and at(obj, ("spec", "nodeName"))
    if not bound or at(obj, ("status", "phase")) in _ENDED:
        return 0
    seconds = at(obj, ("spec", "terminationGracePeriodSeconds"), _POD_GRACE) if asked is None else asked
    return max(0, int(seconds))


def is_held(kind: Kind, obj: Object) -> bool:
    """Whether an object under deletion has to stay for now."""
    meta = obj["metadata"]
    last_step = kind.resource == "namespaces" and at(obj, ("spec", "finalizers"))
    return bool(meta.get("finalizers") or last_step or meta.get("deletionGracePeriodSeconds"))


def check_preconditions(kind: Kind, obj: Object, options: DeleteOptions) -> None:
    """Refuse (409) to delete another object than the one meant."""
    meta = obj["metadata"]
    for label, wanted, found in (
        ("UID", options.uid, meta["uid"]),
        ("ResourceVersion", options.revision, meta["resourceVersion"]),
    ):
        if wanted is not None and wanted != found:
            why = f"Precondition failed: {label} in precondition: {wanted}, {label} in object meta: {found}"
            raise errors.conflict(kind, meta["name"], why)


def intent(obj: Object) -> Object:
    """The part of an object that its generation counts: all but metadata and status."""
    return {key: value for key, value in obj.items() if key not in ("metadata", "status", "apiVersion", "kind")}


def is_same(new: Object, old: Object) -> bool:
    """Whether a write changes nothing, the times in managedFields aside."""
    if new.keys() != old.keys() or any(new[key] != old[key] for key in new if key != "metadata"):
        return False
    return _timeless(new["metadata"]) == _timeless(old["metadata"])


def _timeless(meta: Object) -> Object:
    entries = [{k: v for k, v in entry.items() if k != "time"} for entry in meta.get("managedFields") or ()]
    return {**meta, "managedFields": entries}


def owners(obj: Object | None) -> set[str]:
    """The uids of an object's owners."""
    return set() if obj is None else {ref.get("uid", "") for ref in obj["metadata"].get("ownerReferences") or ()}
