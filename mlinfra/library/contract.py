"""The contract of what runs on a cluster: what a module brings there, what that needs, and how it goes again.

A component or a runtime declares one as its `CONTRACT`. It is checked when the module is loaded, shown by
`mlinfra modules show`, and the shape that all add-ons share is made from it (`addon`). Data alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

# https://kubernetes.io/docs/concepts/security/pod-security-standards/ (November 2026)
Level = Literal["restricted", "baseline", "privileged"]

_DAY = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A Helm chart, pinned.

    repository: the URL of the chart repository; of a registry, the `oci://` URL that the chart lies below.
    digest: of the packed chart (`sha256:...`), where it is known. app_version: of the program in it.
    source: where the chart is developed, at the commit or tag that was looked at. looked_up: the day of that.
    """

    name: str
    version: str
    repository: str
    source: str
    looked_up: str
    digest: str = ""
    app_version: str = ""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A container image that is run from manifests of our own, with the source of what is known of it.

    digest: `sha256:...`; with it a tag that is moved changes nothing.
    """

    name: str
    tag: str
    source: str
    looked_up: str
    digest: str = ""

    @property
    def reference(self) -> str:
        """As a pod names it."""
        return f"{self.name}:{self.tag}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"


# Those who may come into a namespace: pods of any namespace; whatever address there is, load balancers among them;
# the control plane, which calls webhooks and API services, and which no policy can tell from other addresses.
Caller = Literal["pods", "anybody", "control-plane"]


class Entrance(msgspec.Struct, frozen=True):
    """A way into a namespace from outside of it: `Entrance("control-plane", (9443,))`.

    ports: those that the pods listen on, whatever their services call them; none: all.
    """

    who: Caller
    ports: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.who} to {', '.join(map(str, self.ports)) or 'every port'}"


class Namespace(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace, and the pod-security level that its pods keep to.

    because: why its pods cannot keep to one that is safe; stands on the namespace, where policies look for it.
    entrances: who comes in besides its own pods and what reads metrics, `()` for nobody: all others are kept out.
    `None`: nobody has looked it up, and everybody comes in. made: whether the module makes it; Kubernetes' own, and
    those of other modules, are only used.
    """

    name: str
    level: Level = "restricted"
    because: str = ""
    entrances: tuple[Entrance, ...] | None = None
    made: bool = True


class Definition(msgspec.Struct, frozen=True):
    """A kind that it defines: `Definition("scaledobjects.keda.sh", "ScaledObject", ("v1alpha1",))`.

    versions: those that are served, the stored one first. namespaced: whether its objects lie in namespaces.
    """

    name: str
    kind: str
    versions: tuple[str, ...]
    namespaced: bool = True

    @property
    def group(self) -> str:
        """What the names of its versions begin with."""
        return self.name.partition(".")[2]


class Workload(msgspec.Struct, frozen=True):
    """What must become ready: `Workload("Deployment", "keda", "keda-operator")`.

    chart: the one that brings it; empty for the main one. Of a chart that is installed more than once, `{release}`
    stands for the name of a release, in names and namespaces.
    nodes: the label of the nodes that it runs on alone, as the chart or its values say; empty for all.
    among: the value of the chart that lists what that label may say; empty for anything.
    affinity: instead of both, the value of the chart that says in Kubernetes' own words where it runs.
    """

    kind: Literal["Deployment", "StatefulSet", "DaemonSet"]
    namespace: str
    name: str
    chart: str = ""
    nodes: str = ""
    among: str = ""
    affinity: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a role may do, on what, if what.

    In texts, keys included, `{partition}`, `{region}`, `{account}` and `{cluster}` stand for those of the stack, and
    other names for what the module gives (`{bucket}`).
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    conditions: dict[str, dict[str, Any]] = {}


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """What the pods of one service account may do in AWS; they get it by pod identity."""

    service_account: str
    namespace: str
    statements: tuple[Statement, ...]


class Credential(msgspec.Struct, frozen=True):
    """A secret that the module makes or needs, and what it is for. Its value is in no contract."""

    name: str
    purpose: str


class Rival(msgspec.Struct, frozen=True):
    """What cannot be in the same stack, and why: `Rival("gpu-operator", "...", kind="chart")`.

    kind: a module; or what the stack installs besides, a chart, an add-on of EKS, an object by its name.
    part: of a chart, the value that says whether it brings what they would quarrel about. by_default: whether it does
    where the release says nothing of that.
    """

    name: str
    reason: str
    kind: Literal["module", "chart", "addon", "object"] = "module"
    part: str = ""
    by_default: bool = True

    def __str__(self) -> str:
        of = {"module": "", "chart": "the chart ", "addon": "the EKS add-on "}.get(self.kind, "")
        return f"{of}{self.name}{f' ({self.part})' if self.part else ''}: {self.reason}"


class Teardown(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes.

    recipe: in one sentence, for people.
    drain: the kinds whose objects must be gone while the controller still lives (`NodePool.karpenter.sh`).
    keeps: what outlives it, and how that is removed.
    """

    recipe: Annotated[str, Meta(min_length=1)]
    drain: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """All that a module brings onto a cluster.

    charts: the main one last, after those of its CRDs. extras: charts that come after it, or one for each entry.
    images: of manifests of our own.
    crds: the kinds that it defines. apis: of the API services that it registers.
    cloud: the types of what it makes in AWS, roles and pod identities aside.
    dashboards: their titles. sign_in: how people prove who they are; empty where there is nothing to look at.
    """

    charts: tuple[Chart, ...] = ()
    extras: tuple[Chart, ...] = ()
    images: tuple[Image, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    crds: tuple[Definition, ...] = ()
    apis: tuple[str, ...] = ()
    workloads: tuple[Workload, ...] = ()
    permissions: tuple[Permission, ...] = ()
    cloud: tuple[str, ...] = ()
    secrets: tuple[Credential, ...] = ()
    dashboards: tuple[str, ...] = ()
    sign_in: str = ""
    rivals: tuple[Rival, ...] = ()
    teardown: Teardown | None = None

    @property
    def chart(self) -> Chart:
        """The chart of the program itself."""
        return self.charts[-1]

    def brought_by(self, chart: Chart) -> tuple[Workload, ...]:
        """The workloads of one of its charts."""
        main = bool(self.charts) and chart is self.chart
        return tuple(one for one in self.workloads if one.chart == chart.name or (main and not one.chart))

    @property
    def every_chart(self) -> tuple[Chart, ...]:
        """All of them."""
        return (*self.charts, *self.extras)

    @property
    def unique(self) -> tuple[str, ...]:
        """The names of what a cluster has once, whoever brings it."""
        return (*(one.name for one in self.crds), *self.apis)

    @property
    def namespace(self) -> Namespace:
        """Where it lives."""
        return self.namespaces[0]


def breaches(contract: Contract) -> Iterator[str]:
    """What a contract lacks, or contradicts itself in; one sentence each."""
    if contract.teardown is None:
        yield "its CONTRACT has no teardown recipe; expected teardown=Teardown(recipe=...)"
    known = {namespace.name for namespace in contract.namespaces}
    if (contract.charts or contract.images) and not known:
        yield "its CONTRACT has no namespaces; expected namespaces=(Namespace(...),)"
    used = [(str(one), one.namespace) for one in contract.workloads]
    used += [(f"service account {one.service_account}", one.namespace) for one in contract.permissions]
    for what, namespace in used:
        if namespace not in known:
            yield f"its CONTRACT has {what}, and no namespace {namespace}"
    facts: tuple[Chart | Image, ...] = (*contract.every_chart, *contract.images)
    for fact in facts:
        if not _DAY.fullmatch(fact.looked_up) or not fact.source.startswith("https://"):
            yield f"its CONTRACT does not say where and when {fact.name} was looked up"
    for chart in contract.every_chart:
        if not chart.repository.startswith(("https://", "oci://")):
            yield f"its CONTRACT has {chart.name} from {chart.repository}; expected https:// or oci://"
