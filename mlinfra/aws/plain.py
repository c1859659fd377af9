"""Plain data: what AWS answers, as JSON has it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def plain(value: Any) -> Any:
    """botocore's times as text, in UTC wherever the machine stands; everything else as it is."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
