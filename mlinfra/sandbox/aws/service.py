"""One service of the simulated AWS, as a function from request to response.

Most are moto's response classes, extended; what we do not extend is moto's own application. An operation that neither
moto nor we have is answered with a coded 501: the HTML and 500 that moto gives would be retried by every SDK.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from moto.backends import SERVICE_NAMES
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import camelcase_to_underscores, service_name_from_moto_package_name
from moto.moto_server.werkzeug_app import BackendRequest, create_backend_app
from werkzeug.wrappers import Response

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call
from mlinfra.sandbox.aws.extension import Handlers, method_name, run
from mlinfra.sandbox.aws.protocol import error_response, identify, parameters, service_model
from mlinfra.sandbox.aws.serialization import Remembered
from mlinfra.sandbox.aws.staleness import refuse_names, without

_RENAMED = {"awslambda": "lambda"}  # the one that moto's own table of names does not know


class Service(Protocol):
    """Whatever answers requests to one service. `name` is botocore's."""

    @property
    def name(self) -> str:
        """The service's name."""
        ...

    def __call__(self, request: BackendRequest) -> Response:
        """Answer one request. Raises nothing."""
        ...


class PlainService:
    """A service as moto has it."""

    def __init__(self, backend: SERVICE_NAMES) -> None:
        self.name = _RENAMED.get(backend) or str(service_name_from_moto_package_name(backend))
        self._application = create_backend_app(backend)

    def __call__(self, request: BackendRequest) -> Response:
        """Answer one request."""
        return _guarded(self.name, request, lambda: self._answer(request))

    def _answer(self, request: BackendRequest) -> Response:
        request.environ["wsgi.input"].seek(0)  # read once already, to name the operation
        response = Response.from_app(self._application, request.environ, buffered=True)
        # A 404 of Flask's own has a page with it; one of a service that says no more, as HeadBucket, has none.
        if response.status_code == 404 and response.mimetype == "text/html" and response.content_length:
            raise NotImplementedError(request.path)
        return response


class AbsentService:
    """A service that neither moto nor we have: it refuses each call by its name. `name` is that of its signatures."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, request: BackendRequest) -> Response:
        """Refuse one request."""

        def refuse() -> Response:
            raise NotImplementedError("no service of it is simulated")

        return _guarded(self.name, request, refuse)


class ExtendedService:
    """A service of which we extend operations."""

    def __init__(self, name: str, base: type[BaseResponse], handlers: Handlers, account: Account) -> None:
        self.name = name
        self._account = account
        self._class = self._extend(base, handlers)

    def __call__(self, request: BackendRequest) -> Response:
        """Answer one request."""
        return _guarded(self.name, request, lambda: self._answer(request))

    def _answer(self, request: BackendRequest) -> Response:
        if self._account.hidden:
            operation, in_path = identify(self.name, request)
            refuse_names(self.name, parameters(self.name, operation, request, in_path), self._account.hidden)
        status, headers, body = self._class()._dispatch(request)
        response = Response(response=body, status=status, headers={k: str(v) for k, v in headers.items()})
        if request.method == "HEAD" and "content-length" in headers:
            response.headers["Content-Length"] = headers["content-length"]
        return response

    def _extend(self, base: type[BaseResponse], handlers: Handlers) -> Any:
        """A subclass of moto's response class in which our handlers stand before its methods."""
        names = {method_name(operation): operation for operation in service_model(self.name).operation_names}
        members: dict[str, Any] = {
            name: self._method(names[name], chain, getattr(base, name, None)) for name, chain in handlers.items()
        }
        members["serialized"] = _serialized(base, self._account)
        members["call_action"] = _narrowed(base)
        return type(f"Extended{base.__name__}", (base,), members)

    def _method(self, operation: str, chain: list[Any], inherited: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
        def last(response: Any) -> Answer:
            if inherited is None:
                raise NotImplementedError(operation)
            return inherited(response)

        def method(response: Any) -> Any:
            call = Call(
                service=self.name,
                operation=operation,
                params=parameters(self.name, operation, response.normalized_request, response.uri_match),
                account=response.current_account,
                region=response.region,
                access_key=response.access_key,
            )
            answer = run(chain, call, lambda: last(response))
            if answer is None:
                return EmptyResult()
            return ActionResult(answer) if isinstance(answer, dict) else answer

        return method


class _Narrow(type):
    """The kind of a class that shows one method to whoever lists what it has."""

    shown: str

    def __dir__(cls) -> list[str]:
        return [cls.shown]


@cache
def _showing(extended: Any, action: str) -> Any:
    return _Narrow(extended.__name__, (extended,), {"shown": action})


def _narrowed(base: type[BaseResponse]) -> Callable[[Any], Any]:
    """moto's call of an action, on a class that shows that action alone.

    moto lists all methods of a class at each call, to see whether the action is among them: of EC2 there are 700, and
    it took a sixth of the simulated account's time.
    """

    def call_action(response: Any) -> Any:
        extended: Any = type(response)
        response.__class__ = _showing(extended, camelcase_to_underscores(response._get_action()))
        return base.call_action(response)

    return call_action


def _serialized(base: type[BaseResponse], account: Account) -> Callable[[Any, ActionResult], Any]:
    """moto's serialisation, without what is hidden, and without its errors.

    Those become ours, as moto warns of every code that a service's model does not name.
    """

    def serialized(response: Any, result: ActionResult) -> Any:
        if isinstance(result.result, ServiceException):
            raise AwsError(result.result.code, result.result.message)
        if account.hidden:
            result = ActionResult(without(result.result, account.hidden))
        return base.serialized(response, Remembered(result))

    return serialized


def _guarded(service: str, request: BackendRequest, answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except AwsError as error:
        return error_response(service, request, error)
    except ServiceException as error:
        return error_response(service, request, AwsError(error.code, error.message))
    except NotImplementedError as error:
        operation, _ = identify(service, request)
        message = f"The sandbox does not simulate {service}:{operation or request.path} ({error})"
        return error_response(service, request, AwsError("NotImplemented", message, status=501))
    except Exception as error:  # noqa: BLE001  a defect of the simulation must reach its log, and not be retried
        traceback.print_exc(file=sys.stderr)
        return error_response(
            service, request, AwsError("InternalFailure", f"the sandbox failed: {error!r}", status=501)
        )
