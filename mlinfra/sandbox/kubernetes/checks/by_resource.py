"""Checks of whole objects by their versionless resource; and of what an update leaves alone. Called by `rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlinfra.sandbox.kubernetes.checks import claims, data, immutable, mounts, workloads
from mlinfra.sandbox.kubernetes.errors import FieldError
from mlinfra.sandbox.kubernetes.structural import check_definition
from mlinfra.sandbox.kubernetes.values import Object, at

Check = Callable[[Object, Object | None], Iterator[FieldError]]
"""Looks at an object, and at what it was before an update."""


def check(resource: str, new: Object, old: Object | None) -> list[FieldError]:
    """Give the faults that only this kind knows."""
    found = list(_CHECKS[resource](new, old)) if resource in _CHECKS else []
    if old is not None:
        found += immutable.check(resource, new, old)
    return found


def _pod(new: Object, _: Object | None) -> Iterator[FieldError]:
    return mounts.check(new.get("spec") or {}, "spec")


def _job(new: Object, _: Object | None) -> Iterator[FieldError]:
    return workloads.check_template(at(new, ("spec", "template")) or {}, "spec.template")


def _cron_job(new: Object, _: Object | None) -> Iterator[FieldError]:
    template = at(new, ("spec", "jobTemplate", "spec", "template")) or {}
    return workloads.check_template(template, "spec.jobTemplate.spec.template")


_CHECKS: dict[str, Check] = {
    "customresourcedefinitions.apiextensions.k8s.io": check_definition,
    "pods": _pod,
    "deployments.apps": workloads.check,
    "replicasets.apps": workloads.check,
    "statefulsets.apps": workloads.check,
    "daemonsets.apps": workloads.check,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "configmaps": data.check_config_map,
    "secrets": data.check_secret,
    "persistentvolumeclaims": claims.check,
}
