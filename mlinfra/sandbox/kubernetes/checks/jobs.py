"""Jobs and CronJobs: pods that end, and schedules that can be read. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from mlinfra.sandbox.kubernetes.controllers import cron
from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field, missing_field, unsupported_field
from mlinfra.sandbox.kubernetes.values import Object, at

_ENDING = ("OnFailure", "Never")


def check_job(spec: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with a Job, or the template of one."""
    policy = at(spec, ("template", "spec", "restartPolicy"))
    where = f"{path}.template.spec.restartPolicy"
    if policy in ("Always", None, ""):
        yield missing_field(where, 'valid values: "OnFailure", "Never"')
    elif policy not in _ENDING:
        yield unsupported_field(where, policy, _ENDING)
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        yield missing_field(f"{path}.completions", "when completion mode is Indexed")


def check_cron_job(spec: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with a CronJob."""
    schedule = spec.get("schedule", "")
    if not schedule:
        if "schedule" in spec:
            yield missing_field(f"{path}.schedule")
        return
    if "TZ=" in schedule:
        why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield invalid_field(f"{path}.schedule", schedule, why)
        return
    try:
        cron.parse(schedule)
    except ValueError as error:
        yield invalid_field(f"{path}.schedule", schedule, str(error))
    zone = spec.get("timeZone")
    if zone is not None and not _is_zone(zone):
        yield invalid_field(f"{path}.timeZone", zone, f"unknown time zone {zone}")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # absent, malformed, or a folder of zones
        return False
    return True
