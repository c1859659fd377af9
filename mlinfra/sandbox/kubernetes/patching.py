"""The verb PATCH: JSON patch, merge patch, strategic merge patch, server-side apply. Called by `api`."""

from __future__ import annotations

from collections.abc import Callable

from mlinfra.sandbox.kubernetes import errors
from mlinfra.sandbox.kubernetes.encoding import Writer, read_value
from mlinfra.sandbox.kubernetes.jsonpatch import json_patch
from mlinfra.sandbox.kubernetes.merge import merge_patch
from mlinfra.sandbox.kubernetes.ownership import record_apply
from mlinfra.sandbox.kubernetes.ownership import writer as owner_of
from mlinfra.sandbox.kubernetes.requests import Request, Response
from mlinfra.sandbox.kubernetes.routes import Route
from mlinfra.sandbox.kubernetes.schema import Schemas
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.strategic import strategic_merge
from mlinfra.sandbox.kubernetes.values import Clock, Json, Object
from mlinfra.sandbox.kubernetes.verbs import Warnings, addressed, write_of

APPLY = "application/apply-patch+yaml"
_STRATEGIC = "application/strategic-merge-patch+json"
_PLAIN: dict[str, Callable[[Json, Json], Json]] = {
    "application/json-patch+json": json_patch,
    "application/merge-patch+json": merge_patch,
}


class Patching:
    """Patches the objects of one store."""

    def __init__(self, store: Store, schemas: Schemas, clock: Clock) -> None:
        self._store = store
        self._schemas = schemas
        self._clock = clock

    def patch(self, request: Request, route: Route, writer: Writer) -> Response:
        """Change one object as the content type says; 415 for one that the kind does not take."""
        if request.content_type == APPLY:
            return self._apply(request, route, writer)
        change = self._change(request, route)
        warnings = Warnings()
        write = write_of(request, route, warnings)
        done = self._store.modify(route.kind.gvk, route.name, route.namespace, change, write)
        return writer.one(route.kind, done, 200, warnings.headers)

    def _change(self, request: Request, route: Route) -> Callable[[Object], Object]:
        kind, patch = route.kind, read_value(request)
        if request.content_type == _STRATEGIC and not kind.custom:
            if not isinstance(patch, dict):
                raise errors.bad_request("a strategic merge patch is an object")
            schema = self._schemas.get(kind.gvk)
            return lambda old: addressed(strategic_merge(old, patch, schema), route)
        if request.content_type not in _PLAIN:
            known = [*_PLAIN, APPLY] if kind.custom else [*_PLAIN, _STRATEGIC, APPLY]
            text = "the body of the request was in an unknown format - accepted media types include: "
            raise errors.ApiError(415, text + ", ".join(known))
        plain = _PLAIN[request.content_type]
        return lambda old: addressed(plain(old, patch), route)

    def _apply(self, request: Request, route: Route, writer: Writer) -> Response:
        if not request.query.get("fieldManager"):
            why = "Required value: is required for apply patch"
            cause = {"reason": "FieldValueRequired", "message": why, "field": "fieldManager"}
            text = f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {why}'
            raise errors.ApiError(422, text, details={"kind": "PatchOptions", "causes": [cause]})
        applied = self._configuration(request, route)
        warnings = Warnings()
        write = write_of(request, route, warnings, "Apply")
        owner = owner_of(route.kind, "Apply", write.manager, route.subresource)
        schema, force = self._schemas.get(route.kind.gvk), request.flag("force")

        def change(old: Object | None) -> Object:
            return record_apply(applied, old, schema, owner, self._clock(), force=force)

        with self._store.lock:
            if self._store.exists(route.kind.resource, route.name, route.namespace or "") is None:
                if route.subresource:
                    raise errors.not_found(route.kind, route.name)
                return writer.one(route.kind, self._store.create(change(None), write), 201, warnings.headers)
            done = self._store.modify(route.kind.gvk, route.name, route.namespace, change, write)
        return writer.one(route.kind, done, 200, warnings.headers)

    def _configuration(self, request: Request, route: Route) -> Object:
        applied = read_value(request)
        if not isinstance(applied, dict):
            raise errors.bad_request("an applied configuration is an object")
        for key in ("apiVersion", "kind"):
            if not applied.get(key):
                raise errors.bad_request(f"Object '{key}' is missing")
        applied = addressed(applied, route)
        if applied["metadata"].get("managedFields"):
            raise errors.bad_request("metadata.managedFields must be nil")
        if route.subresource:
            keep = ("apiVersion", "kind", "metadata", route.subresource)
            return {key: value for key, value in applied.items() if key in keep}
        return {key: value for key, value in applied.items() if key != "status" or not route.kind.has_status}
