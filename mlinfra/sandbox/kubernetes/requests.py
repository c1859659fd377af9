"""A request to the API and its answer, free of HTTP's machinery. Made by `server`, served by `api`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from mlinfra.sandbox.kubernetes.errors import ApiError, bad_request
from mlinfra.sandbox.kubernetes.values import Json


class Grant(msgspec.Struct, frozen=True):
    """One of EKS's access policies, by name, for the whole cluster or for some namespaces (`*` is a wildcard)."""

    policy: str
    namespaces: tuple[str, ...] = ()


class Identity(msgspec.Struct, frozen=True):
    """Who asks: what TokenReview would say, and the access policies granted by the cluster's owner."""

    username: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = {}
    grants: tuple[Grant, ...] = ()


Authenticator: TypeAlias = Callable[[str], Identity | None]
"""Says whose a bearer token is; None for nobody's."""

ADMINISTRATOR = Identity("system:admin", ("system:masters", "system:authenticated"))
"""Whoever asks a cluster that authenticates nobody."""


class Request(msgspec.Struct, frozen=True):
    """One call. `query` has the last value of each parameter; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    port: int = 0
    """The client's end of the connection; 0 where there is none."""

    def flag(self, name: str) -> bool:
        """Whether a parameter says true."""
        return self.query.get(name, "") in ("true", "1", "True")

    def number(self, name: str) -> int | None:
        """Read a parameter as a whole number; None when it is absent; 400 when it is no number."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise bad_request(f'invalid value for {name}: "{text}" is not a number') from error

    @property
    def accept(self) -> str:
        """What the client wants to get."""
        return self.headers.get("accept", "")

    @property
    def content_type(self) -> str:
        """What the body is, without parameters."""
        return self.headers.get("content-type", "application/json").partition(";")[0].strip()

    @property
    def manager(self) -> str:
        """The field manager: as given, or the first part of the User-Agent."""
        return self.query.get("fieldManager") or self.headers.get("user-agent", "").partition("/")[0][:128] or "unknown"


class Response(msgspec.Struct, frozen=True):
    """One answer: a body, or a stream of chunks (an empty chunk asks whether the client is still there)."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    stream: Iterator[bytes] | None = None
    close: Callable[[], None] = lambda: None
    """Ends the stream from outside; called when the client has gone or the server stops."""


_encode = msgspec.json.Encoder().encode


def answer(value: Json, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Give a JSON value."""
    return Response(status, _encode(value) + b"\n", headers=headers)


def failure(error: ApiError, retry_after: int | None = None) -> Response:
    """Give a Status that says what is wrong."""
    headers = (("Retry-After", str(retry_after)),) if retry_after is not None else ()
    return answer(error.status(), error.code, headers)
