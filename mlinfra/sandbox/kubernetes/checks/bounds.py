"""Enumerations and bounds of single fields, by definition: what the schemas of built-in kinds do not say. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field, unsupported_field
from mlinfra.sandbox.kubernetes.values import Object

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_ENUMS: dict[str, dict[str, tuple[str, ...]]] = {
    "core.v1.PodSpec": {
        "restartPolicy": ("Always", "OnFailure", "Never"),
        "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    },
    "core.v1.Container": {
        "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
        "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    },
    "core.v1.ContainerPort": {"protocol": _PROTOCOLS},
    "core.v1.HTTPGetAction": {"scheme": ("HTTP", "HTTPS")},
    "core.v1.ServicePort": {"protocol": _PROTOCOLS},
    "core.v1.ServiceSpec": {
        "type": ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
        "sessionAffinity": ("ClientIP", "None"),
        "externalTrafficPolicy": ("Cluster", "Local"),
        "internalTrafficPolicy": ("Cluster", "Local"),
    },
    "core.v1.PersistentVolumeClaimSpec": {"volumeMode": ("Block", "Filesystem")},
    "core.v1.PersistentVolumeSpec": {"persistentVolumeReclaimPolicy": ("Delete", "Recycle", "Retain")},
    "core.v1.Toleration": {"operator": ("Equal", "Exists"),
                           "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute")},
    "core.v1.Taint": {"effect": ("NoSchedule", "PreferNoSchedule", "NoExecute")},
    "core.v1.TopologySpreadConstraint": {"whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway")},
    "apps.v1.DeploymentStrategy": {"type": ("Recreate", "RollingUpdate")},
    "apps.v1.DaemonSetUpdateStrategy": {"type": ("RollingUpdate", "OnDelete")},
    "batch.v1.CronJobSpec": {"concurrencyPolicy": ("Allow", "Forbid", "Replace")},
    "batch.v1.JobSpec": {"completionMode": ("Indexed", "NonIndexed")},
    "networking.v1.HTTPIngressPath": {"pathType": ("Exact", "ImplementationSpecific", "Prefix")},
}  # fmt: skip
_COUNTS: dict[str, tuple[str, ...]] = {
    "core.v1.PodSpec": ("terminationGracePeriodSeconds",),
    "core.v1.ReplicationControllerSpec": ("replicas", "minReadySeconds"),
    "core.v1.Probe": ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
                      "failureThreshold"),
    "apps.v1.DeploymentSpec": ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"),
    "apps.v1.ReplicaSetSpec": ("replicas", "minReadySeconds"),
    "apps.v1.StatefulSetSpec": ("replicas", "minReadySeconds", "revisionHistoryLimit"),
    "apps.v1.DaemonSetSpec": ("minReadySeconds", "revisionHistoryLimit"),
    "batch.v1.JobSpec": ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
                         "ttlSecondsAfterFinished"),
    "batch.v1.CronJobSpec": ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"),
}  # fmt: skip
_PORTS: dict[str, tuple[str, ...]] = {
    "core.v1.ContainerPort": ("containerPort", "hostPort"),
    "core.v1.HTTPGetAction": ("port",),
    "core.v1.TCPSocketAction": ("port",),
    "core.v1.GRPCAction": ("port",),
    "core.v1.ServicePort": ("port", "targetPort"),
    "networking.v1.ServiceBackendPort": ("number",),
}
_ZERO_IS_NONE = ("hostPort", "number")


def check(value: Object, name: str, path: str) -> Iterator[FieldError]:
    """Give the fields of a part that are outside what its definition allows."""
    for key, allowed in _ENUMS.get(name, {}).items():
        if value.get(key) and value[key] not in allowed:
            yield unsupported_field(f"{path}.{key}", value[key], allowed)
    for key in _COUNTS.get(name, ()):
        if (value.get(key) or 0) < 0:
            yield invalid_field(f"{path}.{key}", value[key], "must be greater than or equal to 0")
    for key in _PORTS.get(name, ()):
        number = value.get(key)
        if isinstance(number, int) and not 1 <= number <= 65_535 and not (number == 0 and key in _ZERO_IS_NONE):
            yield invalid_field(f"{path}.{key}", number, "must be between 1 and 65535, inclusive")
