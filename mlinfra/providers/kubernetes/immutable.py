"""What cannot be changed: the fields by which a change replaces the object.

From the validation of updates in kubernetes/kubernetes, pkg/apis/*/validation (`ValidateImmutableField` and what is
compared around it), and the API reference; read November 2026. Versions of a kind do not differ in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.core.value import Path, Properties

# By group and kind: paths whose change replaces. A name and a namespace are for ever in all of them.
FIXED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "PersistentVolume"): ("spec.csi", "spec.nfs", "spec.hostPath", "spec.local", "spec.awsElasticBlockStore",
                               "spec.volumeMode"),
    ("", "PersistentVolumeClaim"): ("spec",),
    ("", "Pod"): ("spec",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP", "spec.clusterIPs", "spec.loadBalancerClass"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("spec.group", "spec.scope", "spec.names.plural"),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "ReplicaSet"): ("spec.selector",),
    ("apps", "StatefulSet"): ("spec.selector", "spec.serviceName", "spec.podManagementPolicy",
                              "spec.volumeClaimTemplates"),
    ("batch", "Job"): ("spec.selector", "spec.template", "spec.completionMode", "spec.completions",
                       "spec.manualSelector", "spec.podFailurePolicy", "spec.backoffLimitPerIndex",
                       "spec.managedBy", "spec.successPolicy"),
    ("certificates.k8s.io", "CertificateSigningRequest"): ("spec",),
    ("discovery.k8s.io", "EndpointSlice"): ("addressType",),
    ("networking.k8s.io", "IngressClass"): ("spec.controller",),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("resource.k8s.io", "ResourceClaim"): ("spec",),
    ("resource.k8s.io", "ResourceClaimTemplate"): ("spec",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("storage.k8s.io", "CSIDriver"): ("spec.attachRequired", "spec.volumeLifecycleModes"),
    ("storage.k8s.io", "StorageClass"): ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    ("storage.k8s.io", "VolumeAttachment"): ("spec",),
    ("storage.k8s.io", "VolumeAttributesClass"): ("driverName", "parameters"),
}  # fmt: skip

# Below what is fixed: what may change all the same. The image of a bare pod may, too; it is replaced nevertheless.
FREE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "PersistentVolumeClaim"): ("spec.resources", "spec.volumeAttributesClassName"),
    ("", "Pod"): ("spec.activeDeadlineSeconds", "spec.tolerations"),
}

# Once an object says `immutable: true`, these cannot be changed any more, and that neither.
SEALED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "ConfigMap"): ("data", "binaryData", "immutable"),
    ("", "Secret"): ("data", "stringData", "immutable"),
}


def paths(table: Mapping[tuple[str, str], tuple[str, ...]], same: tuple[str, str]) -> tuple[Path, ...]:
    """What a table says of a kind."""
    return tuple(tuple(text.split(".")) for text in table.get(same, ()))


def is_sealed(observed: Properties) -> bool:
    """Whether an object has made itself immutable."""
    return observed.get("immutable") is True
