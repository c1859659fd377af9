"""Values that are not known yet: what stands in for them while a chart is rendered for a plan.

A chart takes plain data alone. Each expression is replaced by a text that is found again in what it rendered, so that
the plan can say of these places that they are known after the apply.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.value import Expression, Path, Value

STAND_IN = "known-after-apply"


def stood_in(values: Value) -> tuple[Any, tuple[Path, ...]]:
    """`values` as plain data, and the paths at which something stands in."""
    found: list[Path] = []
    return _plain(values, (), found), tuple(found)


def _plain(value: Value, path: Path, found: list[Path]) -> Any:
    if isinstance(value, Expression):
        found.append(path)
        return STAND_IN
    if isinstance(value, dict):
        plain = {}
        for key, item in value.items():
            if isinstance(key, Expression):
                found.append(path)
                key = STAND_IN
            plain[key] = _plain(item, (*path, key), found)
        return plain
    if isinstance(value, list | tuple):
        return [_plain(item, (*path, index), found) for index, item in enumerate(value)]
    return value


def is_stand_in(value: Any) -> bool:
    """Whether a rendered value holds something that is not known yet."""
    return isinstance(value, str) and STAND_IN in value
