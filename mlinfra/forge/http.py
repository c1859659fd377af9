"""HTTP to one forge: JSON there and back, with a token that goes to this one place and is said to nobody.

The forges call it. It follows no redirects, speaks plain HTTP to this machine alone, and translates every failure.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mlinfra.core.errors import AccessDenied, InvalidRequest, NotFound, ProviderError, Throttled
from mlinfra.forge.codes import Code

_SECONDS = 30.0
_LARGEST = 16 * 1024 * 1024  # bytes of an answer
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_WORDS = 300  # characters of what a forge says that are passed on


class Answer(msgspec.Struct, frozen=True):
    """What a forge answers: data, and the headers in small letters."""

    data: Any
    headers: Mapping[str, str]


class Http:
    """One forge. `headers` carry the token; `token` is what must never be said."""

    def __init__(self, base: str, headers: Mapping[str, str], token: str) -> None:
        self._base, self._token = base.rstrip("/"), token
        self._headers = {"Accept": "application/json", "User-Agent": "mlinfra", **headers}
        where = urlsplit(base)
        if where.scheme != "https" and not (where.scheme == "http" and where.hostname in _LOOPBACK):
            hint = "use https"
            raise ProviderError(f"{base} would send the token for all to read", code=Code.UNSAFE, hint=hint)
        self._opener = urllib.request.build_opener(_NoRedirects)

    def send(self, method: str, path: str, content: Any = None) -> Answer:
        """One call. Raises `Throttled` where it may be made again, and other `ProviderError`s."""
        data = None if content is None else json.dumps(content).encode()
        headers = self._headers if data is None else {**self._headers, "Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, data, dict(headers), method=method)
        try:
            with self._opener.open(request, timeout=_SECONDS) as response:
                return self._read(response.read(_LARGEST), response.headers)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error, method, path) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", "") or error
            words = self._safe(f"{urlsplit(self._base).netloc} cannot be reached: {reason}")
            raise Throttled(words, code=Code.UNREACHABLE, hint="try again") from error

    def _read(self, body: bytes, headers: HTTPMessage) -> Answer:
        try:
            data = json.loads(body) if body else None
        except ValueError as error:
            words = f"{urlsplit(self._base).netloc} does not answer with JSON"
            raise InvalidRequest(words, code=Code.INVALID, hint="is this the address of its API?") from error
        return Answer(data, {name.lower(): value for name, value in headers.items()})

    def _refused(self, error: urllib.error.HTTPError, method: str, path: str) -> ProviderError:
        status, said = error.code, self._said(error)
        words = self._safe(f"{method} {path.partition('?')[0]}: {status} {said}")
        if status == 429 or status >= 500 or (status == 403 and _is_limit(error.headers, said)):
            return Throttled(words, code=Code.UNREACHABLE, hint="try again")
        if status in (401, 403):
            return AccessDenied(words, code=Code.REFUSED, hint=_MAY)
        if status == 404:
            return NotFound(words, code=Code.NOT_FOUND, hint="check repository and number, and what the token may see")
        return InvalidRequest(words, code=Code.INVALID)

    def _said(self, error: urllib.error.HTTPError) -> str:
        try:
            data = json.loads(error.read(65_536))
        except (ValueError, OSError):
            return str(error.reason)
        said = data.get("message") or data.get("error") if isinstance(data, dict) else None
        return said if isinstance(said, str) else str(error.reason)

    def _safe(self, words: str) -> str:
        return safe(words, self._token)


def safe(words: str, token: str) -> str:
    """What somebody else said, cut, and without the token in it."""
    return words.replace(token, "(token)")[:_WORDS]


_MAY = (
    "the token needs to write comments: in GitHub Actions `permissions: {pull-requests: write}`, which pull requests "
    "from forks never have; in GitLab a project access token with the scope api"
)


@contextmanager
def readable(who: str) -> Iterator[None]:
    """While inside, an answer of another form than documented is said to be that."""
    try:
        yield
    except (LookupError, TypeError, AttributeError) as error:
        raise InvalidRequest(f"{who}'s answer cannot be read", code=Code.INVALID) from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere: it is a failure, and said to be one."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


def _is_limit(headers: Message, said: str) -> bool:
    """Whether a 403 says "not now" (GitHub REST API, "Rate limits", 2026)."""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()
