"""Durations as the stack file writes them: `60s`, `30m`, `8h`, `14d`, `1h30m`.

The stack file's own sections, modules and the state's leases read them with it.
"""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}

PATTERN = r"^(?=[0-9])([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,9}s)?$"  # for schemas
LASTING = rf"^(?=.*[1-9]){PATTERN[1:]}"  # of what must last at all
_DURATION = re.compile(PATTERN)
_PART = re.compile(r"([0-9]+)([dhms])")


def parse_duration(text: str) -> timedelta:
    """The time that `text` spells, in whole seconds. Raises `ValueError`."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no duration: expected one such as 60s, 30m, 8h or 14d")
    return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(text)))


def format_duration(duration: timedelta) -> str:
    """The shortest text of a duration of whole seconds: `1d12h`. Raises `ValueError` for others."""
    seconds, rest = divmod(duration, timedelta(seconds=1))
    if rest or seconds < 0:
        raise ValueError(f"{duration} is not a whole number of seconds")
    text = ""
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
