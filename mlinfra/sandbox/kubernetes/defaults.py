"""Defaults: those that a custom kind's schema declares, and those that the API server gives built-in kinds.

The published schemas of built-in kinds carry no defaults that matter (the server sets them in code), so the table below
states them by definition; source: kubernetes/kubernetes, pkg/apis/{core,apps,batch}/v1/defaults.go (read November
2026), for other groups the kubernetes.io API reference. What a Pod gets and a template does not is in `strategies`.
Called by `rules`. Alters the object in place.
"""

from __future__ import annotations

from collections.abc import Callable

from mlinfra.sandbox.kubernetes.schema import Schema
from mlinfra.sandbox.kubernetes.values import Json, Object, clone

_STATIC: dict[str, Object] = {
    "core.v1.PodSpec": {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {},
    },
    "core.v1.Container": {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "resources": {},
    },
    "core.v1.EphemeralContainer": {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "core.v1.Probe": {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
    "core.v1.HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "core.v1.GRPCAction": {"service": ""},
    "core.v1.ContainerPort": {"protocol": "TCP"},
    "core.v1.ObjectFieldSelector": {"apiVersion": "v1"},
    "core.v1.SecretVolumeSource": {"defaultMode": 420},
    "core.v1.ConfigMapVolumeSource": {"defaultMode": 420},
    "core.v1.DownwardAPIVolumeSource": {"defaultMode": 420},
    "core.v1.ProjectedVolumeSource": {"defaultMode": 420},
    "core.v1.ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "core.v1.HostPathVolumeSource": {"type": ""},
    "core.v1.ServicePort": {"protocol": "TCP"},
    "core.v1.EndpointPort": {"protocol": "TCP"},
    "core.v1.PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    "core.v1.PersistentVolumeSpec": {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"},
    "core.v1.ReplicationControllerSpec": {"replicas": 1},
    "apps.v1.DeploymentSpec": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    "apps.v1.ReplicaSetSpec": {"replicas": 1},
    "apps.v1.StatefulSetSpec": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "podManagementPolicy": "OrderedReady",
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
    "apps.v1.DaemonSetSpec": {"revisionHistoryLimit": 10},
    "batch.v1.CronJobSpec": {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
    "autoscaling.v1.HorizontalPodAutoscalerSpec": {"minReplicas": 1},
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {"minReplicas": 1},
    "storage.v1.StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "storage.v1.CSIDriverSpec": {
        "attachRequired": True,
        "podInfoOnMount": False,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "volumeLifecycleModes": ["Persistent"],
        "storageCapacity": False,
        "requiresRepublish": False,
        "seLinuxMount": False,
    },
    "scheduling.v1.PriorityClass": {"preemptionPolicy": "PreemptLowerPriority"},
    "discovery.v1.EndpointPort": {"name": "", "protocol": "TCP"},
    "networking.v1.NetworkPolicyPort": {"protocol": "TCP"},
    "rbac.v1.RoleRef": {"apiGroup": "rbac.authorization.k8s.io"},
    "admissionregistration.v1.MutatingWebhook": {
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "reinvocationPolicy": "Never",
        "timeoutSeconds": 10,
    },
    "admissionregistration.v1.ValidatingWebhook": {
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "timeoutSeconds": 10,
    },
    "admissionregistration.v1.RuleWithOperations": {"scope": "*"},
    "admissionregistration.v1.ServiceReference": {"port": 443},
    "apiextensions.v1.CustomResourceDefinitionSpec": {"conversion": {"strategy": "None"}},
}


def fill(value: Json, schema: Schema | None) -> None:
    """Set what was left out and has a default, all the way down."""
    if schema is None:
        return
    if isinstance(value, dict):
        if schema.custom:
            for key, child in schema.defaulted:
                if key not in value or (value[key] is None and not child.nullable):
                    value[key] = clone(child.raw["default"])
        else:
            _fill_builtin(value, schema.short_name)
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                fill(item, schema.field(key))
    elif isinstance(value, list):
        for item in value:
            fill(item, schema.items)


def _fill_builtin(value: Object, name: str) -> None:
    for key, default in _STATIC.get(name, {}).items():
        if value.get(key) is None:
            value[key] = clone(default)
    if name in _COMPUTED:
        _COMPUTED[name](value)


def _container(value: Object) -> None:
    image = value.get("image", "")
    _, _, tag = image.rpartition("/")[2].partition(":")
    if not value.get("imagePullPolicy"):
        latest = "@" not in image and tag in ("", "latest")
        value["imagePullPolicy"] = "Always" if latest else "IfNotPresent"


def _volume(value: Object) -> None:
    if value.keys() <= {"name"}:
        value["emptyDir"] = {}


def _deployment(value: Object) -> None:
    strategy = value.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")


def _stateful_set(value: Object) -> None:
    strategy = value.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)
    for claim in value.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("status", {"phase": "Pending"})


def _daemon_set(value: Object) -> None:
    strategy = value.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)


def _job(value: Object) -> None:
    if value.get("completions") is None and value.get("parallelism") is None:
        value["completions"] = 1
    value.setdefault("parallelism", 1)
    value.setdefault("backoffLimit", 6)
    value.setdefault("completionMode", "NonIndexed")
    value.setdefault("suspend", False)
    value.setdefault("manualSelector", False)
    value.setdefault("podReplacementPolicy", "Failed" if value.get("podFailurePolicy") else "TerminatingOrFailed")


def _node_status(value: Object) -> None:
    if "capacity" in value:
        value.setdefault("allocatable", clone(value["capacity"]))


def _service(value: Object) -> None:
    kind = value.setdefault("type", "ClusterIP")
    if value.setdefault("sessionAffinity", "None") == "ClientIP":
        client = value.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        client.setdefault("timeoutSeconds", 10_800)
    if kind != "ExternalName":
        value.setdefault("internalTrafficPolicy", "Cluster")
    if kind in ("NodePort", "LoadBalancer"):
        value.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        value.setdefault("allocateLoadBalancerNodePorts", True)


def _service_port(value: Object) -> None:
    if value.get("targetPort") in (None, "", 0) and "port" in value:
        value["targetPort"] = value["port"]


def _binding_subject(value: Object) -> None:
    if value.get("kind") in ("User", "Group"):
        value.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _crd_names(value: Object) -> None:
    value.setdefault("singular", value.get("kind", "").lower())
    value.setdefault("listKind", f"{value.get('kind', '')}List")


_COMPUTED: dict[str, Callable[[Object], None]] = {
    "core.v1.Container": _container,
    "apps.v1.DeploymentSpec": _deployment,
    "apps.v1.StatefulSetSpec": _stateful_set,
    "apps.v1.DaemonSetSpec": _daemon_set,
    "batch.v1.JobSpec": _job,
    "core.v1.Volume": _volume,
    "core.v1.NodeStatus": _node_status,
    "core.v1.ServiceSpec": _service,
    "core.v1.ServicePort": _service_port,
    "rbac.v1.Subject": _binding_subject,
    "apiextensions.v1.CustomResourceDefinitionNames": _crd_names,
}
