"""The client: one API of Kubernetes over plain dicts, shared by threads.

The provider and drains call it. Reading is repeated while it is safe, changing only where certainly nothing was done.
It knows verbs and paths, and no kind of object. httpx is imported when the first call is made.
"""

from __future__ import annotations

import json
import random
import threading
import weakref
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import ProviderError
from mlinfra.providers.kubernetes import errors
from mlinfra.providers.kubernetes.answers import Form, anything, changed, is_about_what_is_absent, object_like
from mlinfra.providers.kubernetes.tls import context_of

if TYPE_CHECKING:
    import httpx

Object: TypeAlias = dict[str, Any]

APPLY = "application/apply-patch+yaml"
_JSON = "application/json"
# Kubernetes API concepts, "Fetching metadata only"; a server that cannot answers with the whole.
METADATA = f"{_JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{_JSON}"
_AGENT = "mlinfra"
_CONNECTIONS = 32
_TIMEOUT = 60.0  # seconds; the server itself gives up after as many
_CONNECT_TIMEOUT = 10.0
_ATTEMPTS = 5
_FIRST_WAIT = 0.25  # seconds, doubled each time, with jitter over its upper half
_LONGEST_WAIT = 8.0
_PAGE = 500
_PASSING = frozenset({429, 500, 502, 503, 504})  # of a question; it may be asked again
_NOT_DONE = frozenset({429})  # of a change, too: the server turned it away at its door


class Client:
    """One API. `calls` raise `ProviderError` or one of its kinds, that say what was being done."""

    def __init__(self, endpoint: ClusterEndpoint, clock: Clock) -> None:
        self.endpoint = endpoint
        self._clock = clock
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        self._token = ""
        self._dice = random.Random()

    def get(
        self, path: str, doing: str, form: Form, query: Mapping[str, str] | None = None, *, accept: str = _JSON
    ) -> Object:
        """What stands at a path; `form` knows it from what is no answer."""
        return self._send("GET", path, doing, form=form, query=query, accept=accept)[1]

    def pages(
        self, path: str, doing: str, form: Form, query: Mapping[str, str] | None = None, *, accept: str = _JSON
    ) -> Iterator[Object]:
        """Every item of a collection, page by page; `form` is that of a page."""
        given = {**(query or {}), "limit": str(_PAGE)}
        while True:
            page = self.get(path, doing, form, given, accept=accept)
            yield from page.get("items") or ()
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return
            given["continue"] = following

    def apply(
        self, path: str, body: Object, doing: str, query: Mapping[str, str], *, scrub: tuple[str, ...] = ()
    ) -> tuple[Object, bool]:
        """Apply a configuration; answers the object, and whether it was made just now."""
        form = object_like(body)
        status, answer = self._send("PATCH", path, doing, form=form, body=body, query=query, content=APPLY, scrub=scrub)
        return answer, status == 201

    def patch(self, path: str, body: Object, doing: str, query: Mapping[str, str] | None = None) -> Object:
        """Merge a patch into an object."""
        content = "application/merge-patch+json"
        return self._send("PATCH", path, doing, form=changed, body=body, query=query, content=content)[1]

    def delete(self, path: str, doing: str, options: Object | None = None) -> Object:
        """Delete what stands at a path."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **(options or {})}
        return self._send("DELETE", path, doing, form=anything, body=body)[1]

    def create(self, path: str, body: Object, doing: str) -> Object:
        """Make what is asked for: reviews, above all."""
        return self._send("POST", path, doing, form=object_like(body), body=body)[1]

    def _send(self, method: str, path: str, doing: str, **about: Any) -> tuple[int, Object]:
        """One call, repeated while that is safe."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._once(method, path, doing, **about)
            except _AgainError as again:
                if attempt == _ATTEMPTS - 1:
                    raise again.error from again.error.__cause__
                self._wait(attempt, again.after)
        raise AssertionError("unreachable")

    def _once(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        form: Form,
        body: Object | None = None,
        query: Mapping[str, str] | None = None,
        content: str = _JSON,
        accept: str = _JSON,
        scrub: tuple[str, ...] = (),
    ) -> tuple[int, Object]:
        import httpx

        reads = method == "GET"
        headers = {"Accept": accept, "User-Agent": _AGENT, **({"Content-Type": content} if body is not None else {})}
        data = json.dumps(body).encode() if body is not None else None
        try:
            answer = self._ask(method, path, headers, data, dict(query or {}))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            lost: ProviderError = errors.unreachable(error, doing, self.endpoint.server)
            raise lost if isinstance(error, httpx.ConnectTimeout) else _AgainError(lost) from error
        except httpx.HTTPError as error:
            lost = errors.unanswered(error, doing, changes=not reads)
            raise _AgainError(lost) if reads else lost from error
        if answer.is_success:
            found, wrong = _decoded(answer)
            if wrong := wrong or form(found):
                return self._lost(errors.garbled(wrong, doing, changes=not reads), reads)
            return answer.status_code, found
        if answer.status_code in (404, 410) and not is_about_what_is_absent(_status(answer), answer.text):
            wrong = f"somebody else's ({answer.status_code})"
            return self._lost(errors.garbled(wrong, doing, changes=not reads), reads)
        failed = errors.refused(answer.status_code, _status(answer), doing, changes=not reads, scrub=scrub)
        if answer.status_code in (_PASSING if reads else _NOT_DONE):
            raise _AgainError(failed, _retry_after(answer))
        raise failed

    @staticmethod
    def _lost(error: ProviderError, reads: bool) -> NoReturn:
        """Nobody knows what was answered: a question is asked again, a change is not made twice."""
        raise _AgainError(error) if reads else error

    def _ask(
        self, method: str, path: str, headers: dict[str, str], data: bytes | None, query: dict[str, str]
    ) -> httpx.Response:
        """One request; with a new token and once more where the one at hand was refused."""
        http = self._connected()
        for renewed in (False, True):
            token = self._bearer(renew=renewed)
            given = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
            extensions = {"sni_hostname": self.endpoint.server_name} if self.endpoint.server_name else {}
            answer = http.request(method, path, headers=given, content=data, params=query, extensions=extensions)
            if answer.status_code != 401 or self.endpoint.token is None:
                break
        return answer

    def _connected(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._http is None:
                self._http = httpx.Client(
                    base_url=self.endpoint.server,
                    verify=context_of(self.endpoint),
                    timeout=httpx.Timeout(_TIMEOUT, connect=_CONNECT_TIMEOUT),
                    limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
                    proxy=self.endpoint.proxy or None,
                )
                weakref.finalize(self, self._http.close)  # whoever forgets the client leaves no connection open
            return self._http

    def _bearer(self, *, renew: bool) -> str:
        """The token that the endpoint makes; it decides itself how long one is good for, unless it was refused."""
        if self.endpoint.token is None:
            return ""
        with self._lock:
            if renew or not self._token:
                self._token = self.endpoint.token()
            return self._token

    def _wait(self, attempt: int, after: float | None) -> None:
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt) * (0.5 + self._dice.random() / 2)
        self._clock.sleep(wait if after is None else after)

    def close(self) -> None:
        """Close every connection. May be called twice."""
        with self._lock:
            if self._http is not None:
                self._http.close()
                self._http = None


class _AgainError(Exception):
    """A failure after which the same may be asked again; `error` is what to raise when that does not help."""

    def __init__(self, error: ProviderError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.after = error, after


def _decoded(answer: httpx.Response) -> tuple[Object, str]:
    """The object that was answered; or else what is wrong with it."""
    try:
        found = answer.json()
    except ValueError:
        return {}, "no JSON" if answer.content else "nothing"
    return (found, "") if isinstance(found, dict) else ({}, "no JSON object")


def _status(answer: httpx.Response) -> Object:
    try:
        found = answer.json()
    except ValueError:
        return {"message": answer.text[:200].strip()}
    return found if isinstance(found, dict) else {}


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_WAIT) if text.isdigit() else None
