"""What is seen of an emulated cluster with a clock of its own, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from mlinfra.core.health import Health, Severity, Trouble
from mlinfra.health.backoff import STATUS
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Group, Seen
from mlinfra.sandbox.kubernetes.controllers.catalog import NODE
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.values import Object
from mlinfra.session.status.looking import KINDS
from tests.sandbox.kubernetes.controllers.clusters import GPU_TAINT, GPU_TOLERATION, World, workload

ONE_GPU = {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}
ON_GPUS: Object = {"tolerations": [GPU_TOLERATION], "nodeSelector": {"mlinfra/node-group": "gpu"}}
OWN = "mlinfra/node-group"


def world(*, gpus: int = 0, gpu_plugin: bool = True, autoscaler: bool = False) -> World:
    """Two plain nodes, and as many as asked with one GPU each."""
    made = World(Options(device_plugins="implied" if gpu_plugin else "required"))
    made.group("system", 2, labels={OWN: "system"})
    if gpus:
        made.group("gpu", gpus, ONE_GPU, labels={OWN: "gpu", "mlinfra/gpu": "A10G"}, taints=[GPU_TAINT])
    made.settle()
    if autoscaler:
        made.create(workload("Deployment", "cluster-autoscaler", replicas=1))
    made.settle()
    return made


def serve_with_gpus(made: World, name: str, replicas: int, gpus: int = 1) -> None:
    """An endpoint, as ours are."""
    requests = {"nvidia.com/gpu": str(gpus)}
    made.create(workload("Deployment", name, replicas=replicas, requests=requests, pod_spec=ON_GPUS))
    made.settle()


def groups(made: World, **gpu: Any) -> tuple[Group, ...]:
    """The groups, as the cloud would tell of them; of `gpu` what is given."""
    nodes = made.store.list(NODE)
    number = sum((node["metadata"].get("labels") or {}).get(OWN) == "gpu" for node in nodes)
    about: dict[str, Any] = {"maximum": number, "desired": number, "machines": number, **gpu}
    return (
        Group(name="system", maximum=3, desired=2, machines=2),
        Group(name="gpu", labels={"mlinfra/gpu": "A10G"}, **about),
    )


def cloud_groups(made: World, **gpu: Any) -> tuple[Group, ...]:
    """The groups as the cloud has them, with their machines; of `gpu` what else is given."""
    found = []
    for group in made.cloud.node_groups():
        here = {one.instance_id: "InService" for one in made.cloud.machines() if one.node_group == group.name}
        found.append(
            Group(
                name=group.name,
                minimum=group.minimum,
                maximum=group.maximum,
                desired=group.desired,
                machines=len(here),
                instances=here,
                labels=group.shapes[0].labels,
                scaling_groups=(group.name,),
                **(gpu if group.name == "gpu" else {}),
            )
        )
    return tuple(found)


def seen(made: World, **more: Any) -> Seen:
    """All that a look at the cluster shows."""
    objects: dict[str, tuple[Object, ...]] = {}
    for kind in (*KINDS, GroupVersionKind("", "v1", "Event")):
        gvk = GroupVersionKind(kind.group, kind.version, kind.name if hasattr(kind, "name") else kind.kind)
        if made.store.registry.get(gvk) is not None:
            objects[gvk.kind] = tuple(made.store.list(gvk))
    status = GroupVersionKind("", "v1", "ConfigMap")
    objects["ConfigMap"] = tuple(one for one in made.store.list(status) if one["metadata"]["name"] == STATUS)
    return Seen(now=made.clock(), objects=objects, **more)


def health_of(made: World, **more: Any) -> Health:
    """How it is."""
    return judge("recsys", seen(made, **more))


def only(health: Health) -> Trouble:
    """The one root cause that is worth getting up for."""
    found = [trouble for trouble in health.troubles if trouble.severity is not Severity.NOTE]
    assert len(found) == 1, "\n".join(f"{one.title}: {one.words}" for one in found) or "nothing is wrong"
    return found[0]
