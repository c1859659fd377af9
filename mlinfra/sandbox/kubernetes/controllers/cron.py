"""Cron schedules: the five fields, names, steps, the @shortcuts, and when they come next. Called by `cron_jobs`. Pure.

Syntax: kubernetes.io, "CronJob", schedule syntax, 1.33. Raises ValueError for what is no schedule.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import msgspec

_SHORTCUTS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_HORIZON = timedelta(days=5 * 366)


class Schedule(msgspec.Struct, frozen=True):
    """The moments that a schedule means, as sets of numbers; `either` when one of the two kinds of days suffices."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def next(self, after: datetime, zone: tzinfo) -> datetime | None:
        """The first moment after another, in the zone's time; None where there is none within five years."""
        local = after.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None) + timedelta(minutes=1)
        end = local + _HORIZON
        while local < end:
            if local.month not in self.months or not self._is_day(local):
                local = local.replace(hour=0, minute=0) + timedelta(days=1)
            elif local.hour not in self.hours:
                local = local.replace(minute=0) + timedelta(hours=1)
            elif local.minute not in self.minutes:
                local += timedelta(minutes=1)
            else:
                return local.replace(tzinfo=zone).astimezone(after.tzinfo)
        return None

    def _is_day(self, moment: datetime) -> bool:
        day, weekday = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        return day or weekday if self.either else day and weekday


def parse(text: str) -> Schedule:
    """Read a schedule."""
    fields = _SHORTCUTS.get(text.strip(), text).split()
    if len(fields) != 5:
        raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    minutes, hours, days, months, weekdays = fields
    return Schedule(
        _field(minutes, 0, 59),
        _field(hours, 0, 23),
        _field(days, 1, 31),
        _field(months, 1, 12, _MONTHS, 1),
        frozenset(day % 7 for day in _field(weekdays, 0, 7, _DAYS, 0)),
        days not in ("*", "?") and weekdays not in ("*", "?"),
    )


def _field(text: str, low: int, high: int, names: list[str] | None = None, first: int = 0) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        start, end = _span(span, low, high, names or [], first, bool(step))
        if not low <= start <= end <= high or (step and not step.isdigit()) or step == "0":
            raise ValueError(f"{part!r} is not within {low}-{high}")
        found |= set(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _span(text: str, low: int, high: int, names: list[str], first: int, stepped: bool) -> tuple[int, int]:
    if text in ("*", "?"):
        return low, high
    start, dash, end = text.partition("-")
    begin = _number(start, names, first)
    if dash:
        return begin, _number(end, names, first)
    return begin, high if stepped else begin


def _number(text: str, names: list[str], first: int) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + first
    if not text.isdigit():
        raise ValueError(f"{text!r} is not a number")
    return int(text)
