"""Requests and responses in the wire protocols of AWS, by means of moto's routers and parsers.

The service applications use it to name the operation of a request, to read its parameters and to answer errors in the
form that the caller's SDK understands.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

import msgspec
from moto.core.model import ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import BackendRequest
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from mlinfra.aws.models import Models
from mlinfra.sandbox.aws.call import AwsError, Params

_SCOPE = re.compile(r"Credential=[^/,]*/[0-9]+/[^/,]+/([a-z0-9-]+)/aws4_request")


@lru_cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service."""
    return get_service_model(service)


def signed_for(request: BackendRequest) -> str:
    """The service that a request is signed for; "sts", which every client knows, where it names none that there is."""
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    name = found.group(1) if found else ""
    return name if name in Models().list_available_services("service-2") else "sts"


def identify(service: str, request: BackendRequest) -> tuple[str, Mapping[str, Any]]:
    """The operation that a request asks for, and the parameters in its path; an empty name where there is none."""
    try:
        operation, in_path = get_service_router(service).match(request)
    except (NotFound, NotImplementedError):
        return "", {}
    return str(operation.name), in_path


def parameters(service: str, operation: str, request: BackendRequest, in_path: Mapping[str, Any]) -> Params:
    """The input of a request in the shape of its operation."""
    model = service_model(service)
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)]
    parsed: Params = parser(model.operation_model(operation), map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": dict(in_path),
        }
    )
    return parsed


def error_response(service: str, request: BackendRequest, error: AwsError) -> Response:
    """An error as the service puts it on the wire, with the HTTP status that its model names for that code."""
    model = service_model(service)
    status = error.status or _modelled_status(service, error.code)
    match str(model.protocol):
        case "ec2":
            inner = f"<Errors><Error>{_code_and_message(error)}</Error></Errors><RequestID>{uuid.uuid4()}</RequestID>"
            return _xml(f"<Response>{inner}</Response>", status)
        case "rest-xml":
            return _xml(f"<Error>{_code_and_message(error)}</Error>", status)
        case "query":
            side = "Sender" if status < 500 else "Receiver"
            inner = f"<Error><Type>{side}</Type>{_code_and_message(error)}</Error><RequestId>{uuid.uuid4()}</RequestId>"
            return _xml(f"<ErrorResponse>{inner}</ErrorResponse>", status)
    body = msgspec.json.encode({"__type": error.code, "message": error.message, **error.details})
    return Response(body, status, {"X-Amzn-ErrorType": error.code}, content_type="application/json")


def _code_and_message(error: AwsError) -> str:
    return f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"


def _xml(body: str, status: int) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{body}', status, content_type="text/xml")


@lru_cache
def _modelled_status(service: str, code: str) -> int:
    for shape in service_model(service).error_shapes:
        about: Mapping[str, Any] = shape.metadata.get("error", {})
        if code in (shape.name, about.get("code")):
            return int(about.get("httpStatusCode", 500 if shape.metadata.get("fault") else 400))
    return 400
