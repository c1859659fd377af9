"""What was seen of a stack: the facts that judges are given, and ways to find one's way among them.

The session reads them (`session.looking`). Objects of the cluster are the API's own, as plain data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import msgspec

from mlinfra.core.backend import Holder
from mlinfra.core.facts import InstanceType
from mlinfra.core.state import Failure, Intent

Live = Mapping[str, Any]

_MADE_BY = {"apps": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), "batch": ("Job",)}


class Choice(msgspec.Struct, frozen=True):
    """A type that a new machine of a group may be of; without a name where that is not known.

    offers: amounts of what pods ask for. labels: those that the group's own do not tell, each with its possible values.
    """

    type: str = ""
    offers: Mapping[str, str] = {}
    labels: Mapping[str, tuple[str, ...]] = {}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of nodes, as the cloud has it.

    name: the stack's own (`gpu`). problems: what the cloud says is wrong with it. failure: why its last try to get a
    machine failed; empty where that succeeded. hindered: the same, where nobody misses it any more. recovered: whether
    a later try of its own succeeded. stood_in: whether a machine that is bought or chosen otherwise came since.
    labels, taints, offers: what a new machine of it has, as far as the cloud tells: taints as Kubernetes spells them,
    and amounts of what pods ask for. zones: where it may lie; none where that is not known.
    pool: whether Karpenter makes its machines, one by one. choices: the types that it takes for that, where they are
    known; a new machine has what one of them has.
    instances: the machines that it has, by id, each with its state in its scaling group; `None` where nobody says.
    launched, ended: when it last began to start a machine, and to end one that it was to keep.
    scaling_groups: the names of the scaling groups behind it, as an autoscaler knows it by.
    failing: since when every try for a machine failed, where that is known.
    """

    name: str
    status: str = "ACTIVE"
    minimum: int = 0
    maximum: int = 0
    desired: int = 0
    machines: int = 0
    problems: tuple[str, ...] = ()
    failure: str = ""
    hindered: str = ""
    recovered: bool = False
    stood_in: bool = False
    labels: Mapping[str, str] = {}
    taints: tuple[Mapping[str, str], ...] = ()
    offers: Mapping[str, str] = {}
    zones: tuple[str, ...] = ()
    pool: bool = False
    choices: tuple[Choice, ...] = ()
    instances: Mapping[str, str] | None = None
    launched: datetime | None = None
    ended: datetime | None = None
    scaling_groups: tuple[str, ...] = ()
    failing: datetime | None = None

    @property
    def subject(self) -> str:
        """What findings call it."""
        if self.pool and self.status == "GONE":
            return f"NodePool {self.name}"
        return f"node pool {self.name}" if self.pool else f"node group {self.name}"


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """A managed control plane. problems: what the cloud says is wrong with it."""

    name: str
    status: str
    problems: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What findings call it."""
        return f"cluster {self.name}"


class AddOn(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on of the cluster, as the cloud has it. problems: what the cloud says is wrong with it."""

    name: str
    status: str
    problems: tuple[str, ...] = ()
    address: str = ""


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """A database that an entry of the stack keeps records in. status: RDS's; `gone` where it has none of that name."""

    name: str
    status: str
    address: str

    @property
    def subject(self) -> str:
        """What findings call it."""
        return f"database {self.name}"


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Where a load balancer of the stack sends requests. ill: why targets get none, in the cloud's words, each once.

    healthy, starting: how many of `total` answer, and how many have only just been registered.
    """

    name: str
    address: str
    total: int = 0
    healthy: int = 0
    starting: int = 0
    ill: tuple[str, ...] = ()


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A Helm release: the status of its last revision, and what it is made of (`Deployment a/b`).

    lost: the kinds that its chart defines and that the cluster does not have any more, each in a sentence.
    """

    id: str
    number: int
    status: str
    description: str = ""
    objects: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()


class Missing(msgspec.Struct, frozen=True):
    """Something that the stack made and that is not in the cluster any more, and where the stack declares it.

    kind: of the object. unserved: whether the cluster does not even have the kind. inputs: what it was made of.
    """

    subject: str
    kind: str
    address: str
    unserved: bool = False
    inputs: Mapping[str, Any] = {}


class Declared(msgspec.Struct, frozen=True):
    """How many replicas of a workload the stack declares at least, where it does so, and what keeps them at that.

    keeper: the autoscaler's subject; empty where the workload itself says its number.
    """

    subject: str
    replicas: int
    address: str
    keeper: str = ""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A workload that a module of the stack promises, and where the stack names that module."""

    subject: str
    address: str


class Seen(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All of it, at one moment.

    applied: whether anything of the stack was made. pending: what an interrupted run had begun. failures: what the
    last run could not do.
    holder: who holds the lock.
    missing: what of the stack is not there any more. declared: how many replicas it wants.
    types: what is known of instance types.
    objects: by kind. namespaces: those that are looked at; `None` for all. addresses: what the stack causes, by
    subject.
    """

    now: datetime
    applied: bool = True
    pending: tuple[Intent, ...] = ()
    failures: tuple[Failure, ...] = ()
    holder: Holder | None = None
    cluster: Cluster | None = None
    groups: tuple[Group, ...] = ()
    types: Mapping[str, InstanceType] = {}
    add_ons: tuple[AddOn, ...] = ()
    targets: tuple[Targets, ...] = ()
    databases: tuple[Database, ...] = ()
    objects: Mapping[str, tuple[Live, ...]] = {}
    releases: tuple[Release, ...] = ()
    expected: tuple[Expected, ...] = ()
    missing: tuple[Missing, ...] = ()
    declared: tuple[Declared, ...] = ()
    namespaces: frozenset[str] | None = None
    addresses: Mapping[str, str] = {}

    def each(self, kind: str) -> Iterable[Live]:
        """The objects of a kind in the namespaces that are looked at; those that are going are left out."""
        for live in self.objects.get(kind, ()):
            namespace = live["metadata"].get("namespace")
            if live["metadata"].get("deletionTimestamp"):
                continue
            if namespace is None or self.namespaces is None or namespace in self.namespaces:
                yield live

    @cached_property
    def by_subject(self) -> Mapping[str, Live]:
        """Every object, by what findings call it."""
        return {subject_of(kind, live): live for kind, objects in self.objects.items() for live in objects}

    @cached_property
    def _pods_by_owner(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for pod in self.objects.get("Pod", ()):
            found[self.owner_of(pod)].append(subject_of("Pod", pod))
        return found

    def pods_of(self, subject: str) -> frozenset[str]:
        """The subjects of the pods that a workload has."""
        return frozenset(self._pods_by_owner.get(subject, ()))

    def owner_of(self, live: Live) -> str:
        """The workload that an object stands for, however many controllers are in between; empty for none."""
        owner = ""
        for _ in range(3):  # a pod of a ReplicaSet of a Deployment
            found = controller_of(live)
            if not found:
                break
            owner = f"{found['kind']} {live['metadata'].get('namespace', '')}/{found['name']}"
            live = self.by_subject.get(owner, {"metadata": {}})
        return owner

    def pods_behind(self, namespace: str, service: str) -> frozenset[str]:
        """The subjects of the pods, and of their workloads, that a service selects."""
        found = self.by_subject.get(f"Service {namespace}/{service}")
        selector = ((found or {}).get("spec") or {}).get("selector") or {}
        if not selector:
            return frozenset()
        behind = {
            name
            for pod in self.objects.get("Pod", ())
            if pod["metadata"].get("namespace") == namespace and selects(selector, pod)
            for name in (subject_of("Pod", pod), self.owner_of(pod))
        }
        behind |= {
            subject_of(kind, live)
            for kind in _MADE_BY["apps"]
            for live in self.objects.get(kind, ())
            if live["metadata"].get("namespace") == namespace
            and selects(selector, (live.get("spec") or {}).get("template") or {"metadata": {}})
        }
        return frozenset(behind)

    def databases_of(self, subject: str) -> frozenset[str]:
        """The subjects of the databases of the entry that brings a workload."""
        brings = {one.address for one in self.expected if one.subject == subject}
        return frozenset(
            one.subject for one in self.databases if any(one.address.startswith(f"{entry}.") for entry in brings)
        )

    def warning_about(self, live: Live) -> str:
        """What the newest warning about an object says."""
        uid = live["metadata"].get("uid", "")
        found = [
            event
            for event in self.objects.get("Event", ())
            if event.get("type") == "Warning" and (event.get("involvedObject") or {}).get("uid") == uid
        ]
        newest = max(found, key=lambda e: str(e.get("lastTimestamp") or e.get("eventTime") or ""), default={})
        return short(newest.get("message"))

    def age(self, text: object) -> float:
        """The seconds since a moment that the API names; 0 where it names none."""
        moment = self.moment(text)
        return 0.0 if moment is None else (self.now - moment).total_seconds()

    def moment(self, text: object) -> datetime | None:
        """The moment that the API names; nothing for what is none, or has no zone."""
        try:
            found = datetime.fromisoformat(str(text))
        except ValueError:
            return None
        return found if found.tzinfo is not None else None


def subject_of(kind: str, live: Live) -> str:
    """What findings call an object."""
    metadata = live["metadata"]
    namespace = metadata.get("namespace", "")
    return f"{kind} {namespace}/{metadata['name']}" if namespace else f"{kind} {metadata['name']}"


def controller_of(live: Live) -> Mapping[str, Any] | None:
    """The owner that makes it what it is."""
    owners = live["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def selects(selector: Mapping[str, str], live: Live) -> bool:
    """Whether an object has all these labels."""
    labels = (live.get("metadata") or {}).get("labels") or {}
    return all(labels.get(key) == value for key, value in selector.items())


def condition(live: Live, type: str) -> Mapping[str, Any]:
    """The condition of that type; empty where the object has none."""
    conditions = (live.get("status") or {}).get("conditions") or ()
    return next((found for found in conditions if found.get("type") == type), {})


def clock_time(now: datetime, text: object) -> str:
    """` at 23:05 UTC`, with the day where that is another; empty where the text names no moment."""
    try:
        moment = datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return ""
    return f" at {moment:%H:%M} UTC" + ("" if moment.date() == now.astimezone(UTC).date() else f" on {moment:%Y-%m-%d}")


def short(text: object, longest: int = 300) -> str:
    """One line of what somebody else wrote, not too long."""
    said = " ".join(str(text or "").split())
    return said if len(said) <= longest else f"{said[: longest - 1]}…"


def counted(number: int, what: str) -> str:
    """`1 pod`, `2 pods`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
