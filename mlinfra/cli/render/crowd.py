"""Crowds: more deletions and replacements than can be told one by one, told by what causes them.

Each keeps its causing field, its address and its line for as long as there is room; what is alike is said once. Then
addresses that differ in their numbers alone stand together, and at last those that are left are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from mlinfra.cli.render.change_markdown import Teller, cause_lines, causes, whole
from mlinfra.cli.render.changes import forcing, sign, title
from mlinfra.cli.render.markdown import code, size, within
from mlinfra.core.plan import Action, Change
from mlinfra.core.value import path_text

_NUMBER = re.compile(r"\d+")
_FEW = 3  # addresses of one pattern that are still told one by one
_LEAST = 200  # bytes of members that a head must have below it
_ELSEWHERE = "; the plan as JSON or HTML names them all"


class Crowd(msgspec.Struct, frozen=True):
    """Changes of one kind that have one cause. `exact`: what it is of one, it is of each."""

    changes: tuple[Change, ...]
    exact: bool

    def head(self) -> list[str]:
        """What happens to how many of which type, and why."""
        first = self.changes[0]
        why = cause_lines(first)
        if not self.exact:
            why = [line.replace("  - ", "  - such as ", 1) if index == 0 else line for index, line in enumerate(why)]
        return [f"- {code(sign(first))} **{title(first)}** {len(self.changes):,} of {code(first.type)}", *why]


def fitted(changes: Sequence[Change], room: int) -> list[str]:
    """Every change in as many words as there is room for, a number of bytes."""
    for tell in (whole, causes):
        lines = within(room, (_told(crowd, _each, tell) for crowd in _gathered(changes)))
        if lines is not None:
            return lines
    for key, exact, members in _SHORTER:
        lines = within(room, (_told(crowd, members) for crowd in _crowds(changes, key, exact=exact)))
        if lines is not None:
            return lines
    return _cut(_crowds(changes, _by_field, exact=False), room)


def _gathered(changes: Iterable[Change]) -> Iterator[Crowd]:
    """Each by itself, but for those of which there is nothing to say than what they follow from."""
    for crowd in _crowds(changes, _by_reason, exact=True):
        if len(crowd.changes) > _FEW:
            yield crowd
        else:
            yield from (Crowd((change,), exact=True) for change in crowd.changes)


def _by_reason(change: Change) -> object:
    plain = change.loses or (change.action is Action.REPLACE and not change.fields)
    return _by_cause(change) if plain and not change.parts else id(change)


def _crowds(changes: Iterable[Change], key: Callable[[Change], object], *, exact: bool) -> list[Crowd]:
    """The changes by `key`, in the order of the first of each."""
    groups: dict[object, list[Change]] = {}
    for change in changes:
        groups.setdefault(key(change), []).append(change)
    return [Crowd(tuple(members), exact or _is_one(map(_by_cause, members))) for members in groups.values()]


def _is_one(keys: Iterable[object]) -> bool:
    return len(set(keys)) == 1


def _by_cause(change: Change) -> object:
    return sign(change), title(change), change.type, tuple(cause_lines(change))


def _by_field(change: Change) -> object:
    paths = tuple(path_text(field.path) for field in forcing(change))
    return sign(change), title(change), change.type, paths or _NUMBER.sub("*", change.reason)


def _told(crowd: Crowd, members: Callable[[Sequence[Change]], list[str]], tell: Teller = causes) -> list[str]:
    return tell(crowd.changes[0]) if len(crowd.changes) == 1 else [*crowd.head(), *members(crowd.changes)]


def _each(changes: Sequence[Change]) -> list[str]:
    """Every address with its line."""
    place, marks = _places(changes)
    named = (f"{code(change.address)}{mark}" for change, mark in zip(changes, marks, strict=True))
    return [f"  - {place}{', '.join(named)}"]


def _places(changes: Sequence[Change]) -> tuple[str, list[str]]:
    """Where the stack causes them: what is the same of all, to be said before, and what is left to say of each."""
    sources = [change.source for change in changes]
    if all(source is None for source in sources):
        return "", [""] * len(changes)
    if _is_one(map(str, sources)):
        return f"all at {code(str(sources[0]))}: ", [""] * len(changes)
    if _is_one(source.file if source else None for source in sources) and all(s and s.line for s in sources):
        file = next(source.file for source in sources if source)
        return f"at their lines of {code(file)}: ", [f":{source.line}" for source in sources if source]
    return "", [f" at {code(str(source))}" if source else "" for source in sources]


def _by_number(changes: Sequence[Change]) -> list[str]:
    """Addresses that differ in their numbers alone as one, with each one's numbers and line."""
    return _by_pattern(changes, _numbers)


def _by_range(changes: Sequence[Change]) -> list[str]:
    """The same from the first to the last."""
    return _by_pattern(changes, _range)


def _by_pattern(changes: Sequence[Change], tell: Callable[[str, Sequence[Change]], str]) -> list[str]:
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(_NUMBER.sub("*", change.address), []).append(change)
    alike = {pattern: members for pattern, members in groups.items() if "*" in pattern and len(members) > _FEW}
    others = [change for pattern, members in groups.items() if pattern not in alike for change in members]
    return [*(tell(pattern, members) for pattern, members in alike.items()), *(_each(others) if others else [])]


def _numbers(pattern: str, changes: Sequence[Change]) -> str:
    place, marks = _places(changes)
    named = (f"{_number_of(change)}{mark}" for change, mark in zip(changes, marks, strict=True))
    return f"  - {code(pattern)}, {len(changes):,} of them, {place}{', '.join(named)}"


def _range(pattern: str, changes: Sequence[Change]) -> str:
    place, marks = _places(changes)
    ordered = sorted(changes, key=lambda change: (list(map(int, _NUMBER.findall(change.address))), change.address))
    first, last = _number_of(ordered[0]), _number_of(ordered[-1])
    lines = sorted({change.source.line for change in changes if change.source}) if marks[0].startswith(":") else []
    where = f", {place}{lines[0]} to {lines[-1]}" if lines else f", {place.removesuffix(': ')}" if place else ""
    return f"  - {code(pattern)}, {len(changes):,} of them, from {first} to {last}{where}"


def _number_of(change: Change) -> str:
    return "/".join(_NUMBER.findall(change.address))


def _cut(crowds: Sequence[Crowd], room: int) -> list[str]:
    """The head of every crowd, and as many of its members as there is room for; the larger the crowd, the more."""
    heads = [crowd.head() for crowd in crowds]
    reserve, rest = sum(size(head) + _LEAST for head in heads), sum(len(crowd.changes) for crowd in crowds)
    lines: list[str] = []
    left = room - 100
    for crowd, head in zip(crowds, heads, strict=True):
        if size(head) + _LEAST > left:
            return [*lines, f"- and {rest:,} more{_ELSEWHERE}"]
        reserve -= size(head) + _LEAST
        share = (left - size(head) - reserve) * len(crowd.changes) // rest
        told = [*head, *_some(crowd, min(max(_LEAST, share), left - size(head)))]
        lines += told
        left, rest = left - size(told), rest - len(crowd.changes)
    return lines


def _some(crowd: Crowd, room: int) -> list[str]:
    """As many of its members as there is room for."""
    low, high = 0, len(crowd.changes)
    while low < high:  # how many can be told
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(_each(crowd.changes[:middle])) + 100 <= room else (low, middle - 1)
    more = len(crowd.changes) - low
    lines = _each(crowd.changes[:low]) if low else []
    return [*lines, *([f"  - and {more:,} more{_ELSEWHERE}"] if more else [])]


_SHORTER = (
    (_by_cause, True, _each),
    (_by_field, False, _each),
    (_by_field, False, _by_number),
    (_by_field, False, _by_range),
)
