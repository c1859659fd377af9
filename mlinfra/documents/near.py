"""Near names: what someone who misspelt a name may have meant.

Everyone who refuses a name calls it, so that all hints read alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

_LONGEST_LIST = 12
_MANY = 1_000
_SHORT = 4


def near(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` most resembles, case, dashes and underscores aside; `None` where none does."""
    spellings: dict[str, str] = {}
    for candidate in sorted(filter(str.isascii, candidates)):  # any other is refused where it stands
        spellings.setdefault(_folded(candidate), candidate)
    folded = _folded(name[:100])
    if folded in spellings:
        return spellings[folded]
    if len(spellings) > _MANY:  # comparing takes its time: only those that begin alike
        spellings = {key: value for key, value in spellings.items() if key[:3] == folded[:3]}
        spellings = dict(islice(spellings.items(), _MANY))
    found = difflib.get_close_matches(folded, spellings, n=1, cutoff=0.65)
    if found:
        return spellings[found[0]]
    within = [spelling for spelling in spellings if len(spelling) > 2 and folded and spelling in folded]
    return spellings[max(within, key=len)] if within else None


def slip(name: str, candidates: Iterable[str]) -> str:
    """The candidate of which `name` is a slip of the finger: a letter more, less, wrong or in its neighbour's place.

    Case, dashes and underscores aside. Empty where none is that near, or where that says little for its shortness.
    """
    folded = _folded(name[:100])
    for candidate in sorted(candidates):
        if len(candidate) > _SHORT and _is_slip(folded, _folded(candidate)):
            return candidate
    return ""


def _is_slip(one: str, other: str) -> bool:
    """Whether they are the same but for one letter, or for two that changed places."""
    start = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return abs(len(one) - len(other)) <= 1
    mine, theirs = one[start:], other[start:]
    swapped = mine[:2] == theirs[1::-1] and mine[2:] == theirs[2:]
    return swapped or mine[1:] in (theirs, theirs[1:]) or mine == theirs[1:]


def _folded(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def suggest(name: str, candidates: Iterable[str], *, otherwise: str = "") -> str:
    """A hint: the near name, or else the list of what there is, or else `otherwise`."""
    names = sorted(filter(str.isascii, candidates))
    if found := near(name, names):
        return f"did you mean {found}?"
    if not names:
        return otherwise
    more = f" and {len(names) - _LONGEST_LIST} more" if len(names) > _LONGEST_LIST else ""
    return f"there is {', '.join(names[:_LONGEST_LIST])}{more}"
