"""A webhook whose server is gone is named, before anybody looks for hours at what it keeps from going."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlinfra.providers.kubernetes.webhooks import deserted
from mlinfra.sandbox.kubernetes.values import Object
from tests.providers.kubernetes.cluster import Cluster, cluster_with

_PATH = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with cluster_with() as made:
        yield made


def webhook(name: str, policy: str = "Fail") -> Object:
    hook = {
        "name": f"{name}.acme.example",
        "clientConfig": {"service": {"namespace": "default", "name": name}},
        "failurePolicy": policy,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        # Of a kind that nobody makes here: it is looked at, and asked nothing.
        "rules": [{"apiGroups": ["acme.example"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["things"]}],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [hook],
    }


def test_a_webhook_without_its_service_is_named(cluster: Cluster) -> None:
    cluster.kubectl.create(_PATH, webhook("gone"), namespace=None)
    assert deserted(cluster.provider.api) == (
        "the ValidatingWebhookConfiguration gone refuses calls, since its service default/gone is not there",
    )


def test_one_that_lets_pass_where_nobody_answers_or_is_served_is_not(cluster: Cluster) -> None:
    cluster.kubectl.create(_PATH, webhook("lenient", "Ignore"), namespace=None)
    cluster.kubectl.create(_PATH, webhook("served"), namespace=None)
    spec = {"selector": {"app": "served"}, "ports": [{"port": 443}]}
    made = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "served"}, "spec": spec}
    cluster.kubectl.create("v1/services", made, namespace="default")
    assert deserted(cluster.provider.api) == ()
