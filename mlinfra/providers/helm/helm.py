"""The port behind which Helm lies: what we ask of it, and no more.

The provider calls it; `sdk` (the Helm SDK, within this process) and `binary` (the `helm` program) implement it. Charts
are local by the time they come here, releases are read by `releases`, straight from the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec


class Capabilities(msgspec.Struct, frozen=True):
    """What a chart may know of the cluster while it renders.

    kubernetes: the version (`1.33`, `v1.33.4`); empty for what Helm takes by itself.
    apis: group versions (`apps/v1`) and kinds (`apps/v1/Deployment`).
    """

    kubernetes: str = ""
    apis: tuple[str, ...] = ()


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A release as it should be.

    chart: the folder or archive. labels: of the Secret that Helm keeps the release in, its first one included.
    timeout: seconds for each thing that is waited for. wait: until all objects are ready; `jobs` also for Jobs.
    check_values: against the chart's schema. check_objects: against that of the cluster.
    """

    name: str
    namespace: str
    chart: Path = Path()
    values: Mapping[str, Any] = {}
    labels: Mapping[str, str] = {}
    description: str = ""
    timeout: int = 300
    wait: bool = True
    jobs: bool = False
    hooks: bool = True
    create_namespace: bool = False
    take_ownership: bool = False
    replace_objects: bool = False
    check_values: bool = True
    check_objects: bool = True
    cleanup: bool = False
    history: int = 10


class Rendering(msgspec.Struct, frozen=True):
    """What a chart comes to with some values.

    templates: what each of its templates renders to, hooks included, by path. crds: the texts of its crds/ folders,
    those of the subcharts in use included, by path. notes: for people.
    """

    templates: Mapping[str, str]
    crds: Mapping[str, str] = {}
    notes: str = ""


class HelmError(Exception):
    """Helm's own words on what went wrong."""


class Helm(Protocol):
    """Helm, connected to one cluster. Safe to share between threads, for different releases.

    Every method but `render` changes the cluster and raises `HelmError` where it does not get through with it.
    """

    def render(self, wish: Wish, capabilities: Capabilities, *, upgrade: bool) -> Rendering:
        """Render offline: no cluster is asked. Raises `HelmError`."""
        ...

    def install(self, wish: Wish, running: Running) -> None:
        """Make a release. CRDs of the chart are left alone."""
        ...

    def upgrade(self, wish: Wish, running: Running) -> None:
        """Make a new revision of a release, from the chart's defaults and the values of the wish alone."""
        ...

    def rollback(self, wish: Wish, revision: int, running: Running) -> None:
        """Make a new revision like an earlier one. Of the wish, only how to go about it counts."""
        ...

    def uninstall(self, wish: Wish, running: Running) -> None:
        """Remove a release with its history; one that is not there is no error."""
        ...


class Running(Protocol):
    """Whoever waits for a call to Helm."""

    def check(self) -> None:
        """Called now and then; raises where the call is not to be waited for any longer."""
        ...
