"""Checks of parts of built-in kinds by the name of their definition, as in `defaults`. Called by `validation`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlinfra.sandbox.kubernetes.checks import autoscalers, bounds, containers, jobs, probes, resources, services
from mlinfra.sandbox.kubernetes.errors import FieldError
from mlinfra.sandbox.kubernetes.values import Object

PartCheck = Callable[[Object, str], Iterator[FieldError]]
"""Looks at a part of an object that stands at a path."""

_CHECKS: dict[str, tuple[PartCheck, ...]] = {
    "core.v1.PodSpec": (containers.check_pod_spec,),
    "core.v1.Container": (containers.check_container,),
    "core.v1.ResourceRequirements": (resources.check,),
    "core.v1.Probe": (probes.check,),
    "core.v1.ServiceSpec": (services.check,),
    "batch.v1.JobSpec": (jobs.check_job,),
    "batch.v1.CronJobSpec": (jobs.check_cron_job,),
    "autoscaling.v1.HorizontalPodAutoscalerSpec": (autoscalers.check,),
    "autoscaling.v2.HorizontalPodAutoscalerSpec": (autoscalers.check,),
}


def check(value: Object, name: str, path: str) -> Iterator[FieldError]:
    """Give the faults of a part; `name` is its definition's, such as `core.v1.Container`."""
    yield from bounds.check(value, name, path)
    for one in _CHECKS.get(name, ()):
        yield from one(value, path)
