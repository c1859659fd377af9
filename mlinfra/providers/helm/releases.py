"""Releases as Helm stores them: one Secret for each revision, read straight from the cluster.

One listing shows every release of a stack in all namespaces; Helm is not asked. The form (base64 of gzip of JSON, in a
Secret of type helm.sh/release.v1 with the labels owner, name, version and status) is Helm's storage driver's:
helm.sh/helm pkg/storage/driver, the same in versions 3 and 4. Only looks.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mlinfra.providers.helm.cluster import Cluster, Object

TYPE = "helm.sh/release.v1"
DEPLOYED = "deployed"
FAILED = "failed"
GOOD = frozenset({DEPLOYED, "superseded"})
_LARGEST = 64 * 1024 * 1024  # of one release, unpacked; a Secret holds 1 MiB


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of a release.

    status: Helm's word: deployed, superseded, failed, pending-install, pending-upgrade, pending-rollback, uninstalling,
    uninstalled. begun: when Helm last set about it, as RFC 3339 has it. broken: why it cannot be read further, where it
    cannot; then only the labels are known.
    """

    name: str
    namespace: str
    number: int
    status: str
    labels: Mapping[str, str]
    secret: str
    chart: str = ""
    version: str = ""
    app_version: str = ""
    values: Mapping[str, Any] = {}
    manifest: str = ""
    hooks: tuple[Mapping[str, Any], ...] = ()
    description: str = ""
    begun: str = ""
    broken: str = ""

    @property
    def id(self) -> str:
        """What the release is called among all."""
        return f"{self.namespace}/{self.name}"


class Release(msgspec.Struct, frozen=True):
    """A release: its revisions, oldest first."""

    revisions: tuple[Revision, ...]

    @property
    def last(self) -> Revision:
        """The newest revision, whatever became of it."""
        return self.revisions[-1]

    @property
    def last_good(self) -> Revision | None:
        """The newest revision that was once deployed."""
        return next((one for one in reversed(self.revisions) if one.status in GOOD), None)


def list_releases(cluster: Cluster, selector: str) -> tuple[Release, ...]:
    """The releases that the selector takes, by namespace and name."""
    return _gathered(cluster.list("v1", "Secret", labels=selector))


def read_release(cluster: Cluster, namespace: str, name: str) -> Release | None:
    """One release, whoever made it."""
    found = _gathered(cluster.list("v1", "Secret", labels=f"owner=helm,name={name}", namespace=namespace))
    return found[0] if found else None


def _gathered(secrets: Iterable[Object]) -> tuple[Release, ...]:
    by_id: dict[str, list[Object]] = {}
    for secret in secrets:
        if secret.get("type") == TYPE:
            metadata = secret["metadata"]
            key = f"{metadata.get('namespace')}/{(metadata.get('labels') or {}).get('name')}"
            by_id.setdefault(key, []).append(secret)
    return tuple(_release(by_id[key]) for key in sorted(by_id))


def _release(secrets: list[Object]) -> Release:
    ordered = sorted(secrets, key=_number)
    # Those that count are unpacked: a history of ten charts is a megabyte.
    newest = ordered[-1]
    good = next((one for one in reversed(ordered) if _labels(one).get("status") in GOOD), newest)
    return Release(tuple(_revision(one, whole=one is newest or one is good) for one in ordered))


def _labels(secret: Object) -> Mapping[str, str]:
    return secret["metadata"].get("labels") or {}


def _number(secret: Object) -> int:
    text = _labels(secret).get("version", "")
    return int(text) if text.isdigit() else 0


def _revision(secret: Object, *, whole: bool) -> Revision:
    labels = _labels(secret)
    known = Revision(
        name=labels.get("name", ""),
        namespace=secret["metadata"].get("namespace", ""),
        number=_number(secret),
        status=labels.get("status", ""),
        labels=labels,
        secret=secret["metadata"]["name"],
    )
    if not whole:
        return known
    try:
        return _filled(known, unpack((secret.get("data") or {})["release"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return msgspec.structs.replace(known, broken=f"its record in the cluster cannot be read: {error}")


def _filled(known: Revision, stored: Mapping[str, Any]) -> Revision:
    about = (stored.get("chart") or {}).get("metadata") or {}
    info = stored.get("info") or {}
    return msgspec.structs.replace(
        known,
        status=info.get("status") or known.status,
        chart=about.get("name", ""),
        version=about.get("version", ""),
        app_version=about.get("appVersion", ""),
        values=stored.get("config") or {},
        manifest=stored.get("manifest") or "",
        hooks=tuple(stored.get("hooks") or ()),
        description=info.get("description", ""),
        begun=str(info.get("last_deployed") or ""),
    )


def unpack(data: str) -> Any:
    """The JSON that a release Secret's `release` holds. Raises `ValueError` where it does not."""
    try:
        packed = base64.b64decode(base64.b64decode(data, validate=True), validate=True)
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(packed, _LARGEST) if packed[:2] == b"\x1f\x8b" else packed
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from error
    return json.loads(text)
