"""Chart repositories: an index.yaml, and archives beside it (helm.sh/docs/topics/chart_repository, read 2026-11-24)."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urljoin

import msgspec

from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.documents.near import near
from mlinfra.documents.stream import UnreadableError, read_stream
from mlinfra.providers.helm.chart import LARGEST
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.reference import OCI, Reference
from mlinfra.providers.helm.registry import fetch_from_registry
from mlinfra.providers.helm.web import Credentials, fetch

_LARGEST_INDEX = 64 * 1024 * 1024  # bytes; the largest public ones have some 20 MiB
_SHOWN = 5
_ASK = "nothing is installed of it; ask who keeps the repository"


def fetch_from_repository(reference: Reference, credentials: Credentials) -> bytes:
    """The archive of a chart. Raises `NotFound` (MLI5160) or `ProviderError` (MLI5162, MLI5161)."""
    base = reference.repository.rstrip("/") + "/"
    entry = _entry(reference, _index(base, credentials))
    urls = entry.get("urls")
    if not isinstance(urls, list) or not urls or not isinstance(urls[0], str):
        raise _no_repository(base, f"its index says of {reference.chart} {reference.version} no address")
    url = urljoin(base, urls[0])
    if url.startswith(OCI):
        path, _, version = url.rpartition(":")
        return fetch_from_registry(msgspec.structs.replace(reference, chart=path, version=version), credentials)
    # A password is for the repository alone: its index may name anybody's server.
    same = url.startswith(base)
    headers = {"Authorization": credentials.basic} if credentials.basic and same else {}
    archive = fetch(url, credentials, LARGEST, headers).body
    promised = entry.get("digest")
    found = hashlib.sha256(archive).hexdigest()
    if isinstance(promised, str) and promised and promised.removeprefix("sha256:").lower() != found:
        text = f"{url} is not what the index of its repository promises: its digest is sha256:{found}"
        raise ProviderError(text, code=Code.OTHER_DIGEST, hint=_ASK)
    return archive


def _index(base: str, credentials: Credentials) -> dict[str, Any]:
    url = urljoin(base, "index.yaml")
    headers = {"Authorization": credentials.basic} if credentials.basic else {}
    answer = fetch(url, credentials, _LARGEST_INDEX, headers)
    try:
        documents = read_stream(answer.body.decode())
    except (UnreadableError, UnicodeDecodeError) as error:
        raise _no_repository(url, f"it is no index: {error}") from error
    entries = documents[0].get("entries") if documents and isinstance(documents[0], dict) else None
    if not isinstance(entries, dict):
        raise _no_repository(url, "it is no index of charts")
    return entries


def _entry(reference: Reference, entries: dict[str, Any]) -> dict[str, Any]:
    versions = entries.get(reference.chart)
    if not isinstance(versions, list):
        meant = near(reference.chart, filter(_is_text, entries))
        hint = f"did you mean {meant}?" if meant else "`helm search repo` lists what it has"
        raise NotFound(f"{reference.repository} has no chart {reference.chart}", code=Code.NO_CHART, hint=hint)
    known = [entry for entry in versions if isinstance(entry, dict) and isinstance(entry.get("version"), str)]
    # Helm takes 1.2.3 for v1.2.3 as well.
    for wanted in (reference.version, f"v{reference.version}", reference.version.removeprefix("v")):
        for entry in known:
            if entry["version"] == wanted:
                return entry
    newest = ", ".join(entry["version"] for entry in known[:_SHOWN])
    text = f"{reference.repository} has no {reference.chart} {reference.version}"
    raise NotFound(text, code=Code.NO_CHART, hint=f"among its versions are {newest}" if newest else "it has none")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _no_repository(url: str, why: str) -> ProviderError:
    return ProviderError(f"{url}: {why}", code=Code.NO_REPOSITORY, hint="is this the address of a chart repository?")
