"""The verbs on resources: get, list, create, update, delete, deletecollection. PATCH and watch are files of their own.

Called by `api` with an authorised request and its route. Each gives a `Response` or raises `ApiError`.
"""

from __future__ import annotations

import base64
import json

from mlinfra.sandbox.kubernetes import errors
from mlinfra.sandbox.kubernetes.encoding import Writer, read_object
from mlinfra.sandbox.kubernetes.metadata import DeleteOptions
from mlinfra.sandbox.kubernetes.requests import Request, Response, answer
from mlinfra.sandbox.kubernetes.routes import Route
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Json, Object, Objects

_KEPT = ("default", "kube-public", "kube-system")


class Warnings:
    """The Warning headers of one answer."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, sentence: str) -> None:
        """Say something that the client shows its user."""
        self._found.append(sentence)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers, as RFC 7234 has them."""
        return tuple(("Warning", f"299 - {json.dumps(sentence)}") for sentence in self._found)


def write_of(request: Request, route: Route, warnings: Warnings, operation: str = "Update") -> Write:
    """Read how a request wants to write."""
    dry_run = request.query.get("dryRun", "")
    if dry_run not in ("", "All"):
        raise errors.bad_request(f'invalid dryRun value "{dry_run}": only "All" is supported')
    validation = request.query.get("fieldValidation") or "Warn"
    if validation not in ("Strict", "Warn", "Ignore"):
        raise errors.bad_request(f'invalid fieldValidation value "{validation}"')
    return Write(request.manager, route.subresource, dry_run == "All", operation, validation, warnings.add)


def get(store: Store, request: Request, route: Route, writer: Writer) -> Response:
    """Read one object."""
    found = store.find(route.kind.gvk, route.name, route.namespace)
    if found is None:
        raise errors.not_found(route.kind, route.name)
    return writer.one(route.kind, found)


def list_objects(store: Store, request: Request, route: Route, writer: Writer) -> Response:
    """Read a collection, page by page where `limit` says so. A page shows the present, not the time of the first."""
    labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    with store.lock:
        items = store.peek(route.kind, route.namespace, labels, fields)
        meta: Object = {"resourceVersion": str(store.revision)}
    items, more = _page(items, request, meta)
    return writer.many(route.kind, items, {**meta, **more})


def _page(items: Objects, request: Request, meta: Object) -> tuple[Objects, Object]:
    limit, token = request.number("limit") or 0, request.query.get("continue")
    if token:
        after = _read_token(token)
        items = [item for item in items if _key(item) > after]
    if not limit or len(items) <= limit:
        return items, {}
    page = items[:limit]
    more: Object = {"continue": _token(page[-1], meta["resourceVersion"])}
    if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
        more["remainingItemCount"] = len(items) - limit
    return page, more


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _token(last: Object, revision: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([revision, *_key(last)]).encode()).decode()


def _read_token(token: str) -> tuple[str, str]:
    try:
        _, namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise errors.bad_request(f"continue key is not valid: {token}") from error
    return namespace, name


def create(store: Store, request: Request, route: Route, writer: Writer) -> Response:
    """Add an object; 201."""
    if route.name:
        raise errors.ApiError(405, "the server does not allow this method on the requested resource")
    warnings = Warnings()
    obj = addressed(read_object(request), route)
    made = store.create(obj, write_of(request, route, warnings))
    return writer.one(route.kind, made, 201, warnings.headers)


def update(store: Store, request: Request, route: Route, writer: Writer) -> Response:
    """Replace an object or its status."""
    warnings = Warnings()
    obj = addressed(read_object(request), route)
    if not obj["metadata"].get("resourceVersion") and route.kind.custom:
        why = "Invalid value: 0x0: must be specified for an update"
        fault = errors.FieldError("metadata.resourceVersion", "FieldValueInvalid", why)
        raise errors.invalid(route.kind, route.name, [fault])
    done = store.update(obj, write_of(request, route, warnings))
    return writer.one(route.kind, done, 200, warnings.headers)


def addressed(obj: Json, route: Route) -> Object:
    """Give an object with the kind, namespace and name of its URL; 400 when it says otherwise."""
    if not isinstance(obj, dict):
        raise errors.bad_request("the provided value is not an object")
    kind, meta = route.kind, obj.get("metadata") or {}
    if not isinstance(meta, dict):
        raise errors.bad_request("metadata of the provided object is not an object")
    meta = dict(meta)
    for key, wanted in (("apiVersion", kind.api_version), ("kind", kind.kind)):
        if obj.get(key, wanted) != wanted:
            text = f"the {key} in the data ({obj[key]}) does not match the expected {key} ({wanted})"
            raise errors.bad_request(text)
    if route.namespace is not None:
        if meta.setdefault("namespace", route.namespace) != route.namespace:
            text = "the namespace of the provided object does not match the namespace sent on the request"
            raise errors.bad_request(text)
    elif kind.namespaced:
        raise errors.ApiError(405, "the server does not allow this method on the requested resource")
    if route.name and meta.setdefault("name", route.name) != route.name:
        text = f"the name of the object ({meta['name']}) does not match the name on the URL ({route.name})"
        raise errors.bad_request(text)
    return {**obj, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta}


def delete(store: Store, request: Request, route: Route, writer: Writer) -> Response:
    """Delete an object: a Status when it is gone, the object when it stays for now."""
    if route.kind.resource == "namespaces" and route.name in _KEPT:
        raise errors.forbidden(route.kind, route.name, "this namespace may not be deleted")
    last = store.delete(route.kind.gvk, route.name, route.namespace, delete_options(request))
    if store.exists(route.kind.resource, route.name, route.namespace or "") is not None:
        return writer.one(route.kind, last)
    group = {"group": route.kind.group} if route.kind.group else {}
    details = {"name": route.name, **group, "kind": route.kind.plural, "uid": last["metadata"]["uid"]}
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return answer(status)


def delete_collection(store: Store, request: Request, route: Route, writer: Writer) -> Response:
    """Delete all objects that the selectors choose."""
    labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    options = delete_options(request)
    deleted: Objects = []
    for item in store.peek(route.kind, route.namespace, labels, fields):
        meta = item["metadata"]
        if store.exists(route.kind.resource, meta["name"], meta.get("namespace", "")) is not None:
            deleted.append(store.delete(route.kind.gvk, meta["name"], meta.get("namespace"), options))
    return writer.many(route.kind, deleted, {"resourceVersion": str(store.revision)})


def delete_options(request: Request) -> DeleteOptions:
    """Read how a request wants to delete: from its body, or its parameters."""
    body = read_object(request) if request.body else {}
    preconditions = body.get("preconditions") or {}
    propagation = body.get("propagationPolicy") or request.query.get("propagationPolicy")
    if propagation is None:
        orphans = body.get("orphanDependents", request.flag("orphanDependents"))
        propagation = "Orphan" if orphans else "Background"
    if propagation not in ("Background", "Foreground", "Orphan"):
        raise errors.bad_request(f'invalid propagationPolicy "{propagation}"')
    grace = body.get("gracePeriodSeconds", request.number("gracePeriodSeconds"))
    dry_run = "All" in (body.get("dryRun") or request.query.get("dryRun", ""))
    return DeleteOptions(propagation, grace, preconditions.get("uid"), preconditions.get("resourceVersion"), dry_run)
