"""Addresses are a promise: whoever changes one adds it to the module's `MOVED`.

GOLDEN=write writes what there is now; read the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.library.samples import LIBRARY
from tests.modules.cases import CASES, graph

_FOLDER = Path(__file__).parent / "golden"


def _addresses(module: str) -> str:
    lines, place = [], str(LIBRARY.modules[module].place)
    for case, sections in CASES[module].items():
        lines.append(f"# {case}")
        mine = (one for one in graph(sections) if one.address.is_within(place))
        lines += sorted(f"{one.address} {one.type}" for one in mine)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("module", CASES)
def test_the_addresses_of_a_module_are_those_promised(module: str) -> None:
    path = _FOLDER / f"{module}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(_addresses(module), encoding="utf-8")
    assert _addresses(module) == path.read_text(encoding="utf-8")


def test_every_module_that_can_be_planned_has_its_addresses_promised() -> None:
    assert {name for name, module in LIBRARY.modules.items() if module.built} == set(CASES)
