from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlinfra.documents.quantity import format_quantity, parse_quantity, parse_whole


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0"), ("1", "1"), ("500m", "0.5"), ("1.5", "1.5"), (".5", "0.5"), ("2.", "2"), ("-3k", "-3000"),
        ("8Gi", "8589934592"), ("1Ei", "1152921504606846976"), ("1E", "1000000000000000000"), ("1e3", "1000"),
        ("1E3", "1000"), ("12e-1", "1.2"), ("100n", "0.0000001"), ("1u", "0.000001"), ("0.1Ki", "102.4"),
    ],
)  # fmt: skip
def test_a_quantity_is_exact(text: str, amount: str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "Gi", "8GiB", "8 Gi", "8gi", "1e", "1e3k", "--1", "8Gi\n", "NaN", "1_0", "9" * 99]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        parse_quantity(text)


@pytest.mark.parametrize(("text", "unit", "count"), [("200Gi", "Gi", 200), ("1Ti", "Gi", 1024), ("2", "m", 2000)])
def test_a_size_in_whole_units(text: str, unit: str, count: int) -> None:
    assert parse_whole(text, unit) == count


def test_a_size_that_is_not_whole_is_refused_and_never_rounded() -> None:
    with pytest.raises(ValueError, match="not a whole number of Gi"):
        parse_whole("200G", "Gi")


@pytest.mark.parametrize(
    ("amount", "binary", "text"),
    [("0.5", False, "500m"), ("1500", False, "1500"), ("2000", False, "2k"), ("8589934592", True, "8Gi"),
     ("1000", True, "1000"), ("0", True, "0"), ("0.0000001", True, "100n")],
)  # fmt: skip
def test_the_canonical_text_has_the_largest_unit_and_no_fraction(amount: str, binary: bool, text: str) -> None:
    assert format_quantity(Decimal(amount), binary=binary) == text


def test_what_is_finer_than_any_unit_has_no_text() -> None:
    with pytest.raises(ValueError, match="finer"):
        format_quantity(Decimal("1e-10"))


@given(
    number=st.decimals(-(10**14), 10**14, places=9, allow_nan=False, allow_infinity=False),
    suffix=st.sampled_from(["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]),
    binary=st.booleans(),
)
def test_a_quantity_survives_its_canonical_text(number: Decimal, suffix: str, binary: bool) -> None:
    amount = parse_quantity(f"{number:f}{suffix}")
    text = format_quantity(amount, binary=binary)
    if len(text.rstrip("numkMGTPEi").lstrip("-")) <= 15:  # longer ones are exact, but no longer quantities
        assert parse_quantity(text) == amount
