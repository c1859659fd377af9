"""The ports through which a cluster can be watched and made to fail: call by call, and in what it does by itself.

`api` has each call attended by an `Attendant`; `webhooks` and the controllers ask their `Obstacles` before they do what
may go wrong. The mechanism that decides is the sandbox's. Knows nothing of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeAlias

import msgspec

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.requests import Response, failure

DROPPED = Response(0)
"""The answer that never comes: the server closes the connection."""


class Effect(StrEnum):
    """What happens to a call."""

    STATUS = "status"
    """Refused with a Status, nothing done."""
    TIMEOUT_AFTER_SUCCESS = "timeout-after-success"
    """Done, and answered 504."""
    LOST_RESPONSE = "lost-response"
    """Done, and the connection closed without an answer."""
    UNREACHABLE = "unreachable"
    """The connection closed, nothing done."""


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong; `code`, `message` and `reason` are those of the Status."""

    effect: Effect
    code: int = 500
    message: str = "injected fault"
    reason: str | None = None
    retry_after: int | None = None

    @classmethod
    def status(cls, code: int, message: str, reason: str | None = None) -> Fault:
        """Refuse a call with a Status."""
        return cls(Effect.STATUS, code, message, reason)

    @classmethod
    def conflict(cls) -> Fault:
        """Refuse a call as though the object had just changed."""
        return cls.status(409, "the object has been modified; please apply your changes to the latest version")

    def strike(self, serve: Serve) -> Response:
        """What the caller gets; `serve` does what was asked."""
        if self.effect is Effect.UNREACHABLE:
            return DROPPED
        if self.effect is Effect.STATUS:
            return failure(ApiError(self.code, self.message, self.reason), self.retry_after)
        serve().close()
        if self.effect is Effect.LOST_RESPONSE:
            return DROPPED
        return failure(ApiError(504, "request did not complete within the requested timeout", "Timeout"))


class Call(msgspec.Struct, frozen=True):
    """One call: its verb, and the versionless resource (`deployments.apps`) or the path that is none.

    `port` is the caller's end of the connection, 0 where there is none. A `dry_run` changes nothing.
    """

    verb: str
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    path: str = ""
    port: int = 0
    dry_run: bool = False

    @property
    def operation(self) -> str:
        """What is done to what: `patch:deployments.apps/scale`; of a path the method alone."""
        part = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb}:{self.resource}{part}"


Serve: TypeAlias = Callable[[], Response]
Attendant: TypeAlias = Callable[[Call, Serve], Response]
"""Stands beside a call: has it served, or not, or answers otherwise; takes note of it."""

Obstacles: TypeAlias = Callable[[str, Mapping[str, str]], str | None]
"""Says what keeps the cluster from something that it does by itself, given an operation (`call:webhook`,
`finalize:services`) and what tells it from others. None: nothing does; the empty string: it does not say what."""


def attend(_: Call, serve: Serve) -> Response:
    """Have a call served, and no more."""
    return serve()


def no_obstacle(_operation: str, _detail: Mapping[str, str]) -> str | None:
    """Let the cluster do everything."""
    return None
