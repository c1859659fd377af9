"""Drift: what has become of the objects of releases, held against the manifests that Helm stored.

Never against a fresh rendering: charts make certificates and passwords anew each time. All objects of a kind are listed
at once, for all releases of a stack. Only looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import msgspec

from mlinfra.core.value import path_text
from mlinfra.documents.stream import UnreadableError
from mlinfra.providers.helm.cluster import Cluster, Object
from mlinfra.providers.helm.manifest import Piece, read_manifest
from mlinfra.providers.helm.ownership import RELEASE_NAME, Holdings, Taken
from mlinfra.providers.helm.releases import Release, Revision

_LABEL = "app.kubernetes.io/managed-by=Helm"  # Helm puts it on everything that it makes, since version 3.2
_READERS = 8
_MOST = 20  # sentences for one release

Kind: TypeAlias = tuple[str, str]
Found: TypeAlias = Mapping[Kind, Mapping[tuple[str, str], Object]]


class Astray(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a release that is not as it was made.

    gone: it is not there. lost: it does not say any more that it is of this release. fields: what others took.
    """

    piece: Piece
    gone: bool = False
    lost: bool = False
    fields: tuple[Taken, ...] = ()


def drift_of(cluster: Cluster, releases: Iterable[Release]) -> dict[str, tuple[Astray, ...]]:
    """What others did to the objects of each release, by the id of the release."""
    wanted = {release.last.id: (release.last, _pieces(release.last)) for release in releases}
    kinds = {(piece.api_version, piece.kind) for _, pieces in wanted.values() for piece in pieces}
    found = _listed(cluster, sorted(kinds))
    return {name: tuple(_astray(cluster, last, pieces, found)) for name, (last, pieces) in wanted.items()}


def sentences(astray: Iterable[Astray]) -> list[str]:
    """The same in words, a sentence each, in order and not too many."""
    found = sorted(sentence for one in astray for sentence in _sentences(one))
    return found if len(found) <= _MOST else [*found[:_MOST], f"and {len(found) - _MOST} more"]


def _pieces(last: Revision) -> list[Piece]:
    try:
        return [piece for piece in read_manifest(last.manifest, last.namespace) if not piece.hook and piece.name]
    except UnreadableError:
        return []  # it was stored as it was rendered; nothing can be said of it


def _listed(cluster: Cluster, kinds: list[Kind]) -> Found:
    def read(kind: Kind) -> dict[tuple[str, str], Object]:
        return {_place(item): item for item in cluster.list(*kind, labels=_LABEL)}

    with ThreadPoolExecutor(_READERS, thread_name_prefix="helm-list") as pool:
        return dict(zip(kinds, pool.map(read, kinds), strict=True))


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _astray(cluster: Cluster, last: Revision, pieces: list[Piece], found: Found) -> Iterator[Astray]:
    for piece in pieces:
        same = found[(piece.api_version, piece.kind)]
        live = same.get((piece.namespace, piece.name)) or same.get(("", piece.name))
        # It may have lost the label by which it was looked for.
        live = live or cluster.get(piece.api_version, piece.kind, piece.namespace, piece.name)
        if (one := _compared(last, piece, live)) is not None:
            yield one


def _compared(last: Revision, piece: Piece, live: Object | None) -> Astray | None:
    if live is None:
        return Astray(piece=piece, gone=True)
    holdings = Holdings(live)
    written = (live["metadata"].get("annotations") or {}).get(RELEASE_NAME)
    if not holdings.are_known or written != last.name:
        return Astray(piece=piece, lost=True)
    fields = tuple(holdings.taken(_comparable(piece.content), live))
    return Astray(piece=piece, fields=fields) if fields else None


def _sentences(astray: Astray) -> Iterator[str]:
    title = astray.piece.title
    if astray.gone:
        yield f"{title} is not there"
    if astray.lost:
        yield f"{title} does not say any more that it is of this release"
    for field in astray.fields:
        yield f"{title}: {_said(field, secret=astray.piece.kind == 'Secret')}"


def _comparable(content: Object) -> Object:
    """What a manifest says that an API server keeps: a Secret's plain texts become data, a status is nobody's wish."""
    return {key: value for key, value in content.items() if key not in ("apiVersion", "kind", "status", "stringData")}


def _said(field: Taken, *, secret: bool) -> str:
    by = f" ({field.by})" if field.by else ""
    path = path_text(field.path)
    if secret:
        return f"{path} is not as it was made{by}"
    there = "not there" if field.there is None else _short(field.there)
    return f"{path} is {there}, not {_short(field.wanted)}{by}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
