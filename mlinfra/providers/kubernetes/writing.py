"""Writing: objects are applied, under our own name as their manager, and never taken from others unseen.

Server-side apply (kubernetes.io, "Server-Side Apply", read November 2026) makes what is not there, changes what we
apply, and removes what we applied before and apply no more. Called by the provider. Each function may be repeated
after a crash at any point of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.core.errors import Conflict, NotFound
from mlinfra.core.observed import Present
from mlinfra.core.provider import Operation, Target
from mlinfra.core.value import Path
from mlinfra.providers.kubernetes import managed, marks
from mlinfra.providers.kubernetes.api import Api, uid_of
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.errors import FieldConflict
from mlinfra.providers.kubernetes.manifest import Manifest, as_applied
from mlinfra.providers.kubernetes.waiting import wait_gone

_QUERY = {"fieldManager": managed.MANAGER, "fieldValidation": "Strict"}
_KUBECTL = "kubectl"
_TRIES = 5


def create(api: Api, place: Place, manifest: Manifest, target: Target, operation: Operation) -> Object:
    """Make an object that is not there. Raises `Conflict` (MLI5103) where one is that is not ours."""
    found = api.get(place, manifest.id)
    if found is not None and found["metadata"].get("deletionTimestamp"):
        wait_gone(api, place, found, manifest.id, operation)
        found = None
    if found is not None and marks.owner_in(found["metadata"], manifest.id) != target.owner:
        raise _not_ours(place, manifest.id, found)
    operation.fence()
    try:
        live, made = _apply(api, place, manifest)
    except NotFound as error:
        namespace, _ = place.split(manifest.id)
        hint = f"declare the namespace {namespace} in the stack, or make it first" if namespace else ""
        raise NotFound(str(error), hint=hint) from error
    if not made and found is None and any(managed.managers(live)):
        _release(api, place, manifest.id)  # somebody made it between our look and our call
        raise _not_ours(place, manifest.id, live)
    operation.made(manifest.id)
    return live


def update(
    api: Api, place: Place, manifest: Manifest, prior: Present, changed: frozenset[Path], operation: Operation
) -> Object:
    """Bring an object to what is desired. What was reviewed as changed is taken back from whoever has it now.

    Raises `Conflict` (MLI5102) where others have fields that nobody reviewed.
    """
    uid = uid_of(prior.properties)
    if uid:
        manifest.body["metadata"]["uid"] = uid  # of this very object, not of a later one of its name
    operation.fence()
    try:
        return _apply(api, place, manifest)[0]
    except FieldConflict as conflict:
        reviewed = as_applied(place.kind, changed)
        taken = [_held(cause) for cause in conflict.causes]
        refused = [words for path, words, scaler in taken if scaler or not managed.covers(reviewed, path)]
        if refused:
            raise _managed(place, manifest.id, refused) from conflict
        operation.say("takes back " + ", ".join(words for _, words, _ in taken))
    operation.fence()
    return _apply(api, place, manifest, force=True)[0]


def _held(cause: object) -> tuple[Path, str, bool]:
    """A cause of a conflict: the field, words on who has it, and whether that is an autoscaler."""
    about = dict(cause) if isinstance(cause, dict) else {}
    field = str(about.get("field", ""))
    path = managed.path_of(field)
    manager, subresource = managed.holder_of(str(about.get("message", "")))
    scaler = subresource == "scale" and not manager.startswith(_KUBECTL)
    return path, f"{field.removeprefix('.')} from {manager}", scaler


def _managed(place: Place, id: str, refused: Iterable[str]) -> Conflict:
    text = ", ".join(words.replace(" from ", " is managed by ", 1) for words in refused)
    hint = "leave the field out of the stack where somebody else shall have it; else plan again and review the change"
    return Conflict(f"{place.kind.name} {id}: {text}", code=Code.MANAGED, hint=hint)


def _not_ours(place: Place, id: str, found: Object) -> Conflict:
    owner = marks.owner_in(found["metadata"], id)
    whose = f"it belongs to {owner.address} of {owner.stack}" if owner else "nothing on it says that it is ours"
    who = ", ".join(dict.fromkeys(managed.managers(found)))
    made = f", it is managed by {who}" if who and owner is None else ""
    hint = f"choose another name, or take it over: mlinfra adopt STACK ADDRESS {id}"
    return Conflict(f"{place.kind.name} {id} exists already: {whose}{made}", code=Code.NOT_OURS, hint=hint)


def _apply(api: Api, place: Place, manifest: Manifest, *, force: bool = False) -> tuple[Object, bool]:
    query = {**_QUERY, "force": "true"} if force else _QUERY
    doing = f"applying {place.kind.name} {manifest.id}"
    return api.client.apply(place.path(manifest.id), manifest.body, doing, query, scrub=manifest.secrets)


def _release(api: Api, place: Place, id: str) -> None:
    """Give up what we applied: what nobody else has goes, what others have stays as they have it."""
    namespace, name = place.split(id)
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    body = {"apiVersion": place.kind.api_version, "kind": place.kind.name, "metadata": metadata}
    api.client.apply(place.path(id), body, f"letting go of {place.kind.name} {id}", _QUERY)


def mark(api: Api, place: Place, target: Target) -> Object:
    """Give an object the owner's marks, and leave all else as it is: what we apply to it already is applied again.

    Raises `NotFound` where it is gone.
    """
    for attempt in range(_TRIES):
        live = api.get(place, target.id)
        if live is None:
            raise NotFound(f"{target.address}: there is no {place.kind.name} called {target.id}")
        try:
            return _remark(api, place, target, live)
        except Conflict:
            if attempt == _TRIES - 1:
                raise  # somebody keeps changing it
    raise AssertionError("unreachable")


def _remark(api: Api, place: Place, target: Target, live: Object) -> Object:
    kept = managed.applied({key: value for key, value in live.items() if key != "metadata"}, managed.fields_of(live))
    noted = managed.applied(live["metadata"], managed.fields_of(live).get("f:metadata", {"f:": {}}))
    old_labels, old_notes = marks.others(noted.get("labels") or {}), marks.others(noted.get("annotations") or {})
    notes = marks.notes_of(target.owner, place.kind.token, target.id)
    metadata = {
        **{key: value for key, value in noted.items() if key not in ("labels", "annotations")},
        "name": live["metadata"]["name"],
        "labels": {**old_labels, **marks.labels_of(target.owner)},
        "annotations": {**old_notes, **notes},
        "resourceVersion": live["metadata"]["resourceVersion"],
    }
    if "namespace" in live["metadata"]:
        metadata["namespace"] = live["metadata"]["namespace"]
    body = {**kept, "apiVersion": place.kind.api_version, "kind": place.kind.name, "metadata": metadata}
    doing = f"marking {place.kind.name} {target.id}"
    return api.client.apply(place.path(target.id), body, doing, {**_QUERY, "force": "true"})[0]
