"""The front door of the simulated AWS: names the call, lets faults strike, logs it, and has its service answer.

A WSGI application, served by `server`. Knows the wire and nothing of what services do.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from moto.backends import SERVICE_NAMES
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.connection import ConnectionBroken
from mlinfra.sandbox.aws.damage import Damage
from mlinfra.sandbox.aws.inventory import take
from mlinfra.sandbox.aws.protocol import identify, parameters
from mlinfra.sandbox.aws.service import Service
from mlinfra.sandbox.aws.staleness import identities
from mlinfra.sandbox.calls import CallRecord, is_mutating
from mlinfra.sandbox.faults import FaultKind, Occasion

CONTROL = "/mlinfra-sandbox/"
_UNNAMED = {"moto_api", "instance_metadata"}  # moto's own dashboard and metadata: no service of AWS

Services = Callable[[SERVICE_NAMES | None, BackendRequest], Service]
Control = Callable[[BackendRequest], Response]


class Gateway:
    """Everything behind one port.

    services: the service for a request, by moto's name of the backend that the request is for.
    control: answers what is asked below `/mlinfra-sandbox/`.
    """

    def __init__(self, account: Account, services: Services, control: Control) -> None:
        self._account = account
        self._services = services
        self._control = control
        self._newest: frozenset[str] = frozenset()  # what the last creation made, by its names
        self._dispatcher = _Dispatcher(self._application)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request. Raises `ConnectionBroken`, which the server takes for a client that went away."""
        _buffer(environ)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account.id
        if environ.get("PATH_INFO", "").startswith(CONTROL):
            return self._control(BackendRequest(environ))(environ, start_response)
        answer: Iterable[bytes] = self._dispatcher(environ, start_response)
        return answer

    def _application(self, backend: SERVICE_NAMES | None) -> Any:
        """The application for one of moto's backends."""
        if backend in _UNNAMED:
            return create_backend_app(backend)

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            request = BackendRequest(environ)
            return self._attend(self._services(backend, request), request)(environ, start_response)

        return application

    def _attend(self, service: Service, request: BackendRequest) -> Response:
        """One call, from its name to its record in the log."""
        occasion = self._occasion(service, request)
        rules = self._account.faults(occasion)
        damage = Damage(self._account.clock, service.name, occasion.operation, rules, request)
        stale = any(rule.kind is FaultKind.STALE for rule in rules)
        began = self._account.clock.monotonic()
        response: Response | None = None
        try:
            response = damage.around(lambda: self._settled(service, request, occasion, stale))
            return response
        finally:
            self._account.calls.add(
                CallRecord(
                    service=service.name,
                    operation=occasion.operation or request.path,
                    mutating=occasion.mutating,
                    began=began,
                    seconds=self._account.clock.monotonic() - began,
                    status=response.status_code if response else 0,
                    fault=damage.name,
                )
            )

    def _occasion(self, service: Service, request: BackendRequest) -> Occasion:
        operation, in_path = identify(service.name, request)
        detail = {}
        if operation and self._account.faults.rules():
            detail = _plain(parameters(service.name, operation, request, in_path))
        return Occasion(service.name, operation, is_mutating(operation), detail)

    def _settled(self, service: Service, request: BackendRequest, occasion: Occasion, stale: bool) -> Response:
        """Have the service answer, once all is done that is due; alone in the account."""
        with self._account.lock:
            self._account.timeline.settle()
            if occasion.mutating and self._has_stale_rules():
                return self._noting_what_is_new(service, request)
            self._account.hidden = self._newest if stale else frozenset()
            try:
                return service(request)
            finally:
                self._account.hidden = frozenset()

    def _has_stale_rules(self) -> bool:
        return any(status.rule.kind is FaultKind.STALE for status in self._account.faults.rules())

    def _noting_what_is_new(self, service: Service, request: BackendRequest) -> Response:
        before = set(take(self._account))
        response = service(request)
        if new := set(take(self._account)) - before:
            self._newest = identities(new)
        return response


class _Dispatcher(DomainDispatcherApplication):
    """moto's own, which looks through the folders of all its services for each request."""

    def __init__(self, create_app: Callable[[SERVICE_NAMES], Any]) -> None:
        super().__init__(create_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """What answers requests to `host`, found once."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


def _buffer(environ: dict[str, Any]) -> None:
    """Read the body once, so that everyone may read it again."""
    length = environ.get("CONTENT_LENGTH")
    body = environ["wsgi.input"].read(int(length)) if length else b""
    if length and len(body) < int(length):
        raise ConnectionBroken  # whoever asked has died in the middle of it
    if not length and environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def _plain(params: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """The scalar parameters, those inside blocks by dotted names: what rules may look at."""
    plain: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, dict):
            plain |= _plain(value, f"{prefix}{name}.")
        elif isinstance(value, str | int | float | bool):
            plain[prefix + name] = str(value)
    return plain
