"""Checks: rules that look at more than one resource, or deeper than a schema can. One file each.

A rule names one by its file's name with dashes (`check: flow-logs`); that it lies here is its registration. Each is a
function `check(scene, resources, given)` that yields a `Breach` for everything wrong, and is imported when first named.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mlinfra.policy.scene import Check


@cache
def names_of_checks() -> frozenset[str]:
    """What rules may name."""
    return frozenset(found.name.replace("_", "-") for found in iter_modules(__path__))


@cache
def check_named(name: str) -> Check:
    """The check of that name. Raises `LookupError` where there is none."""
    if name not in names_of_checks():
        raise LookupError(name)
    found: Check = import_module(f"{__name__}.{name.replace('-', '_')}").check
    return found
