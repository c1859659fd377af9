"""The kinds that every cluster serves, as its discovery lists them.

Names, scopes, short names, categories and subresources are those of kubernetes/kubernetes,
api/discovery/aggregated_v2.json (stable versions of 1.33, read November 2026).
A kind is served when the schemas of the cluster's version have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlinfra.sandbox.kubernetes.kinds import ALL_VERBS, GroupVersionKind, Kind

# group/version | kind | plural | N(amespaced) or C(luster) | short names | categories | subresources | g: generation
_TABLE = """
v1|Binding|bindings|N||||
v1|ConfigMap|configmaps|N|cm|||
v1|Endpoints|endpoints|N|ep|||
v1|Event|events|N|ev|||
v1|LimitRange|limitranges|N|limits|||
v1|Namespace|namespaces|C|ns||status,finalize|
v1|Node|nodes|C|no||status|
v1|PersistentVolume|persistentvolumes|C|pv||status|
v1|PersistentVolumeClaim|persistentvolumeclaims|N|pvc||status|
v1|Pod|pods|N|po|all|status,binding,eviction,log,ephemeralcontainers,exec,attach,portforward|g
v1|PodTemplate|podtemplates|N||||g
v1|ReplicationController|replicationcontrollers|N|rc|all|status,scale|g
v1|ResourceQuota|resourcequotas|N|quota||status|
v1|Secret|secrets|N||||
v1|Service|services|N|svc|all|status|
v1|ServiceAccount|serviceaccounts|N|sa||token|
admissionregistration.k8s.io/v1|MutatingWebhookConfiguration|mutatingwebhookconfigurations|C||api-extensions||g
admissionregistration.k8s.io/v1|ValidatingAdmissionPolicy|validatingadmissionpolicies|C||api-extensions|status|g
admissionregistration.k8s.io/v1|ValidatingAdmissionPolicyBinding|validatingadmissionpolicybindings|C||api-extensions||g
admissionregistration.k8s.io/v1|ValidatingWebhookConfiguration|validatingwebhookconfigurations|C||api-extensions||g
apiextensions.k8s.io/v1|CustomResourceDefinition|customresourcedefinitions|C|crd,crds|api-extensions|status|g
apiregistration.k8s.io/v1|APIService|apiservices|C||api-extensions|status|
apps/v1|ControllerRevision|controllerrevisions|N||||
apps/v1|DaemonSet|daemonsets|N|ds|all|status|g
apps/v1|Deployment|deployments|N|deploy|all|status,scale|g
apps/v1|ReplicaSet|replicasets|N|rs|all|status,scale|g
apps/v1|StatefulSet|statefulsets|N|sts|all|status,scale|g
authentication.k8s.io/v1|SelfSubjectReview|selfsubjectreviews|C||||create
authentication.k8s.io/v1|TokenReview|tokenreviews|C||||create
authorization.k8s.io/v1|LocalSubjectAccessReview|localsubjectaccessreviews|N||||create
authorization.k8s.io/v1|SelfSubjectAccessReview|selfsubjectaccessreviews|C||||create
authorization.k8s.io/v1|SelfSubjectRulesReview|selfsubjectrulesreviews|C||||create
authorization.k8s.io/v1|SubjectAccessReview|subjectaccessreviews|C||||create
autoscaling/v1|HorizontalPodAutoscaler|horizontalpodautoscalers|N|hpa|all|status|
autoscaling/v2|HorizontalPodAutoscaler|horizontalpodautoscalers|N|hpa|all|status|
batch/v1|CronJob|cronjobs|N|cj|all|status|g
batch/v1|Job|jobs|N||all|status|g
certificates.k8s.io/v1|CertificateSigningRequest|certificatesigningrequests|C|csr||status,approval|
coordination.k8s.io/v1|Lease|leases|N||||
discovery.k8s.io/v1|EndpointSlice|endpointslices|N||||g
flowcontrol.apiserver.k8s.io/v1|FlowSchema|flowschemas|C|||status|g
flowcontrol.apiserver.k8s.io/v1|PriorityLevelConfiguration|prioritylevelconfigurations|C|||status|g
networking.k8s.io/v1|IPAddress|ipaddresses|C|ip|||
networking.k8s.io/v1|Ingress|ingresses|N|ing||status|g
networking.k8s.io/v1|IngressClass|ingressclasses|C||||g
networking.k8s.io/v1|NetworkPolicy|networkpolicies|N|netpol|||g
networking.k8s.io/v1|ServiceCIDR|servicecidrs|C|||status|
node.k8s.io/v1|RuntimeClass|runtimeclasses|C||||
policy/v1|PodDisruptionBudget|poddisruptionbudgets|N|pdb||status|g
rbac.authorization.k8s.io/v1|ClusterRole|clusterroles|C||||
rbac.authorization.k8s.io/v1|ClusterRoleBinding|clusterrolebindings|C||||
rbac.authorization.k8s.io/v1|Role|roles|N||||
rbac.authorization.k8s.io/v1|RoleBinding|rolebindings|N||||
resource.k8s.io/v1|DeviceClass|deviceclasses|C||||g
resource.k8s.io/v1|ResourceClaim|resourceclaims|N|||status|
resource.k8s.io/v1|ResourceClaimTemplate|resourceclaimtemplates|N||||
resource.k8s.io/v1|ResourceSlice|resourceslices|C||||g
scheduling.k8s.io/v1|PriorityClass|priorityclasses|C|pc|||g
storage.k8s.io/v1|CSIDriver|csidrivers|C||||g
storage.k8s.io/v1|CSINode|csinodes|C||||
storage.k8s.io/v1|CSIStorageCapacity|csistoragecapacities|N||||
storage.k8s.io/v1|StorageClass|storageclasses|C|sc|||
storage.k8s.io/v1|VolumeAttachment|volumeattachments|C|||status|
storage.k8s.io/v1|VolumeAttributesClass|volumeattributesclasses|C|vac|||
"""

_SCALE = ("spec.replicas", "status.replicas", "status.selector")


def builtin_kinds(has_schema: Callable[[GroupVersionKind], bool]) -> Iterator[Kind]:
    """Give the kinds of a version: those of the table that it has schemas for."""
    for line in _TABLE.strip().splitlines():
        kind = _kind(*line.split("|"))
        if has_schema(kind.gvk):
            yield kind


def _kind(
    api_version: str, kind: str, plural: str, scope: str, short: str, categories: str, subresources: str, flag: str
) -> Kind:
    group, _, version = api_version.rpartition("/")
    only_create = flag == "create" or kind == "Binding"
    parts = _names(subresources)
    return Kind(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        namespaced=scope == "N",
        short_names=_names(short),
        categories=_names(categories),
        subresources=parts,
        verbs=("create",) if only_create else ALL_VERBS,
        generations=flag == "g",
        list_kind=f"{kind}List",
        scale=_SCALE if "scale" in parts else None,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
