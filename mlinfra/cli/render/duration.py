"""Durations as people say them."""

from __future__ import annotations


def duration_text(seconds: float) -> str:
    """`0.4s`, `12s`, `3m05s`, `1h02m`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"
