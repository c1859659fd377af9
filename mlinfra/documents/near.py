"""Near names: what someone who misspelt a name may have meant.

Everyone who refuses a name calls it, so that all hints read alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

_LONGEST_LIST = 12
_MANY = 1_000


def near(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` most resembles, case, dashes and underscores aside; `None` where none does."""
    spellings: dict[str, str] = {}
    for candidate in sorted(candidates):
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


def _folded(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def suggest(name: str, candidates: Iterable[str], *, otherwise: str = "") -> str:
    """A hint: the near name, or else the list of what there is, or else `otherwise`."""
    names = sorted(candidates)
    if found := near(name, names):
        return f"did you mean {found}?"
    if not names:
        return otherwise
    more = f" and {len(names) - _LONGEST_LIST} more" if len(names) > _LONGEST_LIST else ""
    return f"there is {', '.join(names[:_LONGEST_LIST])}{more}"
