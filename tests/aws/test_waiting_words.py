"""How long something was waited for is told as whoever waited saw it."""

from __future__ import annotations

from mlinfra.core.clock import FastClock, SystemClock, waited_text


def test_a_cloud_whose_time_passes_faster_says_so() -> None:
    assert waited_text(SystemClock(), 602.4) == "602 s"
    assert waited_text(FastClock(SystemClock(), 20), 602.4) == "30 s (602 s of simulated time)"
