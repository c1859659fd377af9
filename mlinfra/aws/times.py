"""Times: the form in which nearly all AWS services write them, read without trying every other.

`clients` hands it to botocore, whose own reader takes a hundred times as long and gives the machine's time zone to
some. What is in no such form is left to that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment(value: Any) -> datetime:
    """A time of AWS: seconds since 1970 or ISO 8601 text, in UTC where it is a number. Raises `ValueError`."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    from botocore.utils import parse_timestamp

    found: datetime = parse_timestamp(value)
    return found
