"""What Kubernetes refuses of well-typed values is said before anybody is asked, at the property."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Properties, Ref
from mlinfra.providers.kubernetes.limits import AGREEMENTS, LIMITS
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.validation import complaints
from mlinfra.providers.kubernetes.vocabulary import definition
from tests.providers.kubernetes.cluster import CONFIG_MAP, DEPLOYMENT, SERVICE, deployment

CRON = "kubernetes:batch/v1:CronJob"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
LATER = Ref(Address("network.vpc"))


def said(token: str, properties: Properties) -> list[str]:
    return list(complaints(Kind.of(token), properties))


def of(**spec: Any) -> Properties:
    return {"metadata": {"name": "it"}, "spec": spec}


def marked(**metadata: Any) -> Properties:
    return {"metadata": {"name": "it", **metadata}}


def with_pod(**spec: Any) -> Properties:
    """A deployment whose pod says this as well."""
    made = deployment()
    pod = made["spec"]["template"]["spec"]
    template = {**made["spec"]["template"], "spec": {**pod, **spec}}
    return {**made, "spec": {**made["spec"], "template": template}}


def a_job(**spec: Any) -> Properties:
    pod = {"containers": [{"name": "a", "image": "a"}], **spec}
    return of(schedule="0 3 * * *", jobTemplate={"spec": {"template": {"spec": pod}}})


def test_limits_are_of_fields_that_there_are() -> None:
    assert [
        (name, field) for name, limits in LIMITS.items() for field in limits if field not in definition(name).fields
    ] == []
    assert all(definition(name).fields for name in AGREEMENTS)


@pytest.mark.parametrize(
    ("token", "properties", "complaint"),
    [
        (CONFIG_MAP, marked(labels={"team": "a b"}), "metadata.labels has team: 'a b', which is no value of a label"),
        (CONFIG_MAP, marked(labels={"team": "x" * 64}), "metadata.labels has team"),
        (CONFIG_MAP, marked(labels={"a/b/c": "x"}), "metadata.labels has the key 'a/b/c'"),
        (CONFIG_MAP, marked(annotations={"-a": "x"}), "metadata.annotations has the key '-a'"),
        (CONFIG_MAP, marked(annotations={"a": "x" * 300_000}), "metadata.annotations are 300001 bytes"),
        (CONFIG_MAP, {**marked(), "data": {"a b": "x"}}, "data has the key 'a b'"),
        (SERVICE, of(ports=[{"port": 0}]), "spec.ports[0].port is 0, expected 1 to 65535"),
        (SERVICE, of(ports=[{"port": 80, "targetPort": 70000}]), "spec.ports[0].targetPort is 70000"),
        (SERVICE, of(ports=[{"port": 80, "targetPort": "Not_A_Name"}]), "expected a port's name"),
        (SERVICE, of(ports=[{"port": 80}, {"port": 81, "name": "b"}]), "spec.ports[0].name is missing"),
        (SERVICE, of(type="LoadBalanser"), "spec.type is 'LoadBalanser'"),
        (SERVICE, of(type="LoadBalanser"), "did you mean LoadBalancer?"),
        (DEPLOYMENT, deployment(ports=[{"containerPort": 80, "protocol": "tcp"}]), "protocol is 'tcp', expected TCP"),
        (DEPLOYMENT, deployment(ports=[{"containerPort": 65536}]), "containerPort is 65536, expected 1 to 65535"),
        (DEPLOYMENT, with_pod(initContainers=[{"name": "Upper", "image": "a"}]), "initContainers[0].name is 'Upper'"),
        (DEPLOYMENT, deployment(imagePullPolicy="always"), "imagePullPolicy is 'always'"),
        (DEPLOYMENT, deployment(livenessProbe={"periodSeconds": 0}), "periodSeconds is 0, expected 1 at least"),
        (DEPLOYMENT, deployment(env=[{"name": "A=B", "value": "x"}]), "env[0].name is 'A=B'"),
        (
            DEPLOYMENT,
            deployment(resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}),
            "resources.requests.memory is 2Gi, more than its limit of 1Gi",
        ),
        (DEPLOYMENT, deployment(resources={"limits": {"cpu": "-1"}}), "limits has cpu: -1, which is less than nothing"),
        (DEPLOYMENT, deployment(volumeMounts=[{"name": "data", "mountPath": "/data"}]), "the pod has no such volume"),
        (DEPLOYMENT, with_pod(tolerations=[{"effect": "NoScedule"}]), "did you mean NoSchedule?"),
        (DEPLOYMENT, with_pod(nodeSelector={"a": "b c"}), "nodeSelector has a: 'b c'"),
        (
            CRON,
            {**a_job(restartPolicy="Never"), "spec": {**a_job()["spec"], "schedule": "daily"}},
            "spec.schedule is 'daily'",
        ),
        (CRON, a_job(restartPolicy="Always"), "template.spec.restartPolicy must be OnFailure or Never in a job"),
        (
            SCALER,
            of(scaleTargetRef={"kind": "Deployment", "name": "a"}, minReplicas=3, maxReplicas=2),
            "minReplicas is 3",
        ),
    ],
)
def test_a_value_just_outside_is_refused(token: str, properties: Properties, complaint: str) -> None:
    assert any(complaint in one for one in said(token, properties)), said(token, properties)


def test_a_selector_that_finds_none_of_its_own_pods_is_refused() -> None:
    made = deployment()
    spec = {**made["spec"], "selector": {"matchLabels": {"app": "another"}}}
    assert said(DEPLOYMENT, {**made, "spec": spec}) == [
        "spec.selector.matchLabels.app is 'another', and the template's pods do not bear that label"
    ]


@pytest.mark.parametrize(
    ("token", "properties"),
    [
        (CONFIG_MAP, marked(labels={"a": LATER, "app.kubernetes.io/name": "a.b_C-1", "empty": ""})),
        (CONFIG_MAP, marked(annotations={"nginx.ingress.kubernetes.io/proxy-read-timeout": "60", "UPPER": "x y"})),
        (SERVICE, of(ports=[{"port": 80, "targetPort": "http-1"}, {"port": LATER, "name": "b"}][:1])),
        (SERVICE, of(type=LATER, ports=[{"port": LATER}])),
        (DEPLOYMENT, with_pod(volumes=LATER)),
        (DEPLOYMENT, deployment(resources={"requests": {"cpu": "500m"}, "limits": {"cpu": 1}})),
        (CRON, a_job(restartPolicy="OnFailure")),
    ],
)
def test_what_is_right_or_not_known_yet_is_passed_over(token: str, properties: Properties) -> None:
    assert said(token, properties) == []
