"""Restored: what an apply puts back of a release's objects, shown in the plan like the fields of any other object.

`preview` tells what the chart changes, `drift` what others did; here the two become one list of parts. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import UNSET

from mlinfra.core.concealing import concealed_fields
from mlinfra.core.plan import Action, Cause, Field, Part
from mlinfra.core.value import Path
from mlinfra.providers.helm.drift import Astray
from mlinfra.providers.helm.ownership import Taken

_EXPLAINED: Path = ("manifest",)  # the property of a release that says, in short, what these parts say in full


def restored(parts: Iterable[Part], astray: Iterable[Astray]) -> tuple[Part, ...]:
    """The parts of a release's change, and with them what is put back. What goes anyway is not put back first."""
    told = list(parts)
    changed = {part.name: index for index, part in enumerate(told) if part.action is Action.UPDATE and part.fields}
    going = {part.name for part in told if part.action in (Action.DELETE, Action.FORGET)}
    for one in astray:
        title = one.piece.title
        if title in changed:
            part = told[changed[title]]
            fields = tuple(_merged(part.fields, list(_fields(one))))
            told[changed[title]] = msgspec.structs.replace(part, fields=fields, explains=_EXPLAINED)
        elif title not in going:
            told.append(_part(one))
    return tuple(told)


def hindered(id: str, sentences: Iterable[object]) -> tuple[Part, ...]:
    """What stands in the way of a release itself, which no object of it shows: an update that failed, a foreign one."""
    note = "; ".join(map(str, sentences))
    return (Part(action=Action.UPDATE, name=f"Release {id}", note=note, explains=_EXPLAINED),) if note else ()


def _part(one: Astray) -> Part:
    action, note = Action.UPDATE, ""
    if one.gone:
        action, note = Action.CREATE, "was deleted outside"
    elif one.lost:
        note = "did not say any more that it is of this release"
    return Part(action=action, name=one.piece.title, note=note, fields=_fields(one), explains=_EXPLAINED)


def _fields(one: Astray) -> tuple[Field, ...]:
    fields = (_field(taken, secret=one.piece.kind == "Secret") for taken in one.fields)
    return concealed_fields(tuple(fields), one.piece.content, {})


def _field(taken: Taken, *, secret: bool) -> Field:
    there = UNSET if taken.there is None else taken.there
    return Field(
        path=taken.path,
        before=UNSET if secret else there,
        after=UNSET if secret else taken.wanted,
        cause=Cause.DRIFT,
        secret=secret,
        by=taken.by,
    )


def _merged(changes: Iterable[Field], drift: list[Field]) -> Iterator[Field]:
    """What the stack changes, with what is really there before; and what others changed besides."""
    by_path: Mapping[Path, Field] = {field.path: field for field in drift}
    seen = list(changes)
    for field in seen:
        other = by_path.get(field.path)
        known = field.cause is Cause.CHANGE
        if other is None:
            yield field
        else:
            cause = Cause.BOTH if known else field.cause
            yield msgspec.structs.replace(field, before=other.before, cause=cause, by=other.by)
    for field in drift:
        if not any(field.path[: len(one.path)] == one.path for one in seen):
            yield field
