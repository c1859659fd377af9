"""Endpoints, load balancers of Services, and Ingresses."""

from __future__ import annotations

import pytest

from mlinfra.sandbox.kubernetes.controllers.catalog import (
    DEPLOYMENT,
    ENDPOINT_SLICE,
    ENDPOINTS,
    INGRESS,
    NAMESPACE,
    SERVICE,
)
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import World, meta, pod, workload

CONTROLLER = "aws-load-balancer-controller"
NOTE = "service.beta.kubernetes.io/aws-load-balancer-"


def world_of(*, controller: bool = False) -> World:
    world = World()
    world.group("system", 2)
    if controller:
        labels = {"app.kubernetes.io/name": CONTROLLER}
        world.create(workload("Deployment", "lbc", replicas=1, labels=labels, namespace="kube-system"))
    world.create(workload("Deployment", "web", replicas=2))
    world.settle()
    return world


def service(name: str = "web", *, type: str = "LoadBalancer", notes: Object | None = None, **spec: object) -> Object:
    body = {
        "type": type,
        "selector": {"app": "web"},
        "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
        **spec,
    }
    head = meta(name, **({"annotations": notes} if notes else {}))
    return {"apiVersion": "v1", "kind": "Service", "metadata": head, "spec": body}


def hostname(world: World, name: str = "web") -> str:
    return str(world.get(SERVICE, name)["status"]["loadBalancer"]["ingress"][0]["hostname"])


def addresses(world: World) -> list[str]:
    subsets = world.get(ENDPOINTS, "web").get("subsets") or [{}]
    return sorted(item["ip"] for item in subsets[0].get("addresses", ()))


def test_endpoints_are_the_ready_pods() -> None:
    world = world_of()
    world.create(service(type="ClusterIP"))
    world.settle()
    ips = sorted(item["status"]["podIP"] for item in world.pods())
    assert addresses(world) == ips
    assert world.get(ENDPOINTS, "web")["subsets"][0]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    slices = world.store.list(ENDPOINT_SLICE, labels={"kubernetes.io/service-name": "web"})
    assert sorted(item["addresses"][0] for item in slices[0]["endpoints"]) == ips
    world.store.merge(DEPLOYMENT, "web", "default", {"spec": {"replicas": 0}})
    world.settle()
    assert addresses(world) == []
    world.store.delete(SERVICE, "web", "default")
    world.settle()
    assert (world.store.find(ENDPOINTS, "web", "default"), world.store.list(ENDPOINT_SLICE)) == (None, [])


def test_a_pod_that_is_not_ready_takes_no_traffic() -> None:
    world = world_of()
    world.create(service(type="ClusterIP"))
    world.settle()
    world.create(pod("slow", note="never-ready"))
    world.create(service("slow", type="ClusterIP", selector={"app": "slow"}))
    world.settle()
    (subset,) = world.get(ENDPOINTS, "slow")["subsets"]
    assert "addresses" not in subset
    assert [item["targetRef"]["name"] for item in subset["notReadyAddresses"]] == ["slow"]


def test_a_service_gets_a_classic_load_balancer_and_takes_it_along() -> None:
    world = world_of()
    made = world.create(service())
    world.settle()
    name = f"a{made['metadata']['uid'].replace('-', '')}"[:32]
    balancer = world.cloud.load_balancers[name]
    assert hostname(world) == f"{name}.eu-west-1.elb.amazonaws.com"
    assert (balancer.kind, balancer.scheme) == ("classic", "internet-facing")
    assert balancer.tags == {"kubernetes.io/cluster/ml": "owned", "kubernetes.io/service-name": "default/web"}
    assert balancer.security_groups[0].name == f"k8s-elb-{name}"
    targets = balancer.target_groups[0].targets
    assert {identity for identity, _ in targets} == {machine.instance_id for machine in world.cloud.machines()}
    assert world.get(SERVICE, "web")["metadata"]["finalizers"] == ["service.kubernetes.io/load-balancer-cleanup"]
    world.store.delete(SERVICE, "web", "default")
    world.settle()
    assert (world.cloud.load_balancers, world.store.find(SERVICE, "web", "default")) == ({}, None)


def test_the_load_balancer_controller_makes_a_network_load_balancer_of_pod_addresses() -> None:
    world = world_of(controller=True)
    notes = {f"{NOTE}nlb-target-type": "ip", f"{NOTE}scheme": "internet-facing"}
    world.create(service(notes=notes, loadBalancerSourceRanges=["203.0.113.0/24"]))
    world.settle()
    (balancer,) = world.cloud.load_balancers.values()
    assert balancer.name.startswith("k8s-default-web-")
    assert (balancer.kind, balancer.scheme) == ("network", "internet-facing")
    assert balancer.security_groups[0].sources == ["203.0.113.0/24"]
    assert balancer.tags["elbv2.k8s.aws/cluster"] == "ml"
    assert balancer.tags["service.k8s.aws/stack"] == "default/web"
    ips = {(item["status"]["podIP"], 8080) for item in world.pods(app="web")}
    assert set(balancer.target_groups[0].targets) == ips
    found = world.get(SERVICE, "web")
    assert found["spec"]["loadBalancerClass"] == "service.k8s.aws/nlb"
    assert found["metadata"]["finalizers"] == ["service.k8s.aws/resources"]


def test_a_service_outlives_its_controller_and_hangs_until_it_returns() -> None:
    world = world_of(controller=True)
    world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    world.create({**service(), "metadata": {"name": "web", "namespace": "team"}})
    world.settle()
    world.store.delete(DEPLOYMENT, "lbc", "kube-system")
    world.settle()
    world.store.delete(NAMESPACE, "team")
    world.settle()
    assert world.get(NAMESPACE, "team", None)["status"]["phase"] == "Terminating"
    assert len(world.cloud.load_balancers) == 1
    labels = {"app.kubernetes.io/name": CONTROLLER}
    world.create(workload("Deployment", "lbc", replicas=1, labels=labels, namespace="kube-system"))
    world.settle()
    assert (world.cloud.load_balancers, world.store.find(NAMESPACE, "team")) == ({}, None)


def test_a_service_that_is_no_longer_a_load_balancer_gives_it_back() -> None:
    world = world_of()
    world.create(service())
    world.settle()
    world.store.merge(SERVICE, "web", "default", {"spec": {"type": "ClusterIP"}})
    world.settle()
    assert world.cloud.load_balancers == {}
    assert "finalizers" not in world.get(SERVICE, "web")["metadata"]
    assert "ingress" not in world.get(SERVICE, "web")["status"]["loadBalancer"]


def test_a_class_of_somebody_else_is_left_alone() -> None:
    world = world_of(controller=True)
    world.create(service(loadBalancerClass="example.com/other"))
    world.settle()
    assert world.cloud.load_balancers == {}


def ingress(name: str, *, notes: Object | None = None, backend: str = "web", host: str = "a.example") -> Object:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}}
    spec = {"ingressClassName": "alb", "rules": [{"host": host, "http": {"paths": [path]}}]}
    marks = {f"alb.ingress.kubernetes.io/{key}": value for key, value in (notes or {}).items()}
    head = meta(name, **({"annotations": marks} if marks else {}))
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": head, "spec": spec}


def test_an_ingress_gets_an_application_load_balancer_and_takes_it_along() -> None:
    world = world_of(controller=True)
    world.create(service(type="ClusterIP"))
    notes = {
        "scheme": "internet-facing",
        "target-type": "ip",
        "certificate-arn": "arn:aws:acm:eu-west-1:1:certificate/a",
    }
    world.create(ingress("site", notes=notes))
    world.settle()
    (balancer,) = world.cloud.load_balancers.values()
    assert (balancer.kind, balancer.scheme) == ("application", "internet-facing")
    assert [(item.protocol, item.port, item.rules) for item in balancer.listeners] == [
        ("HTTPS", 443, [("a.example", "/", balancer.target_groups[0].name)])
    ]
    assert len(balancer.target_groups[0].targets) == 2
    assert balancer.tags["ingress.k8s.aws/stack"] == "default/site"
    status = world.get(INGRESS, "site")["status"]["loadBalancer"]["ingress"]
    assert status == [{"hostname": f"{balancer.name}.eu-west-1.elb.amazonaws.com"}]
    world.store.delete(INGRESS, "site", "default")
    world.settle()
    assert (world.cloud.load_balancers, world.store.find(INGRESS, "site", "default")) == ({}, None)


def test_ingresses_of_a_group_share_a_load_balancer_until_the_last_is_gone() -> None:
    world = world_of(controller=True)
    world.create(service(type="ClusterIP"))
    for name in ("one", "two"):
        world.create(ingress(name, notes={"group.name": "shared", "target-type": "ip"}, host=f"{name}.example"))
    world.settle()
    (balancer,) = world.cloud.load_balancers.values()
    assert [rule[0] for rule in balancer.listeners[0].rules] == ["one.example", "two.example"]
    world.store.delete(INGRESS, "one", "default")
    world.settle()
    (balancer,) = world.cloud.load_balancers.values()
    assert [rule[0] for rule in balancer.listeners[0].rules] == ["two.example"]
    world.store.delete(INGRESS, "two", "default")
    world.settle()
    assert world.cloud.load_balancers == {}


@pytest.mark.parametrize("controller", [True, False])
def test_an_ingress_without_its_controller_or_backend_says_so_or_nothing(controller: bool) -> None:
    world = world_of(controller=controller)
    world.create(ingress("site", backend="missing"))
    world.settle()
    said = world.said("site", "FailedBuildModel")
    assert said == (["Failed build model due to backend default/missing:80 was not found"] if controller else [])
    assert len(world.cloud.load_balancers) == int(controller)
