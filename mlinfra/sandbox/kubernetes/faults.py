"""Faults: the port through which a cluster's API can be made to fail, call by call.

The cluster asks its `Faults` before each call; the mechanism that decides is the sandbox's. A webhook that is down is a
`Fault.status(500, 'failed calling webhook ...')`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

import msgspec


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


class Call(msgspec.Struct, frozen=True):
    """One call: its verb, and the versionless resource (`deployments.apps`) or the path that is none."""

    verb: str
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    path: str = ""


Faults: TypeAlias = Callable[[Call], Fault | None]
"""Decides what goes wrong with a call; None for nothing."""
