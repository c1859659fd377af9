"""Limits: what Kubernetes refuses of well-typed values: names, labels, ports, choices, and fields that must agree.

`validation` asks here for every field of a built-in kind. The schemas that the API publishes say none of it. From the
API reference (v1.33) and kubernetes.io, "Object Names and IDs", "Labels and Selectors", "Annotations", "Service",
"Configure Liveness, Readiness and Startup Probes", "Jobs" (read November 2026). What is not known yet is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any

from mlinfra.core.value import Path, block_of, is_known, items_of
from mlinfra.documents.quantity import parse_quantity

Check = Callable[[Any], Iterator[str]]  # of a known value, in words that follow its path
Agreement = Callable[[Mapping[str, Any]], Iterator[tuple[Path, str]]]

_QUALIFIED = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_ENV = re.compile(r"[^=\x00-\x1f\x7f-\uffff]+")
_DATA_KEY = re.compile(r"(?!\.\.)[-._a-zA-Z0-9]{1,253}")
_CRON = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)|[^\s@]+(\s+[^\s@]+){4}")
_LONGEST_PREFIX = 253
_MOST_ANNOTATIONS = 256 * 1024


def _one_of(*names: str) -> Check:
    def check(value: Any) -> Iterator[str]:
        if isinstance(value, str) and value not in names:
            near = get_close_matches(value, names, 1)
            yield f"is {value!r}, expected {', '.join(names)}" + (f": did you mean {near[0]}?" if near else "")

    return check


def _between(least: int, most: int) -> Check:
    def check(value: Any) -> Iterator[str]:
        if isinstance(value, int) and not isinstance(value, bool) and not least <= value <= most:
            yield (
                f"is {value}, expected {least} to {most}"
                if most < _ENDLESS
                else f"is {value}, expected {least} at least"
            )

    return check


_ENDLESS = 2**31 - 1


def _of_form(form: re.Pattern[str], words: str) -> Check:
    def check(value: Any) -> Iterator[str]:
        if isinstance(value, str) and not form.fullmatch(value):
            yield f"is {value!r}, expected {words}"

    return check


def _labels(value: Any) -> Iterator[str]:
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if isinstance(key, str):
            yield from _key(key)
            if isinstance(item, str) and not _LABEL_VALUE.fullmatch(item):
                yield f"has {key}: {item!r}, which is no value of a label: at most 63 letters, digits, '-', '_', '.'"


def _annotations(value: Any) -> Iterator[str]:
    for key in value if isinstance(value, Mapping) else ():
        if isinstance(key, str):
            yield from _key(key.lower() if "/" not in key else key)
    if isinstance(value, Mapping) and is_known(dict(value)):
        size = sum(len(str(key).encode()) + len(str(item).encode()) for key, item in value.items())
        if size > _MOST_ANNOTATIONS:
            yield f"are {size} bytes, more than the {_MOST_ANNOTATIONS} that an object may have"


def _key(key: str) -> Iterator[str]:
    if not _QUALIFIED.fullmatch(key) or len(key.rpartition("/")[0]) > _LONGEST_PREFIX:
        yield f"has the key {key!r}, expected at most 63 letters, digits, '-', '_' and '.', after a prefix/ or none"


def _data(value: Any) -> Iterator[str]:
    for key in value if isinstance(value, Mapping) else ():
        if isinstance(key, str) and not _DATA_KEY.fullmatch(key):
            yield f"has the key {key!r}, expected letters, digits, '-', '_' and '.'"


def _port_or_name(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not value.isdecimal():
        yield from _of_form(_PORT_NAME, "a port's name: at most 15 small letters, digits and dashes")(value)
    else:
        yield from _between(1, 65535)(int(value) if isinstance(value, str) else value)


def _quantities(value: Any) -> Iterator[str]:
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if str(item).startswith("-"):
            yield f"has {key}: {item}, which is less than nothing"


_PORT = _between(1, 65535)
_NONE_OR_MORE, _ONE_OR_MORE = _between(0, _ENDLESS), _between(1, _ENDLESS)
_NAME = _of_form(_LABEL, "small letters, digits and dashes, at most 63")
_PROTOCOL = _one_of("TCP", "UDP", "SCTP")
_EFFECT = _one_of("NoSchedule", "PreferNoSchedule", "NoExecute")
_RESTARTS = _one_of("Always", "OnFailure", "Never")
_WORKLOAD: Mapping[str, Check] = {
    "replicas": _NONE_OR_MORE,
    "minReadySeconds": _NONE_OR_MORE,
    "revisionHistoryLimit": _NONE_OR_MORE,
}
_CONTAINER: Mapping[str, Check] = {
    "name": _NAME,
    "imagePullPolicy": _one_of("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": _one_of("File", "FallbackToLogsOnError"),
}

# By definition, then by field.
LIMITS: Mapping[str, Mapping[str, Check]] = {
    "meta.v1.ObjectMeta": {"labels": _labels, "annotations": _annotations},
    "meta.v1.LabelSelector": {"matchLabels": _labels},
    "meta.v1.LabelSelectorRequirement": {"operator": _one_of("In", "NotIn", "Exists", "DoesNotExist")},
    "core.v1.ConfigMap": {"data": _data, "binaryData": _data},
    "core.v1.Secret": {"data": _data, "stringData": _data},
    "core.v1.Container": _CONTAINER,
    "core.v1.EphemeralContainer": _CONTAINER,
    "core.v1.ContainerPort": {
        "containerPort": _PORT,
        "hostPort": _PORT,
        "protocol": _PROTOCOL,
        "name": _of_form(_PORT_NAME, "a port's name: at most 15 small letters, digits and dashes"),
    },
    "core.v1.EnvVar": {"name": _of_form(_ENV, "a name without '='")},
    "core.v1.ResourceRequirements": {"limits": _quantities, "requests": _quantities},
    "core.v1.VolumeResourceRequirements": {"limits": _quantities, "requests": _quantities},
    "core.v1.Probe": {
        "initialDelaySeconds": _NONE_OR_MORE,
        "periodSeconds": _ONE_OR_MORE,
        "timeoutSeconds": _ONE_OR_MORE,
        "successThreshold": _ONE_OR_MORE,
        "failureThreshold": _ONE_OR_MORE,
    },
    "core.v1.HTTPGetAction": {"port": _port_or_name, "scheme": _one_of("HTTP", "HTTPS")},
    "core.v1.TCPSocketAction": {"port": _port_or_name},
    "core.v1.GRPCAction": {"port": _PORT},
    "core.v1.PodSpec": {
        "restartPolicy": _RESTARTS,
        "dnsPolicy": _one_of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
        "preemptionPolicy": _one_of("PreemptLowerPriority", "Never"),
        "nodeSelector": _labels,
        "terminationGracePeriodSeconds": _NONE_OR_MORE,
        "activeDeadlineSeconds": _ONE_OR_MORE,
    },
    "core.v1.Volume": {"name": _NAME},
    "core.v1.VolumeMount": {"mountPropagation": _one_of("None", "HostToContainer", "Bidirectional")},
    "core.v1.Toleration": {
        "effect": _one_of("", "NoSchedule", "PreferNoSchedule", "NoExecute"),
        "operator": _one_of("", "Exists", "Equal", "Lt", "Gt"),
    },
    "core.v1.Taint": {"effect": _EFFECT},
    "core.v1.NodeSelectorRequirement": {"operator": _one_of("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")},
    "core.v1.TopologySpreadConstraint": {
        "maxSkew": _ONE_OR_MORE,
        "whenUnsatisfiable": _one_of("DoNotSchedule", "ScheduleAnyway"),
    },
    "core.v1.ServiceSpec": {
        "type": _one_of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
        "selector": _labels,
        "sessionAffinity": _one_of("None", "ClientIP"),
        "externalTrafficPolicy": _one_of("Cluster", "Local"),
        "internalTrafficPolicy": _one_of("Cluster", "Local"),
        "ipFamilyPolicy": _one_of("SingleStack", "PreferDualStack", "RequireDualStack"),
    },
    "core.v1.ServicePort": {
        "name": _NAME,
        "port": _PORT,
        "nodePort": _between(0, 65535),
        "targetPort": _port_or_name,
        "protocol": _PROTOCOL,
    },
    "core.v1.PersistentVolumeClaimSpec": {"volumeMode": _one_of("Filesystem", "Block")},
    "networking.v1.NetworkPolicyPort": {"protocol": _PROTOCOL, "port": _port_or_name, "endPort": _PORT},
    "networking.v1.HTTPIngressPath": {"pathType": _one_of("Exact", "Prefix", "ImplementationSpecific")},
    "networking.v1.ServiceBackendPort": {"number": _PORT},
    "apps.v1.DeploymentSpec": {**_WORKLOAD, "progressDeadlineSeconds": _NONE_OR_MORE},
    "apps.v1.StatefulSetSpec": {**_WORKLOAD, "podManagementPolicy": _one_of("OrderedReady", "Parallel")},
    "apps.v1.DaemonSetSpec": {"minReadySeconds": _NONE_OR_MORE, "revisionHistoryLimit": _NONE_OR_MORE},
    "apps.v1.ReplicaSetSpec": {"replicas": _NONE_OR_MORE, "minReadySeconds": _NONE_OR_MORE},
    "apps.v1.DeploymentStrategy": {"type": _one_of("Recreate", "RollingUpdate")},
    "apps.v1.StatefulSetUpdateStrategy": {"type": _one_of("OnDelete", "RollingUpdate")},
    "apps.v1.DaemonSetUpdateStrategy": {"type": _one_of("OnDelete", "RollingUpdate")},
    "batch.v1.CronJobSpec": {
        "schedule": _of_form(_CRON, "five fields such as 0 3 * * *, or @daily"),
        "concurrencyPolicy": _one_of("Allow", "Forbid", "Replace"),
        "startingDeadlineSeconds": _NONE_OR_MORE,
        "failedJobsHistoryLimit": _NONE_OR_MORE,
        "successfulJobsHistoryLimit": _NONE_OR_MORE,
    },
    "batch.v1.JobSpec": {
        "completionMode": _one_of("NonIndexed", "Indexed"),
        "podReplacementPolicy": _one_of("TerminatingOrFailed", "Failed"),
        "parallelism": _NONE_OR_MORE,
        "completions": _NONE_OR_MORE,
        "backoffLimit": _NONE_OR_MORE,
        "activeDeadlineSeconds": _NONE_OR_MORE,
        "ttlSecondsAfterFinished": _NONE_OR_MORE,
    },
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {"minReplicas": _NONE_OR_MORE, "maxReplicas": _ONE_OR_MORE},
    "autoscaling.v2.MetricSpec": {
        "type": _one_of("Resource", "ContainerResource", "Pods", "Object", "External"),
    },
    "policy.v1.PodDisruptionBudgetSpec": {"unhealthyPodEvictionPolicy": _one_of("IfHealthyBudget", "AlwaysAllow")},
    "storage.v1.StorageClass": {
        "reclaimPolicy": _one_of("Delete", "Retain"),
        "volumeBindingMode": _one_of("Immediate", "WaitForFirstConsumer"),
    },
    "rbac.v1.Subject": {"kind": _one_of("User", "Group", "ServiceAccount")},
    "rbac.v1.RoleRef": {"kind": _one_of("Role", "ClusterRole")},
}


# Fields that must agree


def _selects(block: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """A workload finds its own pods: its selector's labels are among those of its template."""
    wanted = _within(block, "selector", "matchLabels")
    labels = _within(block, "template", "metadata", "labels")
    if not is_known(dict(wanted)) or not is_known(block.get("template")) or not is_known(block.get("selector")):
        return
    for key, value in wanted.items():
        if labels.get(key) != value:
            yield ("selector", "matchLabels", str(key)), f"is {value!r}, and the template's pods do not bear that label"


def _pod(block: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Containers have names of their own, and mount volumes that there are."""
    volumes = [block_of(one).get("name") for one in items_of(block.get("volumes"))]
    whole = is_known(block.get("volumes"))
    seen: set[object] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(map(block_of, items_of(block.get(field)))):
            name = container.get("name")
            if isinstance(name, str) and name in seen:
                yield (field, index, "name"), f"is {name!r}, and another container of the pod is called so"
            seen.add(name)
            for at, mount in enumerate(map(block_of, items_of(container.get("volumeMounts")))):
                mounted = mount.get("name")
                if whole and isinstance(mounted, str) and mounted not in volumes:
                    yield (field, index, "volumeMounts", at, "name"), f"is {mounted!r}, and the pod has no such volume"


def _container(block: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Nobody asks for more than they may have."""
    asked, most = _within(block, "resources", "requests"), _within(block, "resources", "limits")
    for key, value in asked.items():
        limit = most.get(key)
        if not isinstance(value, str | int | float) or not isinstance(limit, str | int | float):
            continue
        try:
            over = parse_quantity(str(value)) > parse_quantity(str(limit))
        except ValueError:
            continue
        if over:
            yield ("resources", "requests", str(key)), f"is {value}, more than its limit of {limit}"


def _sizes(least: str, most: str, block: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    low, high = block.get(least), block.get(most)
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield (least,), f"is {low}, more than {most}, which is {high}"


def _job(block: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    policy = _within(block, "template", "spec").get("restartPolicy", "Always")
    if isinstance(policy, str) and policy not in ("OnFailure", "Never") and is_known(block.get("template")):
        yield (
            ("template", "spec", "restartPolicy"),
            "must be OnFailure or Never in a job, and is Always unless it is said",
        )


def _service(block: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Of several ports each has a name."""
    ports = [block_of(one) for one in items_of(block.get("ports"))]
    for index, port in enumerate(ports if len(ports) > 1 else ()):
        if "name" not in port:
            yield ("ports", index, "name"), "is missing: a service of several ports names each"


AGREEMENTS: Mapping[str, Agreement] = {
    "apps.v1.DeploymentSpec": _selects,
    "apps.v1.StatefulSetSpec": _selects,
    "apps.v1.DaemonSetSpec": _selects,
    "apps.v1.ReplicaSetSpec": _selects,
    "batch.v1.JobSpec": _job,
    "core.v1.PodSpec": _pod,
    "core.v1.Container": _container,
    "core.v1.ServiceSpec": _service,
    "autoscaling.v2.HorizontalPodAutoscalerSpec": partial(_sizes, "minReplicas", "maxReplicas"),
}


def _within(value: object, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = block_of(value).get(name)
    return block_of(value)
