"""Preview: the objects that a release adds, changes and removes, for the plan.

A chart is rendered as Helm would render it and held against what the release has stored. It is rendered twice: fields
that come out differently are generated (certificates, passwords), and never are a change. Only looks; without a cluster
it goes by the version of Kubernetes that there will be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from mlinfra.core.concealing import concealed_fields
from mlinfra.core.plan import Action, Cause, Field, Part
from mlinfra.core.value import Path, path_text
from mlinfra.documents.stream import UnreadableError
from mlinfra.providers.helm.crds import read_crds
from mlinfra.providers.helm.failures import unrendered
from mlinfra.providers.helm.helm import HelmError, Rendering, Wish
from mlinfra.providers.helm.manifest import Identity, Piece, read_manifest, read_templates
from mlinfra.providers.helm.ownership import contains
from mlinfra.providers.helm.releases import GOOD, Release
from mlinfra.providers.helm.unknown import is_stand_in, stood_in
from mlinfra.providers.helm.work import Work

_MOST = 12  # fields shown of one object
_SECRETS = ("data", "stringData")

Pieces = Mapping[Identity, Piece]


def parts_of(work: Work, release: Release | None) -> tuple[Part, ...]:
    """What the release as it is wanted carries with it, beside what it has now; hooks and definitions first."""
    rendered = _rendered(work, upgrade=release is not None)
    if isinstance(rendered, str):
        return (Part(action=Action.UPDATE if release else Action.CREATE, name=f"Release {work.id}", note=rendered),)
    pieces, generated, rendering = rendered
    moment = "upgrade" if release is not None else "install"
    wanted = {piece.identity: piece for piece in pieces if not piece.hook}
    stored = {piece.identity: piece for piece in _stored(release)}
    return (
        *_stand_in(work),
        *_namespace(work),
        *_definitions(work, rendering),
        *(_hook(piece, moment) for piece in pieces if _runs(piece, moment)),
        *_changes(stored, wanted, generated),
    )


def _rendered(work: Work, *, upgrade: bool) -> tuple[list[Piece], Mapping[Identity, set[Path]], Rendering] | str:
    """The objects, what of them is generated, and all that was rendered; or why that cannot be told yet."""
    values, unknown = stood_in(work.properties.get("values") or {})
    wish = work.wish(0, values=values, check=not unknown)
    try:
        first, second = (_render(work, wish, upgrade=upgrade) for _ in range(2))
        pieces = read_templates(first.templates, work.namespace)
        again = {piece.identity: piece for piece in read_templates(second.templates, work.namespace)}
    except (HelmError, UnreadableError) as error:
        if unknown:
            names = ", ".join(path_text(path) for path in unknown[:3])
            return f"its objects are known after the apply: they depend on {names}"
        raise unrendered(work.id, str(error)) from error
    generated = {
        piece.identity: set(_differing(piece.content, again[piece.identity].content, ()))
        for piece in pieces
        if piece.identity in again and piece.content != again[piece.identity].content
    }
    return pieces, generated, first


def _render(work: Work, wish: Wish, *, upgrade: bool) -> Rendering:
    return work.helm.render(wish, work.capabilities, upgrade=upgrade)


def _stored(release: Release | None) -> list[Piece]:
    """The objects of the last revision that was good: what Helm will compare with."""
    if release is None:
        return []
    last = release.last if release.last.status in GOOD else release.last_good or release.last
    try:
        return read_manifest(last.manifest, last.namespace)
    except UnreadableError:
        return []


def _stand_in(work: Work) -> Iterator[Part]:
    if work.chart.is_stand_in:
        note = "could not be fetched: what its module's contract promises stands in for it"
        yield Part(action=Action.NO_OP, name=f"Chart {work.chart.name} {work.chart.version}", note=note)


def _namespace(work: Work) -> Iterator[Part]:
    if work.flag("createNamespace") and work.cluster.get("v1", "Namespace", "", work.namespace) is None:
        yield Part(action=Action.CREATE, name=f"Namespace {work.namespace}", note="stays when the release goes")


def _definitions(work: Work, rendering: Rendering) -> Iterator[Part]:
    if work.flag("skipCrds"):
        return
    for item in read_crds(rendering.crds):
        name = item["metadata"]["name"]
        live = work.cluster.get(item["apiVersion"], item["kind"], "", name)
        if live is None:
            yield Part(action=Action.CREATE, name=f"{item['kind']} {name}", note="stays when the release goes")
        elif not contains(live.get("spec"), item.get("spec")):
            yield Part(action=Action.UPDATE, name=f"{item['kind']} {name}", note="stays when the release goes")


def _runs(piece: Piece, moment: str) -> bool:
    return any(event.strip() in (f"pre-{moment}", f"post-{moment}") for event in piece.hook.split(","))


def _hook(piece: Piece, moment: str) -> Part:
    events = ", ".join(event for event in map(str.strip, piece.hook.split(",")) if event.endswith(moment))
    return Part(action=Action.CREATE, name=piece.title, note=f"hook: {events}")


def _changes(stored: Pieces, wanted: Pieces, generated: Mapping[Identity, set[Path]]) -> Iterator[Part]:
    for identity, piece in sorted(wanted.items()):
        before = stored.get(identity)
        if before is None:
            made = "some of it is generated" if generated.get(identity) else ""
            yield Part(action=Action.CREATE, name=piece.title, note=made)
        elif fields := _fields(before, piece, generated.get(identity, set())):
            more = f"and {len(fields) - _MOST} more fields" if len(fields) > _MOST else ""
            yield Part(action=Action.UPDATE, name=piece.title, note=more, fields=fields[:_MOST])
    for identity, piece in sorted(stored.items()):
        if identity not in wanted:
            if piece.is_kept:
                yield Part(action=Action.FORGET, name=piece.title, note="stays: it says helm.sh/resource-policy: keep")
            else:
                yield Part(action=Action.DELETE, name=piece.title)


def _fields(before: Piece, after: Piece, generated: set[Path]) -> tuple[Field, ...]:
    return concealed_fields(tuple(_differences(before, after, generated)), after.content, before.content)


def _differences(before: Piece, after: Piece, generated: set[Path]) -> Iterator[Field]:
    for path in _differing(before.content, after.content, ()):
        if any(path[: len(part)] == part or part[: len(path)] == path for part in generated):
            continue
        old, new = _at(before.content, path), _at(after.content, path)
        cause = Cause.UNKNOWN if is_stand_in(new) else Cause.CHANGE
        secret = after.kind == "Secret" and path[0] in _SECRETS
        yield Field(
            path=path,
            before=UNSET if secret else old,
            after=UNSET if secret or cause is Cause.UNKNOWN else new,
            cause=cause,
            secret=secret,
        )


def _differing(one: Any, other: Any, path: Path) -> Iterator[Path]:
    """The paths of the smallest parts that differ; lists of another length differ as a whole."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}, key=str):
            if (one.get(key) if key in one else UNSET) != (other.get(key) if key in other else UNSET):
                yield from _differing(one.get(key, UNSET), other.get(key, UNSET), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                yield from _differing(left, right, (*path, index))
    elif one != other:
        yield path


def _at(content: Any, path: Path) -> Any:
    for part in path:
        try:
            content = content[part]
        except (LookupError, TypeError):
            return UNSET
    return content
