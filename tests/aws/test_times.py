from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.utils import parse_timestamp

from mlinfra.aws.times import moment

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    ["2026-11-25T12:00:00Z", "2026-11-25T12:00:00.000Z", "2026-11-25T13:00:00+01:00", NOON.timestamp(), 1795608000,
     "1795608000", "1795608000.0", "Wed, 25 Nov 2026 12:00:00 GMT", "20261125T120000Z"],
)  # fmt: skip
def test_a_time_is_read_as_the_sdk_reads_it(written: Any) -> None:
    assert moment(written) == parse_timestamp(written) == NOON


@pytest.mark.parametrize("written", ["THE DAY AFTER", "yesterday"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        moment(written)
