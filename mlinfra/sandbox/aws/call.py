"""One call to the simulated AWS, as the extensions of moto see it.

The service applications make it from a request; extensions answer it or let moto do so. Errors are raised as
`AwsError`, which `protocol` puts into the form of the service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

Params: TypeAlias = dict[str, Any]
Answer: TypeAlias = Any  # a dict in the shape of the operation's output, None, or whatever moto answered
Proceed: TypeAlias = Callable[[], Answer]


class AwsError(Exception):
    """An error that AWS answers: its code, its message, the HTTP status where the service's model names none.

    `details` are further members of the error's shape (EKS says `clusterName`).
    """

    def __init__(self, code: str, message: str, *, status: int = 0, details: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.details = dict(details or {})


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked. `params` has the shape and the names of the operation's input."""

    service: str
    operation: str
    params: Params
    account: str
    region: str
    access_key: str = ""

    def __getitem__(self, name: str) -> Any:
        """A parameter that AWS requires: its absence is AWS's error for that."""
        value = self.params.get(name)
        if value is None:
            raise AwsError("ValidationError", f"The request must contain the parameter {name}")
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or `default`."""
        value = self.params.get(name)
        return default if value is None else value


Handler: TypeAlias = Callable[[Call, Proceed], Answer]
