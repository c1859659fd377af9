"""The web, as far as charts come from it: one file at a time, from whoever the stack names, and nobody believed.

Only http and https; bounded in size; a redirect never leads from https to http, and takes no password elsewhere.
Proxies are those of the environment.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from http.client import HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from mlinfra.core.errors import AccessDenied, ProviderError
from mlinfra.providers.helm.codes import Code

PATIENCE = 30.0  # seconds without a byte
_AGENT = "mlinfra"


class Credentials(msgspec.Struct, frozen=True):
    """What opens a source of charts: a name and a password, files of certificates by their paths, and patience."""

    username: str = ""
    password: str = ""
    authority: str = ""
    certificate: str = ""
    key: str = ""
    patience: float = PATIENCE

    @property
    def basic(self) -> str:
        """The header that says the password; empty where there is none."""
        if not self.username and not self.password:
            return ""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class Answer(msgspec.Struct, frozen=True):
    """What a server said. `url`: where it was found in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def fetch(
    url: str, credentials: Credentials, largest: int, headers: Mapping[str, str] | None = None, *, asked: bool = False
) -> Answer:
    """What stands at a URL. Raises `ProviderError` (MLI5162) where nothing of use does.

    `asked`: a refusal for want of a password is answered, not raised.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise _refused(url, "only http and https are fetched")
    request = urllib.request.Request(url, headers={"User-Agent": _AGENT, **(headers or {})})
    try:
        with _opener(credentials).open(request, timeout=credentials.patience) as answer:
            body = answer.read(largest + 1)
            if len(body) > largest:
                raise _refused(url, f"it is larger than {largest} bytes")
            return Answer(answer.status, dict(answer.headers.items()), body, answer.url)
    except urllib.error.HTTPError as error:
        with error:
            if asked and error.code == http.HTTPStatus.UNAUTHORIZED:
                return Answer(error.code, dict(error.headers.items()), b"", url)
            raise _unsuccessful(url, error.code) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise _refused(url, str(reason)) from error


def _opener(credentials: Credentials) -> urllib.request.OpenerDirector:
    """Built by hand: urllib's own opener also reads files and FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=_context(credentials)),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _context(credentials: Credentials) -> ssl.SSLContext:
    if not credentials.authority and not credentials.certificate:
        return _everyones()
    context = ssl.create_default_context(cafile=credentials.authority or None)
    if credentials.certificate:
        context.load_cert_chain(credentials.certificate, credentials.key or None)
    return context


@cache  # reading all the authorities that a machine trusts takes 20 ms, and a stack may have forty charts
def _everyones() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Followed, but neither into the open nor with a password to somebody else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        if there.scheme not in ("http", "https") or (here.scheme, there.scheme) == ("https", "http"):
            fp.close()
            raise _refused(req.full_url, f"it leads to {there.scheme}://{there.netloc}")
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and here.netloc != there.netloc:
            following.remove_header("Authorization")
        return following


def _unsuccessful(url: str, status: int) -> ProviderError:
    said = http.client.responses.get(status, "")
    if status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
        hint = "give repositoryOpts.username and password (a reference to a secret); for registries, log in"
        return AccessDenied(f"{_shown(url)}: {status} {said}", code=Code.NO_REPOSITORY, hint=hint)
    return _refused(url, f"{status} {said}")


def _refused(url: str, why: Any) -> ProviderError:
    hint = "see that it is right and can be reached; `mlinfra charts pull` fetches charts for places without a network"
    return ProviderError(f"{_shown(url)}: {why}", code=Code.NO_REPOSITORY, hint=hint)


def _shown(url: str) -> str:
    """A URL without what may be a password in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
