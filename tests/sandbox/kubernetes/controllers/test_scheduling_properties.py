"""Whatever the pods and nodes: nothing is overbooked, nobody waits who fits, and every reason adds up."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mlinfra.sandbox.kubernetes.controllers.catalog import NODE
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.controllers.scheduling.placement import Placement
from mlinfra.sandbox.kubernetes.controllers.scheduling.scheduler import take_snapshot
from mlinfra.sandbox.kubernetes.pod_resources import requests
from mlinfra.sandbox.kubernetes.quantity import amounts

from .clusters import GPU_TAINT, GPU_TOLERATION, World, pod

NODES = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 4), st.booleans()), min_size=1, max_size=5)
PODS = st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 4), st.booleans()), min_size=1, max_size=10)


@settings(max_examples=40)
@given(NODES, PODS)
def test_scheduling_is_sound_and_complete(
    nodes: list[tuple[int, int, bool]], pods: list[tuple[int, int, bool]]
) -> None:
    world = World(Options(device_plugins="implied"))
    for number, (processors, gpus, tainted) in enumerate(nodes):
        capacity = {"cpu": str(processors), "memory": "64Gi", **({"nvidia.com/gpu": str(gpus)} if gpus else {})}
        world.group(f"g{number}", 1, capacity, taints=[GPU_TAINT] if tainted else [])
    for number, (processors, gpus, tolerant) in enumerate(pods):
        need = {"cpu": f"{processors}m", **({"nvidia.com/gpu": str(gpus)} if gpus else {})}
        world.create(pod(f"p{number}", need, tolerations=[GPU_TOLERATION] if tolerant else []))
    world.settle()

    tainted_nodes = {node["metadata"]["name"] for node in world.store.list(NODE) if node["spec"].get("taints")}
    for node in world.store.list(NODE):
        here = [item for item in world.pods() if item["spec"].get("nodeName") == node["metadata"]["name"]]
        allocatable = amounts(node["status"]["allocatable"])
        for name in ("cpu", "nvidia.com/gpu"):
            assert sum(requests(item).get(name, 0) for item in here) <= allocatable.get(name, 0)
    snapshot = take_snapshot(world.plane.cluster)
    for item in world.pods():
        home = item["spec"].get("nodeName")
        if home is not None:
            tolerant = GPU_TOLERATION in item["spec"]["tolerations"]
            assert tolerant or home not in tainted_nodes
            continue
        placement = Placement(item, snapshot)
        assert all(placement.refusal(info) is not None for info in snapshot.nodes.values())
        message = next(c["message"] for c in item["status"]["conditions"] if c["type"] == "PodScheduled")
        first, _, second = message.partition(" preemption: ")
        assert first.startswith(f"0/{len(nodes)} nodes are available: ")
        victims = [int(number) for number in re.findall(r"(\d+) (?:No preemption|Preemption is)", second)]
        assert sum(victims) == len(nodes)
