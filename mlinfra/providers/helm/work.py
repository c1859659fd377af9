"""Work: one release that is being made, changed or removed, and what is needed for it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import msgspec

from mlinfra.core.clock import Clock
from mlinfra.core.provider import Operation, Target
from mlinfra.core.value import Properties
from mlinfra.providers.helm.chart import Chart, adapts
from mlinfra.providers.helm.charts import ChartSource
from mlinfra.providers.helm.cluster import Cluster
from mlinfra.providers.helm.helm import Capabilities, Helm, Wish
from mlinfra.providers.helm.marks import Memory, labels
from mlinfra.providers.helm.reference import reference_of
from mlinfra.providers.helm.release_type import HISTORY, TIMEOUT
from mlinfra.providers.helm.releases import Release, read_release


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What releases of one cluster are worked on with. root: the folder that relative paths of charts are below."""

    helm: Helm
    cluster: Cluster
    charts: ChartSource
    clock: Clock
    root: Path = Path()


class Work:
    """One release."""

    def __init__(self, target: Target, means: Means, operation: Operation, capabilities: Capabilities) -> None:
        self.target, self.operation, self.capabilities = target, operation, capabilities
        self.helm, self.cluster, self.clock = means.helm, means.cluster, means.clock
        self._charts, self._root = means.charts, means.root
        # Those that were applied for it, and what we have of each, to be remembered with it.
        self.definitions: tuple[str, ...] = ()
        self.holdings: tuple[str, ...] = ()

    @cached_property
    def chart(self) -> Chart:
        """The chart, fetched if need be."""
        return self._charts.chart(reference_of(self.properties, self._root))

    @property
    def properties(self) -> Properties:
        """What is wanted."""
        return self.target.properties

    @cached_property
    def namespace(self) -> str:
        """Of the release."""
        return str(self.properties.get("namespace") or "default")

    @cached_property
    def name(self) -> str:
        """Of the release."""
        return str(self.properties["name"])

    @property
    def id(self) -> str:
        """What the release is called among all."""
        return f"{self.namespace}/{self.name}"

    def flag(self, name: str) -> bool:
        """Whether a property that is true or false was set to true."""
        return self.properties.get(name) is True

    def release(self) -> Release | None:
        """The release as it is now."""
        return read_release(self.cluster, self.namespace, self.name)

    def wish(self, revision: int, *, values: Properties | None = None, check: bool = True) -> Wish:
        """The release as it should be, to become revision `revision`.

        `values`: others than its own, that stand in for what is not known yet; they need not fit the chart's schema.
        """
        given = self.properties
        pinned = "@sha256:" in str(given.get("version") or "")
        memory = Memory(
            digest=self.chart.digest if pinned else "",
            revision=revision,
            kubernetes=self.capabilities.kubernetes if adapts(self.chart) else "",
            definitions=self.definitions,
            holdings=self.holdings,
        )
        return msgspec.structs.replace(
            self.manner(),
            chart=self.chart.path,
            values=(given.get("values") or {}) if values is None else values,
            labels=labels(self.target.owner, memory),
            description=given.get("description") or "",
            create_namespace=self.flag("createNamespace"),
            take_ownership=self.flag("takeOwnership"),
            check_values=check,
            check_objects=not self.flag("disableOpenapiValidation"),
        )

    def manner(self) -> Wish:
        """How to go about it, without what it should be: enough to go back, or to remove it."""
        given = self.properties
        history = given.get("maxHistory")
        return Wish(
            name=self.name,
            namespace=self.namespace,
            timeout=given.get("timeout") or TIMEOUT,
            wait=not self.flag("skipAwait"),
            jobs=self.flag("waitForJobs"),
            hooks=not self.flag("disableWebhooks"),
            replace_objects=self.flag("forceUpdate"),
            cleanup=self.flag("cleanupOnFail"),
            history=HISTORY if history is None else history,
        )
