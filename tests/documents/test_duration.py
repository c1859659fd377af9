from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlinfra.documents.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("30m", 1800), ("8h", 28800), ("14d", 1209600), ("1d12h30m5s", 131405), ("0s", 0), ("007m", 420)],
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "8", "h", "8 h", "-1h", "1.5h", "1m1h", "1w", "8H", "8h\n", "9" * 20 + "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@given(seconds=st.integers(0, 10**9))
def test_a_duration_survives_its_text(seconds: int) -> None:
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("duration", [timedelta(milliseconds=1), timedelta(seconds=-1)])
def test_only_whole_seconds_that_are_not_negative_have_a_text(duration: timedelta) -> None:
    with pytest.raises(ValueError, match="whole number of seconds"):
        format_duration(duration)
