"""The one exception of the emulator: an API Status, with the reasons, codes and sentences of a real API server.

Raised by the store and everything above it; the server writes `ApiError.status()` as the body of the answer. Reasons
and codes are those of k8s.io/apimachinery/pkg/api/errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mlinfra.sandbox.kubernetes.values import Json, Object

if TYPE_CHECKING:
    from mlinfra.sandbox.kubernetes.kinds import Kind

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Gone",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class ApiError(Exception):
    """A refused or failed request: HTTP `code`, machine-readable `reason`, sentence, details as the API gives them."""

    def __init__(self, code: int, message: str, reason: str | None = None, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason if reason is not None else _REASONS.get(code, "Unknown")
        self.details = details

    def status(self) -> Object:
        """Give the metav1.Status of this error."""
        body: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:  # an empty one too: clients look into it without asking whether it is there
            body["details"] = self.details
        return {**body, "code": self.code}


def _details(kind: Kind, name: str, label: str | None = None) -> Object:
    group = {"group": kind.group} if kind.group else {}
    return {"name": name, **group, "kind": label or kind.plural}


def not_found(kind: Kind, name: str) -> ApiError:
    """No object of that name."""
    return ApiError(404, f'{kind.resource} "{name}" not found', details=_details(kind, name))


def already_exists(kind: Kind, name: str) -> ApiError:
    """An object of that name is there already."""
    return ApiError(409, f'{kind.resource} "{name}" already exists', "AlreadyExists", _details(kind, name))


def conflict(kind: Kind, name: str, why: str | None = None) -> ApiError:
    """The object changed since it was read, or a precondition failed."""
    why = why or ("the object has been modified; please apply your changes to the latest version and try again")
    text = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return ApiError(409, text, details=_details(kind, name))


def forbidden(kind: Kind, name: str, why: str) -> ApiError:
    """The object may not be written so, whoever asks."""
    quoted = f' "{name}"' if name else ""
    return ApiError(403, f"{kind.resource}{quoted} is forbidden: {why}", details=_details(kind, name))


class Untyped(Exception):
    """A configuration that its schema cannot take; the text says where and why."""


def bad_request(message: str) -> ApiError:
    """The request itself makes no sense."""
    return ApiError(400, message)


def expired(message: str) -> ApiError:
    """A resourceVersion or continue token is older than what is kept."""
    return ApiError(410, message, "Expired")


class FieldError(NamedTuple):
    """One fault of a field: its path, a reason such as FieldValueInvalid, a sentence."""

    path: str
    reason: str
    message: str


def invalid(kind: Kind, name: str, errors: Sequence[FieldError]) -> ApiError:
    """The object breaks its schema or a rule; one cause for each field."""
    causes = [{"reason": reason, "message": message, "field": path} for path, reason, message in errors]
    group = f".{kind.group}" if kind.group else ""
    text = f'{kind.kind}{group} "{name}" is invalid: {_join(f"{p}: {m}" for p, _, m in errors)}'
    return ApiError(422, text, details={**_details(kind, name, kind.kind), "causes": causes})


def _join(sentences: Iterable[str]) -> str:
    found = list(dict.fromkeys(sentences))
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def missing_field(path: str, why: str = "") -> FieldError:
    """A required field is absent."""
    return FieldError(path, "FieldValueRequired", f"Required value: {why}" if why else "Required value")


def invalid_field(path: str, value: Json, why: str) -> FieldError:
    """A field's value is refused."""
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {_shown(value)}: {why}")


def unsupported_field(path: str, value: Json, allowed: Iterable[str]) -> FieldError:
    """A field's value is none of those that there are."""
    why = f"Unsupported value: {_shown(value)}: supported values: {', '.join(_shown(item) for item in allowed)}"
    return FieldError(path, "FieldValueNotSupported", why)


def duplicate_field(path: str, value: Json) -> FieldError:
    """A field's value is another's already."""
    return FieldError(path, "FieldValueDuplicate", f"Duplicate value: {_shown(value)}")


def absent_field(path: str, value: Json) -> FieldError:
    """A field names something that is not there."""
    return FieldError(path, "FieldValueNotFound", f"Not found: {_shown(value)}")


def forbidden_field(path: str, why: str) -> FieldError:
    """A field may not be set, or not so."""
    return FieldError(path, "FieldValueForbidden", f"Forbidden: {why}")


def too_long_field(path: str, largest: int) -> FieldError:
    """A field's value takes too many bytes."""
    return FieldError(path, "FieldValueTooLong", f"Too long: may not be more than {largest} bytes")


def _shown(value: Json) -> str:
    """A value as the API writes it into sentences: JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
