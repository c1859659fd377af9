"""DNS of the cluster and EKS's add-ons: what is said where their pods do not run."""

from __future__ import annotations

from mlinfra.core.health import Severity
from mlinfra.health.seen import AddOn
from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT
from tests.sandbox.kubernetes.controllers.clusters import World

from .emulated import health_of, only, world

DEGRADED = AddOn(
    name="coredns",
    status="DEGRADED",
    problems=("InsufficientNumberOfReplicas: too few",),
    address="cluster.addons.coredns",
)


def named() -> World:
    made = world()
    made.cloud.install("coredns")
    made.settle()
    return made


def test_names_that_are_scaled_to_none_are_down_and_said_to_be() -> None:
    made = named()
    assert health_of(made).troubles == ()
    made.store.merge(DEPLOYMENT, "coredns", "kube-system", {"spec": {"replicas": 0}})
    made.settle()
    trouble = only(health_of(made, add_ons=(DEGRADED,)))
    assert trouble.title == "DNS of the cluster"
    assert trouble.words.startswith("it is down (it is scaled to 0): nothing in the cluster finds anything by its name")
    assert trouble.remedy == "kubectl -n kube-system scale deployment/coredns --replicas=2"
    assert trouble.explains == ("add-on coredns",)


def test_pods_of_dns_that_crash_explain_it_and_its_add_on() -> None:
    made = named()
    pod = {"metadata": {"annotations": {"sandbox.mlinfra.dev/fail": "crash"}}}
    spec = {"strategy": {"type": "Recreate", "rollingUpdate": None}, "template": pod}
    made.store.merge(DEPLOYMENT, "coredns", "kube-system", {"spec": spec})
    made.settle()
    made.advance(minutes=20)
    trouble = only(health_of(made, add_ons=(DEGRADED,)))
    assert trouble.title == "Deployment kube-system/coredns (2 pods)"
    assert trouble.explains == ("DNS of the cluster", "add-on coredns")


def test_an_add_on_that_eks_calls_degraded_is_told_in_its_words() -> None:
    trouble = only(health_of(named(), add_ons=(DEGRADED,)))
    assert (trouble.severity, trouble.title) == (Severity.WARNING, "add-on coredns")
    assert trouble.words == "EKS calls it DEGRADED: InsufficientNumberOfReplicas: too few"
