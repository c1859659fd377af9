"""The truth table of the diff: the document and the code, line by line the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import UNSET

from mlinfra.core.address import Address
from mlinfra.core.plan import Cause
from mlinfra.core.property import UNSET as FIXED
from mlinfra.core.property import block, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Ref, Value
from mlinfra.engine.diff import compare, leaf

DOCUMENT = Path(__file__).parents[2] / "docs" / "diff.md"
SYMBOLS: dict[str, Value] = {"x": "x", "y": "y", "z": "z", "d": "d", "-": UNSET, "?": Ref(Address("a.b"))}
DEFAULTS: dict[str, Value] = {"d": "d", "none": None, "fixed": FIXED}
VERDICTS: dict[str, Cause | None] = {
    "nothing": None,
    "change": Cause.CHANGE,
    "drift": Cause.DRIFT,
    "change and drift": Cause.BOTH,
    "known after apply": Cause.UNKNOWN,
}
Row = tuple[str, str, str, str, str, str]


def rows() -> list[Row]:
    found = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|", DOCUMENT.read_text(), re.MULTILINE)
    return [(a, b, c, d, e, f) for a, b, c, d, e, f in found]


def each(symbol: str, table: dict[str, Value]) -> list[Value]:
    """What a symbol stands for. Neither what was applied nor what is seen can be unknown."""
    known = [value for name, value in table.items() if name != "?"]
    return known if symbol == "any" else [table[symbol]]


def test_the_table_has_all_its_rows() -> None:
    assert [int(row[0]) for row in rows()] == list(range(1, 29))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"row-{row[0]}")
def test_the_code_says_what_the_row_says(row: Row) -> None:
    _, desired, last, observed, default, verdict = row
    for was in each(last, SYMBOLS):
        for seen in each(observed, SYMBOLS):
            for fallback in each(default, DEFAULTS):
                assert leaf(SYMBOLS[desired], was, seen, fallback) == VERDICTS[verdict], (was, seen, fallback)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"row-{row[0]}")
def test_a_whole_object_is_compared_by_the_same_rows(row: Row) -> None:
    _, desired, last, observed, default, verdict = row
    for was in each(last, SYMBOLS):
        for seen in each(observed, SYMBOLS):
            for fallback in each(default, DEFAULTS):
                kind = ResourceType(token="t", inputs=block({"p": text(default=fallback)}))
                difference = compare(kind, side(SYMBOLS[desired]), side(was), side(seen))
                assert [field.cause for field in difference.fields] == [c for c in [VERDICTS[verdict]] if c]


def test_what_cannot_be_unset_is_said() -> None:
    kind = ResourceType(token="t", inputs=block({"p": text()}))
    assert compare(kind, {}, {"p": "x"}, {"p": "x"}).kept == (("p",),)


def test_a_block_that_is_absent_once_it_is_taken_out_goes_as_a_whole() -> None:
    kind = ResourceType(token="t", inputs=block({"p": block({"q": text()}, default=None)}))
    difference = compare(kind, {}, {"p": {"q": "x"}}, {"p": {"q": "x"}})
    assert [(field.path, field.after) for field in difference.fields] == [(("p",), UNSET)]
    assert difference.kept == ()


def side(value: Value) -> dict[str, Value]:
    return {} if value is UNSET else {"p": value}
