"""What is the same for many objects, told once: a stack's own tag that changes, protection that comes or goes, one
finding at one line.

Every form of a plan for people goes through here; the JSON names each by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from mlinfra.cli.render.value import value_text
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action, Change, Field
from mlinfra.core.value import path_text

_FEW = 3  # so many alike, at one line, are told one by one
_MANY = 10  # and so many at lines of their own


class Alike(msgspec.Struct, frozen=True):
    """Updates of nothing but tags, the same of each object."""

    changes: tuple[Change, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """What changes of each."""
        return self.changes[0].fields

    @property
    def reason(self) -> str:
        """Why, where it is no field of the stack's."""
        return self.changes[0].reason

    @property
    def spread(self) -> str:
        """How many there are in each section: `network 31, cluster 6`."""
        counted = Counter(change.address.section for change in self.changes)
        ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        return ", ".join(f"{section} {number:,}" for section, number in ordered)


def parted(changes: Iterable[Change]) -> tuple[list[Change], list[Alike]]:
    """The changes to be told one by one, in their order, and those that are alike, the most frequent first."""
    changes = list(changes)
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        if _is_of_tags(change):
            groups.setdefault(_same(change), []).append(change)
    many = [Alike(tuple(members)) for members in groups.values() if len(members) > _FEW]
    told = {id(change) for group in many for change in group.changes}
    many.sort(key=lambda group: (-len(group.changes), group.changes[0].address))
    return [change for change in changes if id(change) not in told], many


def _is_of_tags(change: Change) -> bool:
    tags = all(field.path[0] == "tags" and not field.forces and not field.secret for field in change.fields)
    return change.action is Action.UPDATE and change.origin is None and not change.parts and tags


def _same(change: Change) -> tuple[str, ...]:
    fields = (
        part
        for field in change.fields
        for part in (path_text(field.path), value_text(field.before), value_text(field.after), field.cause.value)
    )
    return (change.reason, *fields)


def told_once(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings in their order; of many of one kind the first whole, the others in few words.

    None loses its address, its line or what it alone says.
    """
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    for found in diagnostics:
        groups.setdefault((found.severity, found.code, found.source, found.hint), []).append(found)
    at_lines = [told for members in groups.values() for told in _folded(members, _FEW, 1)]
    kinds: dict[tuple[object, ...], list[Diagnostic]] = {}
    for found in at_lines:
        kinds.setdefault((found.severity, found.code, _kind(found)), []).append(found)
    return [told for members in kinds.values() for told in _folded(members, _MANY, _MANY - 1)]


def _kind(found: Diagnostic) -> object:
    """What a finding says, whatever it is about; of what names no address, the finding itself."""
    return found.summary.replace(f"{found.address}: ", "") if found.address else id(found)


def _folded(members: list[Diagnostic], most: int, whole: int) -> list[Diagnostic]:
    """So many alike: where there are more than `most`, only the first `whole` by themselves."""
    if len(members) <= most or not all(one.address for one in members):
        return members
    rest, lined = members[whole:], whole > 1
    said: dict[str, list[Diagnostic]] = {}
    for one in rest:
        said.setdefault(_in_a_line(one.detail), []).append(one)
    if not lined and list(said) == [_in_a_line(members[0].detail)]:
        said = {"": rest}  # what they say stands right above
    detail = "\n".join(": ".join(filter(None, (_places(those, lined=lined), words))) for words, those in said.items())
    source = None if lined else rest[0].source
    summary = f"{len(rest):,} more such findings: {_kind(rest[0])}" if lined else f"the same of {len(rest):,} more"
    told = msgspec.structs.replace(rest[0], summary=summary, detail=detail, address=None, source=source, hint="")
    return [*members[:whole], told]


def _in_a_line(detail: str) -> str:
    return "; ".join(filter(None, map(str.strip, detail.splitlines())))


def _places(members: list[Diagnostic], *, lined: bool) -> str:
    """The address of each, with its line where that is not the same of all."""
    if not lined:
        return ", ".join(sorted({str(one.address) for one in members}))
    return ", ".join(f"{one.address} ({one.source})" if one.source else str(one.address) for one in members)
