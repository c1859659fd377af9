"""What the API refuses, though its schema would let it pass: the fields, the reasons, and the sentences."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import Client, Refused, config_map, deployment

PODS, DEPLOYMENTS, SERVICES = "v1/pods", "apps/v1/deployments", "v1/services"
CLAIMS, JOBS, CRON_JOBS = "v1/persistentvolumeclaims", "batch/v1/jobs", "batch/v1/cronjobs"
SCALERS = "autoscaling/v2/horizontalpodautoscalers"
REQUIRED, INVALID, DUPLICATE = "FieldValueRequired", "FieldValueInvalid", "FieldValueDuplicate"
UNSUPPORTED, ABSENT, FORBIDDEN = "FieldValueNotSupported", "FieldValueNotFound", "FieldValueForbidden"
C = "spec.containers[0]"
Cause = tuple[str, str, str]


def main(**more: Any) -> Object:
    return {"name": "main", "image": "example.com/app:1", **more}


def pod(*containers: Object, **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
            "spec": {"containers": list(containers), **spec}}  # fmt: skip


def resources(requests: Object, limits: Object | None = None) -> Object:
    return pod(main(resources={"requests": requests, "limits": limits or {}}))


def service(*ports: Object, **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": list(ports), **spec}}


def claim(size: str, *modes: str) -> Object:
    spec = {"accessModes": list(modes), "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"}, "spec": spec}


def job(policy: str = "Never", **spec: Any) -> Object:
    template = {"spec": {"restartPolicy": policy, "containers": [main()]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"template": template, **spec}}


def cron_job(schedule: str) -> Object:
    spec = {"schedule": schedule, "jobTemplate": {"spec": job()["spec"]}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"}, "spec": spec}


def scaler(low: int, high: int) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}
    spec = {"scaleTargetRef": target, "minReplicas": low, "maxReplicas": high}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}, "spec": spec}


def changed(obj: Object, **spec: Any) -> Object:
    return {**obj, "spec": {**obj["spec"], **spec}}


def labelled(obj: Object, **labels: str) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "labels": labels}}


_PORT_WHY = "must be between 1 and 65535, inclusive"
_COUNT_WHY = "must be greater than or equal to 0"
REFUSED: dict[str, tuple[str, Object, tuple[Cause, ...]]] = {
    "no image": (PODS, pod({"name": "main"}), ((f"{C}.image", REQUIRED, "Required value"),)),
    "two containers of one name": (
        PODS, pod(main(), main()), (("spec.containers[1].name", DUPLICATE, 'Duplicate value: "main"'),)),
    "a port beyond all ports": (
        PODS, pod(main(ports=[{"containerPort": 99_999}])),
        ((f"{C}.ports[0].containerPort", INVALID, f"Invalid value: 99999: {_PORT_WHY}"),)),
    "limits below requests": (
        PODS, resources({"cpu": "2"}, {"cpu": "1"}),
        ((f"{C}.resources.requests", INVALID, 'Invalid value: "2": must be less than or equal to cpu limit of 1'),)),
    "devices without a limit": (
        PODS, resources({"nvidia.com/gpu": "1"}),
        ((f"{C}.resources.limits", REQUIRED,
          "Required value: Limit must be set for non overcommitable resources"),)),
    "devices with another limit": (
        PODS, resources({"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": "2"}),
        ((f"{C}.resources.requests", INVALID, 'Invalid value: "1": must be equal to nvidia.com/gpu limit of 2'),)),
    "a mount of no volume": (
        PODS, pod(main(volumeMounts=[{"name": "data", "mountPath": "/data"}])),
        ((f"{C}.volumeMounts[0].name", ABSENT, 'Not found: "data"'),)),
    "a variable that cannot be one": (
        PODS, pod(main(env=[{"name": "A=B", "value": "c"}])),
        ((f"{C}.env[0].name", INVALID,
          'Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters '
          "other than '='"),)),
    "a probe that asks in no way": (
        PODS, pod(main(livenessProbe={"periodSeconds": 3})),
        ((f"{C}.livenessProbe", REQUIRED, "Required value: must specify a handler type"),)),
    "a probe that must succeed thrice": (
        PODS, pod(main(livenessProbe={"tcpSocket": {"port": 80}, "successThreshold": 3})),
        ((f"{C}.livenessProbe.successThreshold", INVALID, "Invalid value: 3: must be 1"),)),
    "a restart policy of one's own": (
        PODS, pod(main(), restartPolicy="Sometimes"),
        (("spec.restartPolicy", UNSUPPORTED,
          'Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'),)),
    "fewer than no replicas": (
        DEPLOYMENTS, deployment("a", replicas=-1),
        (("spec.replicas", INVALID, f"Invalid value: -1: {_COUNT_WHY}"),)),
    "a workload whose pods end": (
        DEPLOYMENTS,
        changed(deployment("a"), template={"metadata": {"labels": {"app": "a"}},
                                           "spec": {"restartPolicy": "Never", "containers": [main()]}}),
        (("spec.template.spec.restartPolicy", UNSUPPORTED,
          'Unsupported value: "Never": supported values: "Always"'),)),
    "a service of no type": (
        SERVICES, service({"port": 80}, type="Foo"),
        (("spec.type", UNSUPPORTED,
          'Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'),)),
    "a service's ports of one name": (
        SERVICES, service({"port": 80, "name": "a"}, {"port": 81, "name": "a"}),
        (("spec.ports[1].name", DUPLICATE, 'Duplicate value: "a"'),)),
    "a service's ports without names": (
        SERVICES, service({"port": 80}, {"port": 81}),
        (("spec.ports[0].name", REQUIRED, "Required value"), ("spec.ports[1].name", REQUIRED, "Required value"))),
    "a schedule of three fields": (
        CRON_JOBS, cron_job("* * *"),
        (("spec.schedule", INVALID, 'Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]'),)),
    "a job whose pods never end": (
        JOBS, job("Always"),
        (("spec.template.spec.restartPolicy", REQUIRED, 'Required value: valid values: "OnFailure", "Never"'),)),
    "an autoscaler upside down": (
        SCALERS, scaler(5, 2),
        (("spec.maxReplicas", INVALID, "Invalid value: 2: must be greater than or equal to `minReplicas`"),)),
    "a claim without a mode": (
        CLAIMS, claim("1Gi"),
        (("spec.accessModes", REQUIRED, "Required value: at least 1 access mode is required"),)),
    "a claim of less than nothing": (
        CLAIMS, claim("-1Gi", "ReadWriteOnce"),
        (("spec.resources[storage]", INVALID, 'Invalid value: "-1Gi": must be greater than zero'),)),
    "a large config map": (
        "v1/configmaps", config_map("a", {"k": "x" * (1024 * 1024 + 1)}),
        (("[]", "FieldValueTooLong", "Too long: may not be more than 1048576 bytes"),)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_the_api_refuses(api: Client, case: str) -> None:
    resource, obj, causes = REFUSED[case]
    with pytest.raises(Refused) as caught:
        api.create(resource, obj)
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    found = {(cause["field"], cause["reason"], cause["message"]) for cause in caught.value.causes}
    assert found == set(causes)
    kind = "Deployment.apps" if resource == DEPLOYMENTS else obj["kind"]
    assert caught.value.message.startswith(f"{kind.partition('.')[0]}")
    assert all(f"{field}: {message}" in caught.value.message for field, _, message in causes)


def test_a_service_needs_a_port_that_is_one(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.create(SERVICES, service({"port": 0}))
    assert f"spec.ports[0].port: Invalid value: 0: {_PORT_WHY}" in caught.value.message


def test_the_labels_of_a_template_suit_the_selector(api: Client) -> None:
    template = {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": [main()]}}
    with pytest.raises(Refused) as caught:
        api.create(DEPLOYMENTS, changed(deployment("a"), template=template))
    (cause,) = caught.value.causes
    assert (cause["field"], cause["reason"]) == ("spec.template.metadata.labels", INVALID)
    assert cause["message"].endswith(": `selector` does not match template `labels`")


def test_what_is_no_quantity_cannot_be_read(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.create(PODS, resources({"cpu": "abc"}))
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")
    why = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    assert caught.value.message == f'Pod in version "v1" cannot be handled as a Pod: {why}'


@pytest.mark.parametrize(("key", "value"), [("a b", "c"), ("a", "b c"), ("a", "x" * 64), ("-a", "b"), ("a/b/c", "d")])
def test_malformed_labels_are_refused(api: Client, key: str, value: str) -> None:
    with pytest.raises(Refused) as caught:
        api.create("v1/configmaps", labelled(config_map("a"), **{key: value}))
    assert {cause["field"] for cause in caught.value.causes} == {"metadata.labels"}


@pytest.mark.parametrize(
    ("resource", "obj", "change", "field"),
    [
        (DEPLOYMENTS, deployment("a", replicas=0), {"selector": {"matchLabels": {"app": "b"}}}, "spec.selector"),
        (JOBS, job(suspend=True), {"completions": 3}, "spec.completions"),
        (SERVICES, service({"port": 80}, clusterIP="None"), {"clusterIP": "10.1.2.3"}, "spec.clusterIPs[0]"),
        (CLAIMS, claim("1Gi", "ReadWriteOnce"), {"accessModes": ["ReadWriteMany"]}, "spec"),
    ],
)
def test_what_is_set_once_stays(api: Client, resource: str, obj: Object, change: Object, field: str) -> None:
    api.create(resource, obj)
    with pytest.raises(Refused) as caught:
        api.patch(resource, "a", {"spec": change})
    assert caught.value.code == 422
    assert field in {cause["field"] for cause in caught.value.causes}


def test_a_pod_needs_its_service_account(api: Client) -> None:
    with pytest.raises(Refused) as caught:
        api.create(PODS, pod(main(), serviceAccountName="nobody"))
    why = f'error looking up service account {api.namespace}/nobody: serviceaccount "nobody" not found'
    assert (caught.value.code, caught.value.message) == (403, f'pods "a" is forbidden: {why}')
