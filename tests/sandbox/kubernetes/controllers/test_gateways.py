"""Pods behind load balancers that somebody else made, and ingresses of a controller in the cluster."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT, INGRESS, SERVICE, TARGET_GROUP_BINDING
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.controllers.programs import LOAD_BALANCER_CONTROLLER
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import World, container, meta, workload

_GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
_KINDS = (
    Kind(
        group="elbv2.k8s.aws",
        version="v1beta1",
        kind="TargetGroupBinding",
        plural="targetgroupbindings",
        singular="targetgroupbinding",
        namespaced=True,
        subresources=("status",),
        custom=True,
    ),
)


def world_of(*, controller: bool = True) -> World:
    world = World(Options(standing=frozenset({LOAD_BALANCER_CONTROLLER} if controller else ())), _KINDS)
    world.group("system", 2)
    world.create(workload("Deployment", "web", replicas=2))
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    spec: Object = {"selector": {"app": "web"}, "ports": ports}
    world.create({"apiVersion": "v1", "kind": "Service", "metadata": meta("web"), "spec": spec})
    spec = {"targetGroupARN": _GROUP, "targetType": "ip", "serviceRef": {"name": "web", "port": 80}}
    kind = {"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding"}
    world.create({**kind, "metadata": meta("web"), "spec": spec})
    world.settle()
    return world


def _ready(world: World) -> set[tuple[str, int]]:
    return {(item["status"]["podIP"], 8080) for item in world.pods(app="web")}


def test_ready_pods_are_registered_as_they_come_and_go() -> None:
    world = world_of()
    assert set(world.cloud.targets[_GROUP]) == _ready(world)
    assert len(_ready(world)) == 2
    world.store.merge(DEPLOYMENT, "web", "default", {"spec": {"replicas": 3}})
    world.settle()
    assert set(world.cloud.targets[_GROUP]) == _ready(world)
    assert len(_ready(world)) == 3
    world.store.delete(SERVICE, "web", "default")
    world.settle()
    assert world.cloud.targets[_GROUP] == ()


def test_a_pod_that_waits_for_its_load_balancer_is_ready_once_it_is_registered() -> None:
    def is_ready(controller: bool) -> bool:
        world = world_of(controller=controller)
        gates = [{"conditionType": "target-health.elbv2.k8s.aws/web"}]
        gated = {"containers": [container()], "readinessGates": gates}
        world.store.merge(DEPLOYMENT, "web", "default", {"spec": {"template": {"spec": gated}}})
        world.settle()
        (newest,) = {item["metadata"]["labels"]["pod-template-hash"] for item in gated_pods(world)} or {""}
        pods = [item for item in gated_pods(world) if item["metadata"]["labels"]["pod-template-hash"] == newest]
        if controller:
            assert {(item["status"]["podIP"], 8080) for item in pods} == set(world.cloud.targets[_GROUP])
        return bool(pods) and all(conditions.holds(item, "Ready") for item in pods)

    def gated_pods(world: World) -> list[Object]:
        return [item for item in world.pods(app="web") if item["spec"].get("readinessGates")]

    assert is_ready(True)
    assert not is_ready(False)


def test_a_binding_takes_its_targets_along() -> None:
    world = world_of()
    assert world.get(TARGET_GROUP_BINDING, "web")["metadata"]["finalizers"] == ["elbv2.k8s.aws/resources"]
    world.store.delete(TARGET_GROUP_BINDING, "web", "default")
    world.settle()
    assert world.cloud.targets[_GROUP] == ()
    assert world.store.find(TARGET_GROUP_BINDING, "web", "default") is None


def test_without_its_controller_nobody_registers_anything() -> None:
    assert world_of(controller=False).cloud.targets == {}


def _ingress(world: World, class_name: str) -> Object:
    spec = {"ingressClassName": class_name, "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    world.create({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta("web"), "spec": spec})
    world.settle()
    return world.get(INGRESS, "web")


def test_an_ingress_is_told_where_the_controller_of_its_class_is_reached() -> None:
    arguments = ["--ingress-class=inner", "--publish-status-address=lb.example.com"]
    world = world_of()
    world.create(workload("Deployment", "x", replicas=1, pod_spec={"containers": [container(args=arguments)]}))
    found = _ingress(world, "inner")["status"]["loadBalancer"]["ingress"]
    assert found == [{"hostname": "lb.example.com"}]


def test_what_stands_in_for_the_controller_is_known_by_its_name() -> None:
    world = world_of()
    assert "ingress" not in _ingress(world, "inner").get("status", {}).get("loadBalancer", {})
    world.create(workload("Deployment", "inner-controller", replicas=1))
    world.settle()
    assert world.get(INGRESS, "web")["status"]["loadBalancer"]["ingress"] == [{"hostname": "inner.sandbox"}]
