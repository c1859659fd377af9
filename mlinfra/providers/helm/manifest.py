"""Manifests: the objects that a chart renders to, or that a release has stored, each by what identifies it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from mlinfra.documents.stream import read_stream
from mlinfra.providers.helm.cluster import Object

HOOK = "helm.sh/hook"
KEEP = "helm.sh/resource-policy"

Identity: TypeAlias = tuple[str, str, str, str]  # group, kind, namespace, name


class Piece(msgspec.Struct, frozen=True):
    """One object. namespace: its own, or that of the release; kinds without a namespace are told apart by the cluster.

    hook: the moments at which Helm makes it (`pre-install,pre-upgrade`), empty for an object of the release.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    content: Object
    hook: str = ""

    @property
    def identity(self) -> Identity:
        """What it is told apart by: not its version, since one object can be written in several."""
        group = self.api_version.rpartition("/")[0]
        return group, self.kind, self.namespace, self.name

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def is_kept(self) -> bool:
        """Whether it stays when its release does not want it any more."""
        return str(_annotations(self.content).get(KEEP, "")).lower() == "keep"


def read_manifest(text: str, namespace: str) -> list[Piece]:
    """The objects in a text. Raises `UnreadableError`."""
    return [piece for document in read_stream(text) for piece in _pieces(document, namespace)]


def read_templates(templates: Mapping[str, str], namespace: str) -> list[Piece]:
    """The objects that templates rendered to, by the paths of the templates. Raises `UnreadableError`."""
    return [piece for _, text in sorted(templates.items()) for piece in read_manifest(text, namespace)]


def _pieces(document: Any, namespace: str) -> Iterable[Piece]:
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        return
    if document["kind"] == "List" or (document["kind"].endswith("List") and isinstance(document.get("items"), list)):
        for item in document.get("items") or ():
            yield from _pieces(item, namespace)
        return
    metadata = document.get("metadata") or {}
    api_version = str(document.get("apiVersion", ""))
    yield Piece(
        api_version,
        document["kind"],
        "" if is_cluster_wide(api_version, document["kind"]) else str(metadata.get("namespace") or namespace),
        str(metadata.get("name") or metadata.get("generateName") or ""),
        document,
        str(_annotations(document).get(HOOK, "")),
    )


def _annotations(content: Object) -> Mapping[str, Any]:
    return (content.get("metadata") or {}).get("annotations") or {}


# The kinds of Kubernetes itself that have no namespace (`kubectl api-resources --namespaced=false`, 1.35). Custom kinds
# are looked for with a namespace; a cluster answers the same object either way.
_CLUSTER_WIDE: Mapping[str, frozenset[str]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume", "ComponentStatus"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"IngressClass", "IPAddress", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "ResourceSlice", "DeviceTaintRule"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset({"StorageClass", "CSIDriver", "CSINode", "VolumeAttachment", "VolumeAttributesClass"}),
}


def is_cluster_wide(api_version: str, kind: str) -> bool:
    """Whether objects of a kind of Kubernetes itself stand in no namespace."""
    return kind in _CLUSTER_WIDE.get(api_version.rpartition("/")[0], frozenset())
