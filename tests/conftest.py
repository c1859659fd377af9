"""Of all tests: nothing in them is timed, and random examples are the same every time. The long forms vary by seed."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")
