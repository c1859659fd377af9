"""OCI registries: a manifest by its tag, and in it the layer that is the chart.

Calls: OCI distribution specification 1.1; media types: helm.sh/docs/topics/registries; tokens: the "token
authentication" of the distribution project (all read 2026-11-24). A registry on this machine is spoken to without TLS,
as others do.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.providers.helm.chart import LARGEST
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.reference import Reference
from mlinfra.providers.helm.web import Answer, Credentials, fetch

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_LARGEST_MANIFEST = 4 * 1024 * 1024
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_WORD = re.compile(r'(\w+)="([^"]*)"')


def fetch_from_registry(reference: Reference, credentials: Credentials) -> bytes:
    """The archive of a chart. Raises `NotFound` (MLI5160) or `ProviderError` (MLI5162, MLI5161)."""
    parts = urlsplit(reference.chart)
    host, name = parts.netloc, parts.path.strip("/")
    if not host or not name:
        raise ProviderError(f"{reference.chart} names no chart", code=Code.BAD_REFERENCE, hint="oci://HOST/PATH/NAME")
    scheme = "http" if parts.hostname in _LOCAL else "https"
    source = _Source(f"{scheme}://{host}/v2/{name}", host, credentials)
    # A tag cannot hold a plus; Helm writes an underscore for it.
    manifest = source.manifest(reference.version.replace("+", "_"), reference)
    digest = _layer(manifest, reference)
    archive = source.get(f"blobs/{digest}", "*/*", LARGEST).body
    if hashlib.sha256(archive).hexdigest() != digest.removeprefix("sha256:"):
        text = f"{reference}: its registry answers with something else than its manifest says"
        raise ProviderError(text, code=Code.OTHER_DIGEST, hint="nothing is installed of it; ask who keeps the registry")
    return archive


class _Source:
    """One repository of a registry; asks for a token when it is told to."""

    def __init__(self, base: str, host: str, credentials: Credentials) -> None:
        self._base, self._credentials = base, credentials
        self._login = credentials.basic or _kept_login(host)
        self._authorization = ""

    def manifest(self, tag: str, reference: Reference) -> Any:
        """What a tag stands for."""
        try:
            answer = self.get(f"manifests/{tag}", _MANIFEST, _LARGEST_MANIFEST)
        except ProviderError as error:
            if "404" in str(error):
                hint = "`helm show chart` of the registry's address without a version says which one is the newest"
                raise NotFound(f"there is no {reference}", code=Code.NO_CHART, hint=hint) from error
            raise
        return _json(answer, reference)

    def get(self, path: str, accept: str, largest: int) -> Answer:
        """Something of the repository, with a token or a password where the registry wants one."""
        url = f"{self._base}/{path}"
        answer = fetch(url, self._credentials, largest, self._headers(accept), asked=not self._authorization)
        if answer.status != 401:
            return answer
        self._authorization = self._answered(answer.headers)
        return fetch(url, self._credentials, largest, self._headers(accept))

    def _headers(self, accept: str) -> dict[str, str]:
        return {"Accept": accept, **({"Authorization": self._authorization} if self._authorization else {})}

    def _answered(self, headers: Mapping[str, str]) -> str:
        """The Authorization that answers a registry's question."""
        asked = next((value for name, value in headers.items() if name.lower() == "www-authenticate"), "")
        kind, _, rest = asked.partition(" ")
        if kind.lower() != "bearer":
            return self._login or "Basic Og=="
        words = dict(_WORD.findall(rest))
        query = urlencode({name: words[name] for name in ("service", "scope") if name in words})
        realm = words.get("realm", "")
        login = {"Authorization": self._login} if self._login else {}
        found = _json(fetch(f"{realm}?{query}", self._credentials, _LARGEST_MANIFEST, login), realm)
        return f"Bearer {found.get('token') or found.get('access_token') or ''}"


def _layer(manifest: Any, reference: Reference) -> str:
    layers = manifest.get("layers")
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict) and layer.get("mediaType") == _CHART:
            digest = str(layer.get("digest"))
            if re.fullmatch("sha256:[0-9a-f]{64}", digest):
                return digest
    raise ProviderError(f"{reference} is no chart", code=Code.NO_REPOSITORY, hint="what has this tag is something else")


def _json(answer: Answer, what: object) -> Any:
    try:
        found = json.loads(answer.body)
    except ValueError as error:
        raise ProviderError(f"{what}: no registry answers there", code=Code.NO_REPOSITORY) from error
    return found if isinstance(found, dict) else {}


def _kept_login(host: str) -> str:
    """The password that `helm registry login` or `docker login` has kept for a registry, as a header."""
    environ = os.environ
    places = (
        environ.get("HELM_REGISTRY_CONFIG") or Path.home() / ".config/helm/registry/config.json",
        Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json",
    )
    for place in places:
        try:
            kept = json.loads(Path(place).read_text())["auths"][host]["auth"]
            base64.b64decode(kept, validate=True)
        except (OSError, ValueError, LookupError, TypeError):
            continue  # kept by other means, or not at all
        return f"Basic {kept}"
    return ""
