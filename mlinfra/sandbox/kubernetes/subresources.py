"""Subresources that are not a part of their object: scale, binding, eviction, log, exec, token. Called by `api`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

from mlinfra.sandbox.kubernetes import errors
from mlinfra.sandbox.kubernetes.controllers.eviction import budgets_that_count, evict
from mlinfra.sandbox.kubernetes.encoding import read_object, read_value
from mlinfra.sandbox.kubernetes.jsonpatch import json_patch
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.merge import merge_patch
from mlinfra.sandbox.kubernetes.metadata import DeleteOptions
from mlinfra.sandbox.kubernetes.requests import Identity, Request, Response, answer
from mlinfra.sandbox.kubernetes.routes import Route
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Clock, Object, at, put, timestamp
from mlinfra.sandbox.kubernetes.verbs import Warnings, write_of

Logs: TypeAlias = Callable[[Object, str], str]
"""Gives what a container of a pod has written: the pod as stored, and the container's name."""
LOG = "sandbox.mlinfra.dev/log"
"""The annotation of a pod that says what its containers write."""

_STREAMS = {
    "exec": "no command can be executed there; what a container has written is in kubectl logs",
    "attach": "there is nothing to attach to; what a container has written is in kubectl logs",
    "portforward": "no port of it can be reached",
}
_POD = GroupVersionKind("", "v1", "Pod")
_BUDGET = GroupVersionKind("policy", "v1", "PodDisruptionBudget")


def annotated_logs(pod: Object, container: str) -> str:
    """What the pod's annotation says; without one, that nothing ran."""
    meta = pod["metadata"]
    said = (meta.get("annotations") or {}).get(LOG)
    if said is not None:
        return said if said.endswith("\n") else f"{said}\n"
    return f"{meta['namespace']}/{meta['name']} is simulated: {container} has not run, and has written nothing\n"


class Subresources:
    """Serves the subresources of one store."""

    def __init__(self, store: Store, clock: Clock, logs: Logs = annotated_logs) -> None:
        self._store = store
        self._clock = clock
        self._logs = logs
        self._tokens: dict[str, Identity] = {}

    def serve(self, request: Request, route: Route) -> Response | None:
        """Answer a call to one of them; None when the subresource is none of these."""
        if route.subresource == "scale":
            return self._scale(request, route)
        if route.subresource == "log" and request.method == "GET":
            return self._log(request, route)
        if route.subresource in _STREAMS:
            raise self._no_stream(route)
        served = {"binding": self._bind, "eviction": self._evict, "token": self._token}
        if route.subresource in served:
            if request.method != "POST":
                raise errors.ApiError(405, "the server does not allow this method on the requested resource")
            return served[route.subresource](request, route)
        return None

    def identify(self, token: str) -> Identity | None:
        """Find the service account of a token that was given out here."""
        return self._tokens.get(token)

    def _scale(self, request: Request, route: Route) -> Response:
        if request.method == "GET":
            return answer(_scale_of(self._store.get(route.kind.gvk, route.name, route.namespace), route))
        body = read_value(request)
        path = (route.kind.scale or ("spec.replicas", "", ""))[0].split(".")

        def change(old: Object) -> Object:
            # A patch is of what stands there when it is carried out: it meets no conflict unless it asks for one.
            scale = _wanted_scale(request, body, _scale_of(old, route))
            replicas = at(scale, ("spec", "replicas"), 0)
            if not isinstance(replicas, int) or replicas < 0:
                fault = errors.invalid_field("spec.replicas", replicas, "must be greater than or equal to 0")
                raise errors.invalid(route.kind, route.name, [fault])
            if revision := at(scale, ("metadata", "resourceVersion")):
                old["metadata"]["resourceVersion"] = revision
            put(old, path, replicas)
            return old

        write = write_of(request, route, Warnings())
        done = self._store.modify(route.kind.gvk, route.name, route.namespace, change, write)
        return answer(_scale_of(done, route))

    def _bind(self, request: Request, route: Route) -> Response:
        node = at(read_object(request), ("target", "name"), "")

        def change(old: Object) -> Object:
            if at(old, ("spec", "nodeName")):
                why = f"pod {route.name} is already assigned to node {old['spec']['nodeName']!r}".replace("'", '"')
                raise errors.conflict(route.kind, route.name, why)
            put(old, ("spec", "nodeName"), node)
            return old

        self._store.modify(_POD, route.name, route.namespace, change, write_of(request, route, Warnings()))
        return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)

    def _log(self, request: Request, route: Route) -> Response:
        """What a container wrote; refusals as in kubernetes/kubernetes, pkg/registry/core/pod/strategy.go."""
        pod = self._store.get(_POD, route.name, route.namespace)
        name = _container_of(pod, request.query.get("container", ""))
        statuses = [*at(pod, ("status", "containerStatuses"), ()), *at(pod, ("status", "initContainerStatuses"), ())]
        waiting = [at(item, ("state", "waiting", "reason")) for item in statuses if item["name"] == name]
        restarts = sum(item.get("restartCount", 0) for item in statuses if item["name"] == name)
        if at(pod, ("spec", "nodeName")) and waiting and waiting[0] and not restarts:
            why = f'container "{name}" in pod "{route.name}" is waiting to start: {waiting[0]}'
            raise errors.bad_request(why)
        lines = self._logs(pod, name).splitlines(keepends=True)
        last = request.number("tailLines")
        kept = lines if last is None or last < 0 else lines[max(0, len(lines) - last) :]
        return Response(200, "".join(kept).encode(), "text/plain")

    def _no_stream(self, route: Route) -> errors.ApiError:
        """Nothing runs in a pod that a client could speak with."""
        self._store.get(_POD, route.name, route.namespace)
        why = f"{route.namespace}/{route.name} is simulated: nothing runs in it, and {_STREAMS[route.subresource]}"
        return errors.ApiError(501, why, "NotImplemented", {"name": route.name, "kind": "pods"})

    def _evict(self, request: Request, route: Route) -> Response:
        pod = self._store.get(_POD, route.name, route.namespace)
        options = read_object(request).get("deleteOptions") or {}
        dry_run = "All" in (options.get("dryRun") or request.query.get("dryRun", ""))
        wanted = DeleteOptions(grace=options.get("gracePeriodSeconds"), dry_run=dry_run)
        if len(budgets_that_count(pod, self._store.list(_BUDGET, route.namespace))) > 1:
            why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            raise errors.ApiError(500, why)
        budget = evict(self._store, pod, wanted)
        if budget is not None:
            raise _too_many_disruptions(budget)
        return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)

    def _token(self, request: Request, route: Route) -> Response:
        account = self._store.get(route.kind.gvk, route.name, route.namespace)
        review = read_object(request)
        seconds = at(review, ("spec", "expirationSeconds")) or 3600
        token = secrets.token_urlsafe(32)
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{route.namespace}", "system:authenticated")
        name = f"system:serviceaccount:{route.namespace}:{route.name}"
        self._tokens[token] = Identity(name, groups, account["metadata"]["uid"])
        expiry = timestamp(self._clock() + timedelta(seconds=seconds))
        meta = {"name": route.name, "namespace": route.namespace}
        status = {"token": token, "expirationTimestamp": expiry}
        head = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
        return answer({**review, **head, "metadata": meta, "status": status}, 201)


def _container_of(pod: Object, asked: str) -> str:
    spec = pod["spec"]
    parts = ("containers", "initContainers", "ephemeralContainers")
    names = [container["name"] for part in parts for container in spec.get(part) or ()]
    if not asked and len(spec["containers"]) == 1:
        return str(names[0])
    if not asked:
        choices = f"choose one of: [{' '.join(names)}]"
        raise errors.bad_request(f"a container name must be specified for pod {pod['metadata']['name']}, {choices}")
    if asked not in names:
        raise errors.bad_request(f"container {asked} is not valid for pod {pod['metadata']['name']}")
    return asked


def _too_many_disruptions(budget: Object) -> errors.ApiError:
    status, name = budget.get("status") or {}, budget["metadata"]["name"]
    why = f"needs {status.get('desiredHealthy', 0)} healthy pods and has {status.get('currentHealthy', 0)} currently"
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        why = "is still being processed by the server."
    cause = {"reason": "DisruptionBudget", "message": f"The disruption budget {name} {why}"}
    text = "Cannot evict pod as it would violate the pod's disruption budget."
    return errors.ApiError(429, text, details={"causes": [cause]})


def _wanted_scale(request: Request, body: Any, scale: Object) -> Object:
    """The scale that a request asks for: the whole of its body, or what its patch makes of the present one."""
    wanted: Object = body
    if request.method == "PATCH":
        json = request.content_type == "application/json-patch+json"
        wanted = json_patch(scale, body) if json else merge_patch(scale, body)
    return wanted


def _scale_of(obj: Object, route: Route) -> Object:
    meta = obj["metadata"]
    spec, status, selector = route.kind.scale or ("spec.replicas", "status.replicas", "status.selector")
    keys = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    told: Object = {"replicas": at(obj, status.split("."), 0)}
    chosen = at(obj, selector.split(".")) if selector else None
    if not route.kind.custom:
        labels = at(obj, ("spec", "selector", "matchLabels"), at(obj, ("spec", "selector"), {})) or {}
        chosen = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    if chosen:
        told["selector"] = chosen
    count = at(obj, spec.split("."), 0)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in keys if key in meta},
        "spec": {"replicas": count} if count else {},  # Go leaves a zero out here, and not in the status
        "status": told,
    }
