"""Rehearsal: a release rendered for nobody, to see what its chart has against its values and what it brings.

No cluster is asked, and values that are not known yet are stood in for.
"""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Target
from mlinfra.core.value import Path, Properties, expressions
from mlinfra.providers.helm.helm import Capabilities, Rendering
from mlinfra.providers.helm.release_type import RELEASE
from mlinfra.providers.helm.silent import Silent
from mlinfra.providers.helm.unknown import stood_in
from mlinfra.providers.helm.work import Means, Work

_NOBODY = Owner("none", "none", Address("none"))


class Rehearsal:
    """One release. `unknown`: the paths of its values that something stands in for."""

    def __init__(self, means: Means, properties: Properties) -> None:
        self._values, self.unknown = stood_in(properties.get("values") or {})
        named = {"name": "release", **{name: value for name, value in properties.items() if not expressions(value)}}
        target = Target(address=_NOBODY.address, type=RELEASE, owner=_NOBODY, properties=named)
        self._work = Work(target, means, Silent(), Capabilities())

    @property
    def chart(self) -> str:
        """The name of its chart."""
        return self._work.chart.name

    @property
    def namespace(self) -> str:
        """The namespace that its objects stand in, where they do not say."""
        return self._work.namespace

    def render(self, *, check: bool = True) -> Rendering:
        """All that the chart becomes. Raises `HelmError`. check: hold the values against its schema."""
        work = self._work
        return work.helm.render(work.wish(0, values=self._values, check=check), work.capabilities, upgrade=False)

    def covers(self, path: Path) -> bool:
        """Whether what stands at a path, above or below it, is not known yet."""
        return any(path[: len(one)] == one or one[: len(path)] == path for one in self.unknown)
