"""Parts of a stack that cannot live on one cluster are refused, with the reason and a way out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.library.samples import LIBRARY, codes, graph_of, refusals
from tests.modules.cases import (
    CERTIFICATE,
    CLUSTER,
    KARPENTER,
    NODES,
    SIGN_IN,
    SYSTEM,
    WISHING,
    entrance,
    group,
    wishing,
)

_NEURON = {**CLUSTER, "nodeGroups": {"inf": {"instances": ["trn1.2xlarge"], "max": 1}, "system": SYSTEM}}
_FABRIC = group(instances=["p4d.24xlarge"], efa=True, placement="cluster", zones=["us-east-1a"])
_SCALED = {**NODES, "autoscaling": {"pods": {"kind": "keda"}}}


def _release(chart: str, **about: Any) -> dict[str, Any]:
    return {"mine": {"type": "kubernetes:helm.sh/v3:Release", "properties": {"name": "mine", "chart": chart, **about}}}


def _object(token: str, name: str) -> dict[str, Any]:
    return {"mine": {"type": token, "properties": {"metadata": {"name": name}}}}


_OWN = [
    (wishing(cert_manager={}), "oci://quay.io/jetstack/charts/cert-manager", {}, "cert-manager"),
    (_SCALED, "keda", {}, "keda"),
    (_SCALED, "prometheus-adapter", {"values": {"rules": {"external": [{"seriesQuery": "x"}]}}}, "keda"),
    (_SCALED, "prometheus-adapter", {"values": {"rules": {"resource": {"cpu": {}}}}}, "metrics-server"),
    ({**NODES, "autoscaling": {}}, "charts/karpenter", {}, "cluster-autoscaler"),
    ({**group(), **KARPENTER}, "cluster-autoscaler", {}, "karpenter"),
    ({**group(), **KARPENTER}, "oci://public.ecr.aws/karpenter/karpenter-crd", {}, "karpenter"),
    (group(), "gpu-operator", {}, "nvidia-device-plugin"),
    (group(), "nvidia-device-plugin", {}, "nvidia-device-plugin"),
    (_NEURON, "oci://public.ecr.aws/neuron/neuron-helm-chart", {}, "neuron-device-plugin"),
    (_FABRIC, "aws-efa-k8s-device-plugin", {}, "aws-efa-device-plugin"),
    (wishing(prometheus={}), "kube-prometheus-stack", {}, "prometheus"),
    (wishing(prometheus={}), "prometheus-operator-crds", {}, "prometheus"),
    (wishing(prometheus={}), "prometheus-node-exporter", {}, "prometheus"),
    (wishing(aws_ebs_csi_driver={}), "aws-ebs-csi-driver", {}, "aws-ebs-csi-driver"),
    (wishing(istio={}), "istiod", {}, "istio"),
    (wishing(external_dns={}), "external-dns", {}, "external-dns"),
]


@pytest.mark.parametrize(("sections", "chart", "about", "component"), _OWN, ids=[f"{x[3]}-{x[1]}" for x in _OWN])
def test_a_release_of_ones_own_does_not_stand_beside_what_the_stack_brings(
    sections: dict[str, Any], chart: str, about: dict[str, Any], component: str
) -> None:
    (wrong,) = refusals(sections, library=WISHING, resources=_release(chart, **about))
    assert (wrong.code, wrong.summary) == (
        "MLI2017", f"resources.mine and components.{component} cannot be in one stack"
    )  # fmt: skip
    assert wrong.detail.startswith(("both ", "it brings "))
    assert f"there is {component}, wanted by " in wrong.hint


@pytest.mark.parametrize(
    ("sections", "chart", "about"),
    [
        (group(), "gpu-operator", {"values": {"devicePlugin": {"enabled": False}}}),
        (_SCALED, "prometheus-adapter", {}),
        (wishing(external_dns={}), "external-dns", {"skipCrds": True}),
        (wishing(prometheus={}), "prometheus-node-exporter", {"values": {"hostNetwork": False}}),
        (NODES, "cert-manager", {}),
    ],
)
def test_it_may_where_it_leaves_out_what_they_would_quarrel_about(
    sections: dict[str, Any], chart: str, about: dict[str, Any]
) -> None:
    assert "resources.mine" in graph_of(sections, library=WISHING, resources=_release(chart, **about)).resources


@pytest.mark.parametrize(
    ("sections", "addon"),
    [
        ({**NODES, "autoscaling": {}}, "metrics-server"),
        (wishing(cert_manager={}), "cert-manager"),
        (wishing(prometheus={}), "prometheus-node-exporter"),
        (wishing(external_dns={}), "external-dns"),
        ({**NODES, "monitoring": {}}, "fluent-bit"),
    ],
)
def test_neither_does_the_same_as_an_add_on_of_eks(sections: dict[str, Any], addon: str) -> None:
    named = {**sections, "cluster": {"addons": {addon: {"version": "v1.0.0-eksbuild.1"}}}}
    (wrong,) = refusals(named, library=WISHING)
    assert codes((wrong,)) == [("MLI2017", f"cluster.addons.{addon}")]


@pytest.mark.parametrize(
    ("token", "name", "component"),
    [
        ("apiextensions.k8s.io/v1:CustomResourceDefinition", "issuers.cert-manager.io", "cert-manager"),
        ("apiregistration.k8s.io/v1:APIService", "v1beta1.metrics.k8s.io", "metrics-server"),
    ],
)
def test_nor_a_definition_that_it_brings(token: str, name: str, component: str) -> None:
    sections = wishing(**{component: {}})
    (wrong,) = refusals(sections, library=WISHING, resources=_object(f"kubernetes:{token}", name))
    assert (wrong.code, wrong.detail) == ("MLI2017", f"both bring {name}, of which a cluster has one")


def test_two_autoscalers_do_not_share_the_nodes() -> None:
    wrong = refusals(wishing(cluster_autoscaler={}, karpenter={}), library=WISHING)
    assert [(one.code, one.detail.partition(",")[0]) for one in wrong] == [
        ("MLI2017", "both start machines for the pods that wait")
    ]


@pytest.mark.parametrize(
    "runtimes",
    [
        {"mlflow": {"domain": "ml.acme.example"}, "flyte": {"domain": "ml.acme.example", "signIn": SIGN_IN}},
        {"mlflow": {"domain": "ranker.acme.example"}},
    ],
)
def test_a_name_leads_to_one_of_them(runtimes: dict[str, Any]) -> None:
    doors = entrance(domain="acme.example", type="application", gateway="alb", certificate=CERTIFICATE)
    ranker = {"ranker": {"model": "s3://acme-models/ranker/7"}}
    (wrong,) = refusals({**doors, "runtimes": runtimes, "endpoints": ranker})
    assert codes((wrong,)) == [("MLI2021", "runtimes.mlflow.domain")]
    assert "at loadBalancers.public already" in wrong.summary


def test_every_module_that_is_named_as_one_that_another_cannot_live_with_says_why() -> None:
    for module in LIBRARY.modules.values():
        for rival in module.contract.rivals if module.contract is not None else ():
            assert len(rival.reason.split()) > 4, (module.name, rival.name)
            assert not rival.part or rival.kind == "chart", (module.name, rival.name)
