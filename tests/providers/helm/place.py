"""A place for tests to put releases in: a provider of one cluster, a namespace, a stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from mlinfra.core.address import Address
from mlinfra.core.clock import SystemClock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import Field
from mlinfra.core.provider import Interest, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.value import Properties, Secret
from mlinfra.engine.diff import compare
from mlinfra.providers.helm.cluster import Cluster
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.release_type import RELEASE, RELEASE_TYPE
from mlinfra.providers.helm.sdk import SdkHelm
from mlinfra.providers.helm.store import ChartStore
from mlinfra.providers.helm.work import Means
from tests.providers.helm.cluster import Emulated

CHARTS = Path(__file__).parent / "charts"


class Journal:
    """What a provider said while it worked."""

    def __init__(self) -> None:
        self.made_ids: list[str] = []
        self.said: list[str] = []

    def made(self, id: str) -> None:
        self.made_ids.append(id)

    def say(self, progress: str) -> None:
        self.said.append(progress)

    def check(self) -> None:
        pass

    def fence(self) -> None:
        pass


def nothing_secret(secret: Secret) -> str:
    raise AssertionError(f"nobody needs {secret!r}")


LOCAL = ChartStore(Path("/nonexistent"), nothing_secret)  # for charts that lie in folders


class Place:
    """Releases of one stack in one namespace. `http` speaks to its cluster behind everybody's back."""

    endpoint: ClusterEndpoint
    http: httpx.Client
    helm: SdkHelm
    means: Means

    def __init__(self, provider: HelmProvider, cluster: Cluster, number: int) -> None:
        self.provider, self.cluster = provider, cluster
        self.namespace = f"test-{number}"
        self.ownership = Ownership(f"stack-{number}", "0123456789abcdef")
        self.journal = Journal()

    @classmethod
    def within(cls, emulated: Emulated, number: int) -> Place:
        """A place in an emulated cluster."""
        helm, cluster = SdkHelm(emulated.endpoint), emulated.live
        means = Means(helm=helm, cluster=cluster, charts=LOCAL, clock=SystemClock(), root=CHARTS)
        place = cls(HelmProvider(means), cluster, number)
        place.endpoint, place.http = emulated.endpoint, emulated.http
        place.helm, place.means = helm, means
        return place

    def target(self, properties: Properties, id: str = "", address: str = "runtimes.web") -> Target:
        owner = Owner.under(self.ownership, Address(address), 1, protect=False)
        base = {"name": "web", "namespace": self.namespace, "createNamespace": True, "timeout": 60}
        return Target(address=Address(address), type=RELEASE, owner=owner, properties={**base, **properties}, id=id)

    def make(self, **properties: Any) -> Present:
        target = self.target({"chart": "web", "manifest": {}, **properties})
        return self.provider.create(target, self.journal)

    def change(self, prior: Present, last: Properties, **properties: Any) -> Present:
        """Bring a release to properties, as the engine would."""
        wanted = self.target({"chart": "web", "manifest": {}, **properties}, id=prior.id)
        return self.provider.update(wanted, prior, self.difference(prior, last, **properties), self.journal)

    def difference(self, seen: Present, last: Properties | None = None, **properties: Any) -> frozenset[Any]:
        return frozenset(field.path for field in self.fields(seen, last, **properties))

    def fields(self, seen: Present, last: Properties | None = None, **properties: Any) -> tuple[Field, ...]:
        desired = self.target({"chart": "web", "manifest": {}, **properties}).properties
        before = self.target({"chart": "web", "manifest": {}, **(properties if last is None else last)}).properties
        return compare(RELEASE_TYPE, desired, before, seen.properties).fields

    def listed(self, *names: str) -> tuple[Present, ...]:
        listing = self.provider.list({RELEASE: Interest(names=frozenset(names))}, self.ownership)[RELEASE]
        assert not listing.incomplete
        return listing.objects

    def delete(self, path: str) -> None:
        """Delete something behind everybody's back: `services/web`."""
        base = "apis/apps/v1" if path.startswith("deployments") else "api/v1"
        answer = self.http.delete(f"/{base}/namespaces/{self.namespace}/{path}")
        assert answer.status_code == 200, answer.text

    def live(self, kind: str, name: str, api_version: str = "v1") -> Any:
        return self.cluster.get(api_version, kind, self.namespace, name)
