"""Judges, one small file each: `find(seen)` yields a finding for all that is wrong of one kind.

That a file lies here is its registration. A judge tells what it sees, not what matters: which findings are root causes
`health.judgement` says, from what each gives as its `because`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

from mlinfra.core.health import Finding
from mlinfra.health.seen import Seen

Judge = Callable[[Seen], Iterator[Finding]]


def every_judge() -> tuple[Judge, ...]:
    """All of them, by name."""
    return tuple(import_module(f"{__name__}.{found.name}").find for found in iter_modules(__path__))
