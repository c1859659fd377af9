"""The plugin that tells of a node's GPUs: nodes that have some and offer none, and what lies behind it.

For the judge of pods that wait, and for `turnover`. Kubernetes knows of a GPU only once a pod of NVIDIA's plugin runs
beside it; that takes a moment on every new node (github.com/NVIDIA/k8s-device-plugin, read November 2026).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mlinfra.health.rollouts import STARTING
from mlinfra.health.room import is_bare, listed
from mlinfra.health.seen import Live, Seen, condition, subject_of

PLUGIN = "NVIDIA device plugin"  # what findings call it
_PLUGIN = "nvidia-device-plugin"  # in the names of the chart's pods, and of the GPU operator's
_MOMENT = 120.0  # seconds from a plugin's start until the node says what it told


def untold(seen: Seen, moving: Collection[str]) -> tuple[str, str] | None:
    """What is said of the nodes whose GPUs nobody tells of, and what helps; nothing where there are none.

    moving: the nodes that have only just come, or are going.
    """
    bare = [node for node in seen.objects.get("Node", ()) if is_bare(node)]
    if not bare:
        return None
    late = late_nodes(seen, moving)
    if not late:
        there = "the node with GPUs is" if len(bare) == 1 else f"the {len(bare)} nodes with GPUs are"
        if any(condition(node, "Ready").get("status") != "True" for node in bare):
            return f"{there} only just starting", ""
        return f"{there} still to tell of them: the NVIDIA device plugin is starting there", ""
    there = "1 node with GPUs is there" if len(late) == 1 else f"{len(late)} nodes with GPUs are there"
    return f"no node offers any, although {there}", remedy_of(late, plugin_pods(seen))


def late_nodes(seen: Seen, moving: Collection[str]) -> list[Live]:
    """The nodes whose GPUs nobody tells of, and should by now. moving: those that have only just come, or are going."""
    pods = plugin_pods(seen)
    return [
        node
        for node in seen.objects.get("Node", ())
        if is_bare(node) and not is_told_soon(seen, node, pods, new=node["metadata"]["name"] in moving)
    ]


def behind(seen: Seen) -> frozenset[str]:
    """The subjects of all that the plugin is made of, there or not: its release, its DaemonSet, its pods."""
    told = {one.subject for one in seen.expected} | {one.subject for one in seen.missing}
    told |= {f"release {one.id}" for one in seen.releases}
    names = {one for one in told | seen.by_subject.keys() if _PLUGIN in one}
    return frozenset(names | {subject_of("Pod", pod) for pod in plugin_pods(seen).values()})


def remedy_of(nodes: list[Live], pods: Mapping[str, Live]) -> str:
    """What helps nodes whose GPUs nobody tells of."""
    if not pods:
        return "the NVIDIA device plugin tells of them, and it runs nowhere: see its DaemonSet (nvidia-device-plugin)"
    without = [str(node["metadata"]["name"]) for node in nodes if node["metadata"]["name"] not in pods]
    if without:
        told = f"node {without[0]}" if len(without) == 1 else f"nodes {listed(without)}"
        return f"the NVIDIA device plugin tells of them, and has no pod on {told}: see its tolerations and selector"
    pod = pods[nodes[0]["metadata"]["name"]]["metadata"]
    return f"the NVIDIA device plugin tells of them: see kubectl -n {pod.get('namespace')} logs {pod['name']}"


def is_told_soon(seen: Seen, node: Live, pods: Mapping[str, Live], *, new: bool) -> bool:
    """Whether its plugin has only just begun there, or is still to: `new` nodes get theirs where there is any."""
    pod = pods.get(node["metadata"]["name"])
    if pod is None:
        return bool(pods) and new
    ready = condition(pod, "Ready")
    began = ready.get("lastTransitionTime") or pod["metadata"].get("creationTimestamp")
    return seen.age(began) < (_MOMENT if ready.get("status") == "True" else STARTING)


def plugin_pods(seen: Seen) -> dict[str, Live]:
    """Its pods, by the node that each runs on."""
    found = {}
    for pod in seen.objects.get("Pod", ()):
        node = (pod.get("spec") or {}).get("nodeName")
        labels = (pod["metadata"].get("labels") or {}).values()
        if node and (_PLUGIN in pod["metadata"]["name"] or _PLUGIN in labels):
            found[str(node)] = pod
    return found
