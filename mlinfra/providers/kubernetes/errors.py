"""Errors: what an API, or the way to it, says went wrong, translated once.

Called by `client` alone. A Status of Kubernetes becomes one of the kinds of `ProviderError`, with the causes that it
names by field. Statuses and reasons: kubernetes.io, "API concepts", and k8s.io/apimachinery, pkg/apis/meta/v1/types.go
(read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlinfra.core.errors import (
    AccessDenied,
    Ambiguous,
    Conflict,
    InvalidRequest,
    NotFound,
    ProviderError,
    QuotaExceeded,
    Throttled,
)
from mlinfra.providers.kubernetes.codes import Code

Status = Mapping[str, Any]

FIELD_CONFLICT = "FieldManagerConflict"
ALREADY_EXISTS = "AlreadyExists"
_HIDDEN = "(secret)"
_SHORTEST = 4  # characters; what is shorter than this stands in any sentence


class FieldConflict(Conflict):
    """Fields that are to be applied belong to somebody else: `causes` has the server's word on each."""

    def __init__(self, message: str, causes: tuple[Status, ...], hint: str) -> None:
        super().__init__(message, code=Code.MANAGED, hint=hint)
        self.causes = causes


def refused(status_code: int, status: Status, doing: str, *, changes: bool, scrub: Iterable[str] = ()) -> ProviderError:
    """What an answer that is no success means. `changes`: the call was to change something."""
    said = scrubbed(_said(status, status_code), scrub)
    message = f"{doing}: {said}"
    match status_code:
        case 401:
            hint = "the credentials belong to somebody without an access entry, or have expired"
            return AccessDenied(f"{doing}: the API does not know who is asking", code=Code.NO_TOKEN, hint=hint)
        case 403 if "exceeded quota" in said:
            return QuotaExceeded(message, hint="raise the ResourceQuota of the namespace, or ask for less")
        case 403:
            return AccessDenied(message)
        case 404 | 410:
            return NotFound(message)
        case 409:
            return _conflict(status, message)
        case 400 | 405 | 406 | 413 | 415 | 422:
            return InvalidRequest(message)
        case 429 | 503:
            return Throttled(message)
        case 500 if "typed patch object" in said:
            return InvalidRequest(message)  # so the API calls an unknown field in what is applied
        case 500 if "webhook" in said:
            # Nothing was written: a webhook admits before that. Its server may just be starting.
            hint = "its server may still be starting, or be gone while its configuration stayed"
            return _Webhook(message, code=Code.WEBHOOK, hint=hint)
    return Ambiguous(message) if changes and status_code >= 500 else ProviderError(message)


class _Webhook(Throttled):
    """A webhook did not admit: certainly nothing was done."""


def _conflict(status: Status, message: str) -> Conflict:
    causes = tuple((status.get("details") or {}).get("causes") or ())
    if any(cause.get("reason") == FIELD_CONFLICT for cause in causes):
        return FieldConflict(message, causes, "leave the field out of the stack, or take it back from whoever has it")
    return Conflict(message)


def _said(status: Status, status_code: int) -> str:
    """What the server says, with its causes by field where it does not name them itself."""
    text = str(status.get("message") or f"the API answered {status_code}")
    causes = (status.get("details") or {}).get("causes") or ()
    added = [f"{c.get('field')}: {c.get('message')}" for c in causes if c.get("field") and str(c["field"]) not in text]
    return "; ".join([text, *added])


def unreachable(error: Exception, doing: str, server: str) -> ProviderError:
    """The way to the API does not lead there: nothing was done."""
    text = str(error) or type(error).__name__
    hint = "check the network between here and the cluster: cluster.endpoint says from where its API can be reached"
    if "certificate" in text.lower():
        hint = (
            "the server's certificate is not vouched for by the authority that the cluster names: is it another server?"
        )
    return ProviderError(f"{doing}: {server} cannot be reached: {text}", code=Code.UNREACHABLE, hint=hint)


def unanswered(error: Exception, doing: str, *, changes: bool) -> ProviderError:
    """The question was sent and no answer came."""
    text = f"{doing}: no answer came ({str(error) or type(error).__name__})"
    return Ambiguous(text) if changes else ProviderError(text, code=Code.UNREACHABLE)


def garbled(instead: str, doing: str, *, changes: bool) -> ProviderError:
    """What came back is no answer; `instead` is what it is."""
    hint = "is this a Kubernetes API? See what is between this machine and the cluster (a proxy), then run this again"
    kind = Ambiguous if changes else ProviderError
    return kind(f"{doing}: what came back is no answer to it, but {instead}", code=Code.GARBLED, hint=hint)


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets that it may repeat."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _HIDDEN)
    return text
