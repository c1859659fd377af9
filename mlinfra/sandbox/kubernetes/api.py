"""One cluster's API: from a request to its answer, without sockets. Faults, authentication, authorisation, dispatch.

Called by `server` for each HTTP request, and directly by tests. Every failure leaves as a Status; none as an exception.
"""

from __future__ import annotations

from collections.abc import Callable

from mlinfra.sandbox.kubernetes import discovery, verbs, watching
from mlinfra.sandbox.kubernetes.authorization import Attributes, Authorizer
from mlinfra.sandbox.kubernetes.encoding import Writer, read_object
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.faults import Attendant, Call, attend
from mlinfra.sandbox.kubernetes.openapi import OpenApi
from mlinfra.sandbox.kubernetes.patching import Patching
from mlinfra.sandbox.kubernetes.requests import (
    ADMINISTRATOR,
    Authenticator,
    Identity,
    Request,
    Response,
    answer,
    failure,
)
from mlinfra.sandbox.kubernetes.reviews import Reviews
from mlinfra.sandbox.kubernetes.routes import Route, find_route
from mlinfra.sandbox.kubernetes.schema import Schemas
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.subresources import Logs, Subresources
from mlinfra.sandbox.kubernetes.values import Clock, Object

_HEALTH = ("/healthz", "/livez", "/readyz")
_OPEN = (*_HEALTH, "/version")
_ANONYMOUS = Identity("system:anonymous", ("system:unauthenticated",))


class Api:
    """The API of one store. Without an authenticator everybody is an administrator.

    `version` is asked at each call, as it rises with upgrades.
    """

    def __init__(
        self,
        store: Store,
        schemas: Schemas,
        version: Callable[[], str],
        clock: Clock,
        logs: Logs,
        authenticator: Authenticator | None = None,
        attendant: Attendant = attend,
    ) -> None:
        self._store = store
        self._clock = clock
        self._version = version
        self._authenticator = authenticator
        self._attendant = attendant
        self._authorizer = Authorizer(store)
        self._openapi = OpenApi(store.registry, schemas, version)
        self._patching = Patching(store, schemas, clock)
        self._subresources = Subresources(store, clock, logs)
        self._reviews = Reviews(self._authorizer, self._identify)

    def handle(self, request: Request) -> Response:
        """Answer a request. An answer of status 0 must not be sent: the caller gets none."""
        try:
            route = find_route(self._store.registry, request.path)
        except ApiError as error:
            missing = failure(error)
            return self._attendant(_call(request, None), lambda: missing)
        return self._attendant(_call(request, route), lambda: self._answer(request, route))

    def _answer(self, request: Request, route: Route | None) -> Response:
        try:
            return self._serve(request, route)
        except ApiError as error:
            return failure(error)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A body of a shape that nothing foresaw: a server answers even then, and the error's name helps to mend it.
            text = f"the request could not be understood: {type(error).__name__}: {error}"
            return failure(ApiError(500, text))

    def _serve(self, request: Request, route: Route | None) -> Response:
        identity = self._impersonated(self._authenticate(request), request)
        attributes = _attributes(request, route)
        if request.path not in _OPEN and not self._authorizer.allows(identity, attributes):
            raise _refusal(identity, attributes)
        if route is None:
            return self._path(request)
        return self._resource(request, route, identity)

    def _authenticate(self, request: Request) -> Identity:
        if self._authenticator is None:
            return ADMINISTRATOR
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token and request.path in _OPEN:
            return _ANONYMOUS
        identity = self._identify(token.strip()) if scheme.lower() == "bearer" else None
        if identity is None:
            raise ApiError(401, "Unauthorized")
        return identity

    def _impersonated(self, identity: Identity, request: Request) -> Identity:
        """Who is asked for: whom the headers name, if the asker may speak for them."""
        user = request.headers.get("impersonate-user")
        if user is None:
            return identity
        asked = Attributes("impersonate", "", "users", name=user)
        if not self._authorizer.allows(identity, asked):
            raise _refusal(identity, asked)
        group = request.headers.get("impersonate-group")
        return Identity(user, (*((group,) if group else ()), "system:authenticated"))

    def _identify(self, token: str) -> Identity | None:
        found = self._subresources.identify(token)
        if found is not None or self._authenticator is None:
            return found
        return self._authenticator(token)

    def _path(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        if path.startswith(_HEALTH):
            return Response(200, b"ok", "text/plain")
        if path == "/version":
            return answer(_version(self._version()))
        if path.startswith("/openapi/"):
            if (
                path == "/openapi/v2"
                and request.accept
                and "json" not in request.accept
                and "*/*" not in request.accept
            ):
                raise ApiError(406, "only application/json is served")
            return Response(200, self._openapi.serve(path) or b"")
        found = discovery.discover(self._store.registry, path, request.accept)
        if found is None:
            raise ApiError(404, "the server could not find the requested resource", "NotFound", {})
        done = answer(found)
        if path in ("/api", "/apis"):
            return Response(200, done.body, discovery.content_type(request.accept))
        return done

    def _resource(self, request: Request, route: Route, identity: Identity) -> Response:
        verb = route.verb(request.method, _is_watch(request))
        if not route.subresource and verb not in route.kind.verbs:
            raise ApiError(405, "the server does not allow this method on the requested resource")
        if route.kind.verbs == ("create",) and route.kind.group:
            review = verbs.addressed(read_object(request), route)
            done = self._reviews.answer(route.kind.kind, review, identity, route.namespace or "")
            return answer(done, 201)
        if route.subresource and (served := self._subresources.serve(request, route)) is not None:
            return served
        writer = Writer(request, self._clock)
        if verb == "watch":
            watching.check_options(request, self._version())
        if verb == "patch":
            return self._patching.patch(request, route, writer)
        serve = {
            "get": verbs.get,
            "list": verbs.list_objects,
            "watch": watching.watch,
            "create": verbs.create,
            "update": verbs.update,
            "delete": verbs.delete,
            "deletecollection": verbs.delete_collection,
        }[verb]
        return serve(self._store, request, route, writer)


def _is_watch(request: Request) -> bool:
    return request.flag("watch") or "/watch/" in request.path


def _attributes(request: Request, route: Route | None) -> Attributes:
    if route is None:
        return Attributes(request.method.lower(), path=request.path)
    part = f"/{route.subresource}" if route.subresource else ""
    verb = route.verb(request.method, _is_watch(request))
    # A namespace is authorised as an object in itself, so that a namespaced grant lets its holder read it.
    namespace = route.namespace or (route.name if route.kind.resource == "namespaces" else "")
    return Attributes(verb, route.kind.group, route.kind.plural + part, namespace, route.name)


def _call(request: Request, route: Route | None) -> Call:
    if route is None:
        return Call(request.method.lower(), path=request.path, port=request.port)
    return Call(
        route.verb(request.method, _is_watch(request)),
        route.kind.resource,
        route.namespace or "",
        route.name,
        route.subresource,
        port=request.port,
        dry_run=request.query.get("dryRun") == "All",
    )


def _refusal(identity: Identity, asked: Attributes) -> ApiError:
    user = f'User "{identity.username}" cannot'
    if asked.path:
        return ApiError(403, f'forbidden: {user} {asked.verb} path "{asked.path}"', details={})
    scope = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    group = f".{asked.group}" if asked.group else ""
    name = f' "{asked.name}"' if asked.name else ""
    resource = asked.resource.partition("/")[0]
    text = (
        f"{resource}{group}{name} is forbidden: {user} {asked.verb} resource "
        f'"{asked.resource}" in API group "{asked.group}" {scope}'
    )
    details: Object = {"name": asked.name, "group": asked.group, "kind": resource}
    return ApiError(403, text, details={key: value for key, value in details.items() if value})


def _version(version: str) -> Object:
    major, minor = version.split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{major}.{minor}.0-eks-sandbox",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }
