"""Turnover: which machines go, which come in their place, and since when.

For judges: while a machine is being replaced, much is missing for some minutes, and nothing is to be done about it. A
machine is known by its instance id: the one that takes its place may bear the name that its node had. Words of who
empties a node: github.com/aws/aws-node-termination-handler (pkg/node, pkg/observability), karpenter.sh, "Disruption",
kubernetes/autoscaler (utils/taints); states of machines: Auto Scaling user guide, "Lifecycle" (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from mlinfra.health.plugins import is_told_soon, plugin_pods
from mlinfra.health.rollouts import since
from mlinfra.health.room import GROUP_LABEL, is_bare, listed, nodes_of
from mlinfra.health.seen import Group, Live, Seen, condition, counted

NEW = 600.0  # seconds in which a new node may become ready, and have its daemons
_ON_ITS_WAY = 900.0  # seconds that a machine may take until it joins
_BETWEEN = 60.0  # seconds that may lie between the two looks, at the cloud and at the cluster
_HANDLER = "aws-node-termination-handler/"
_INTERRUPTED = {f"{_HANDLER}{why}" for why in ("spot-itn", "rebalance-recommendation", "scheduled-maintenance")}
_ANNOUNCED = "SpotInterruption"
_SHORTLY = 900.0  # seconds that such an announcement holds for
DISRUPTED = "karpenter.sh/disrupted"
_UNNEEDED = "ToBeDeletedByClusterAutoscaler"
_INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b")
TAKEN_BACK = "AWS takes it back, a spot machine within two minutes"
_KARPENTER = "Karpenter takes it away"
_IDLE = "the autoscaler takes it away, for nobody needs it"
_SHRINKING = (_KARPENTER, _IDLE)  # nothing comes in their place, or Karpenter sees to that


class Turnover(msgspec.Struct, frozen=True, kw_only=True):
    """What moves in a group. ready: its nodes that stay and answer. going: the nodes that leave, and why.

    coming: how many of those that it wants are on their way. replaced: whether they come in the place of others.
    lasting: `, since 23:05 UTC (3 minutes)`; empty where nobody knows.
    """

    ready: int
    wanted: int
    going: Mapping[str, str]
    coming: int
    replaced: bool
    lasting: str

    @property
    def words(self) -> str:
        """`being replaced, 1 of 2 machines back: node a goes (AWS takes it back); another is starting`."""
        machines = counted(self.wanted, "machine")
        going = [f"node {name} goes ({why})" for name, why in sorted(self.going.items())]
        told = "; ".join([*([listed(going)] if going else []), *([self._arriving()] if self.coming else [])])
        if self.replaced:
            return f"being replaced, {self.ready} of {machines} back: {told}"
        return f"{self.ready} of {machines} ready: {told}"

    def _arriving(self) -> str:
        if self.replaced:
            what = "another is" if self.coming == 1 else f"{self.coming} others are"
        elif self.ready:
            what = "the other is" if self.coming == 1 else f"the other {self.coming} are"
        else:
            what = "it is" if self.coming == 1 else "they are"
        return f"{what} starting{self.lasting}"


def instance_of(node: Live) -> str:
    """The id of its machine; empty where the node does not say."""
    return str((node.get("spec") or {}).get("providerID") or "").rpartition("/")[2]


def is_new(seen: Seen, node: Live) -> bool:
    """Whether it joined so lately that what it lacks may yet come."""
    return 0 <= seen.age(node["metadata"].get("creationTimestamp")) < NEW


def is_starting(seen: Seen, node: Live) -> bool:
    """Whether it joined so lately that it may yet become ready. One that answered and fell silent is not starting."""
    return is_new(seen, node) and condition(node, "Ready").get("status") != "True" and not _is_silent(node)


def _is_silent(node: Live) -> bool:
    ready = condition(node, "Ready")
    return ready.get("status") == "Unknown" and ready.get("reason") != "NodeStatusNeverUpdated"


def leaving(seen: Seen) -> dict[str, str]:
    """The nodes that are on their way out, by name, and why."""
    groups = {group.name: group for group in seen.groups}
    announced = list(_announcements(seen))
    found = {}
    for node in seen.objects.get("Node", ()):
        group = groups.get((node["metadata"].get("labels") or {}).get(GROUP_LABEL, ""))
        if why := _why_leaving(node, announced) or (_as_the_cloud_says(seen, node, group) if group else ""):
            found[node["metadata"]["name"]] = why
    return found


def unsettled(seen: Seen) -> frozenset[str]:
    """The nodes that have only just come, or are going: what they lack is no trouble."""
    nodes = seen.objects.get("Node", ())
    new = {node["metadata"]["name"] for node in nodes if is_new(seen, node) and not _is_silent(node)}
    return frozenset(new | leaving(seen).keys())


def turnovers(seen: Seen) -> dict[str, Turnover]:
    """What moves in each group where something does, by its subject.

    What fails to come, and what takes too long, is no turnover: its judges say why.
    """
    going = leaving(seen)
    found = ((group.subject, _turnover(seen, group, going)) for group in seen.groups)
    return {subject: turnover for subject, turnover in found if turnover is not None}


def _turnover(seen: Seen, group: Group, going: Mapping[str, str]) -> Turnover | None:
    nodes = nodes_of(seen, group.name)
    mine = {node["metadata"]["name"]: going[node["metadata"]["name"]] for node in nodes if _is(node, going)}
    staying = [node for node in nodes if node["metadata"]["name"] not in mine]
    fresh = [node for node in staying if is_starting(seen, node) or _lacks_its_plugin(seen, node)]
    ready = [node for node in staying if node not in fresh and condition(node, "Ready").get("status") == "True"]
    unjoined = _unjoined(group, nodes)
    absent = max(0, group.desired - len(staying) - unjoined)
    stuck = bool(group.failure or group.problems) or group.status not in ("ACTIVE", "UPDATING")
    timely = group.launched is not None and (seen.now - group.launched).total_seconds() < _ON_ITS_WAY
    coming = 0 if stuck else len(fresh) + (unjoined if timely else 0) + absent
    coming = min(coming, max(0, group.desired - len(ready)))
    gone = group.ended is not None and (seen.now - group.ended).total_seconds() < _ON_ITS_WAY
    replaced = any(why not in _SHRINKING for why in mine.values()) or gone
    if not coming and not (replaced and mine and not stuck):
        return None
    moments = [str(node["metadata"].get("creationTimestamp")) for node in fresh]
    moments += [group.launched.isoformat()] if unjoined and timely and group.launched else []
    return Turnover(
        ready=min(len(ready), group.desired),
        wanted=group.desired,
        going=mine,
        coming=coming,
        replaced=replaced,
        lasting=since(seen, min(moments)) if moments else "",
    )


def _lacks_its_plugin(seen: Seen, node: Live) -> bool:
    """Whether it is new, and what tells of its GPUs is only just starting there."""
    return is_bare(node) and is_new(seen, node) and is_told_soon(seen, node, plugin_pods(seen), new=True)


def _is(node: Live, names: Mapping[str, str]) -> bool:
    return node["metadata"]["name"] in names


def _unjoined(group: Group, nodes: list[Live]) -> int:
    """How many of its machines are no nodes yet."""
    if group.instances is None:
        return max(0, group.machines - len(nodes))
    known = {instance_of(node) for node in nodes}
    return sum(one not in known and not state.startswith("Terminat") for one, state in group.instances.items())


def _why_leaving(node: Live, announced: list[Live]) -> str:
    spec = node.get("spec") or {}
    taints = {str(taint.get("key", "")) for taint in spec.get("taints") or ()}
    if not _INTERRUPTED.isdisjoint(taints) or any(_is_about(event, node) for event in announced):
        return TAKEN_BACK
    if DISRUPTED in taints:
        return _KARPENTER
    if _UNNEEDED in taints:
        return _IDLE
    if node["metadata"].get("deletionTimestamp"):
        return "it is being taken out of the cluster"
    return ""


def _as_the_cloud_says(seen: Seen, node: Live, group: Group) -> str:
    """Why it goes, from what the cloud knows of its machine. The cloud is asked before the cluster."""
    identity = instance_of(node)
    if group.instances is not None and identity:
        state = group.instances.get(identity, "")
        if not state and seen.age(node["metadata"].get("creationTimestamp")) > _BETWEEN:
            return "its machine is gone"
        if state.startswith("Terminat"):
            return "its group ends its machine"
    closed = (node.get("spec") or {}).get("unschedulable")
    return "its group is being updated" if closed and group.status == "UPDATING" else ""


def _announcements(seen: Seen) -> Iterator[Live]:
    """The events of late that say that a machine is taken back."""
    for event in seen.objects.get("Event", ()):
        about = (event.get("involvedObject") or {}).get("kind")
        if event.get("reason") == _ANNOUNCED and about == "Node" and seen.age(_moment(event)) < _SHORTLY:
            yield event


def _is_about(event: Live, node: Live) -> bool:
    """Whether an announcement means this machine. Its node's name says so only where no id does, and it was there."""
    told = " ".join([str(event.get("message")), *(event["metadata"].get("annotations") or {}).values()])
    identity, named = instance_of(node), set(_INSTANCE.findall(told))
    if identity and named:
        return identity in named
    about = event.get("involvedObject") or {}
    if about.get("name") != node["metadata"]["name"]:
        return False
    if about.get("uid") == node["metadata"].get("uid"):
        return True
    return str(_moment(event)) >= str(node["metadata"].get("creationTimestamp"))


def _moment(event: Live) -> object:
    return event.get("lastTimestamp") or event.get("eventTime")
