"""Readiness: whether an object does what it is there for, for each kind; kinds without an entry are ready once made.

`waiting` asks it again and again. Most kinds are judged by their own status (`conditions`); some need a look around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlinfra.providers.kubernetes import conditions
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.conditions import READY, SOON, Live, Verdict, status_of
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import built_in

_STORAGE_CLASS = Kind("storage.k8s.io", "v1", "StorageClass")
_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice")
_LATE = "WaitForFirstConsumer"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_INJECTED = "cert-manager.io/inject-ca-from"
_SERVED_BY = 120.0  # seconds; whoever serves a webhook may be made after its configuration

_BY_STATUS: dict[tuple[str, str], Callable[[Live], Verdict]] = {
    ("", "Namespace"): conditions.of_namespace,
    ("", "PersistentVolume"): conditions.of_volume,
    ("", "Pod"): conditions.of_pod,
    ("", "Service"): conditions.of_service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): conditions.of_definition,
    ("apiregistration.k8s.io", "APIService"): conditions.of_api_service,
    ("apps", "DaemonSet"): conditions.of_daemon_set,
    ("apps", "Deployment"): conditions.of_deployment,
    ("apps", "ReplicaSet"): conditions.of_replica_set,
    ("apps", "StatefulSet"): conditions.of_stateful_set,
    ("batch", "Job"): conditions.of_job,
}


def judge(api: Api, place: Place, live: Live) -> Verdict:
    """The verdict on an object as it is now."""
    same = place.kind.same
    if same in _BY_STATUS:
        return _BY_STATUS[same](live)
    if same in _BY_LOOKING:
        return _BY_LOOKING[same](api, live)
    if built_in(place.kind.api_version, place.kind.name) is not None:
        return READY
    return conditions.of_conditions(live, has_status=place.has_status)


def failure_of(kind: Kind, live: Live) -> str:
    """What will not mend by itself, so that the object has to be made anew; empty for nothing."""
    if live["metadata"].get("deletionTimestamp"):
        return "it is being deleted"
    return conditions.of_job(live).failed if kind.same == ("batch", "Job") else ""


def _of_claim(api: Api, live: Live) -> Verdict:
    """It has its volume, or will get one with its first pod."""
    phase = status_of(live).get("phase", "Pending")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return Verdict(failed="its volume is gone")
    if live["spec"].get("volumeName"):
        return Verdict(f"volume {live['spec']['volumeName']} is not bound to it yet")
    name = live["spec"].get("storageClassName")
    if name == "":
        return Verdict("no volume fits it, and none is made for it, since it names no storage class", leave=SOON)
    found = _storage_class(api, name)
    if found is None:
        missing = f"there is no storage class {name}" if name else "there is no default storage class"
        return Verdict(missing, leave=SOON)
    return READY if found.get("volumeBindingMode") == _LATE else Verdict("it has no volume yet")


def _storage_class(api: Api, name: str | None) -> Live | None:
    place = api.discovery.place(_STORAGE_CLASS)
    if name:
        return api.get(place, name)
    defaults = (found for found in api.each(place) if _is_default(found))
    return next(defaults, None)


def _is_default(storage_class: Live) -> bool:
    return (storage_class["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"


def _of_webhooks(api: Api, live: Live) -> Verdict:
    """Behind each of its webhooks somebody answers: until then, what they admit cannot be written."""
    noted = live["metadata"].get("annotations") or {}
    for webhook in live.get("webhooks") or ():
        client = webhook.get("clientConfig") or {}
        if noted.get(_INJECTED) and not client.get("caBundle"):
            return Verdict(f"webhook {webhook['name']} has no certificate yet", leave=_SERVED_BY)
        service = client.get("service")
        if service and not any(_answering(api, service["namespace"], service["name"])):
            where = f"{service['namespace']}/{service['name']}"
            return Verdict(f"nobody answers behind webhook {webhook['name']} (service {where})", leave=_SERVED_BY)
    return READY


def _answering(api: Api, namespace: str, service: str) -> Iterator[bool]:
    label = f"kubernetes.io/service-name={service}"
    for found in api.related(_SLICE, namespace, labelSelector=label):
        for endpoint in found.get("endpoints") or ():
            yield (endpoint.get("conditions") or {}).get("ready") is not False


_BY_LOOKING: dict[tuple[str, str], Callable[[Api, Live], Verdict]] = {
    ("", "PersistentVolumeClaim"): _of_claim,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _of_webhooks,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _of_webhooks,
}
