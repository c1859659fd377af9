"""The port that charts come through: from a reference to a chart on this machine.

The provider asks it, whenever it needs a chart; what implements it may fetch, and must not answer with a chart whose
digest is not the pinned one.
"""

from __future__ import annotations

from typing import Protocol

from mlinfra.providers.helm.chart import Chart
from mlinfra.providers.helm.reference import Reference


class ChartSource(Protocol):
    """Where charts come from."""

    def chart(self, reference: Reference) -> Chart:
        """The chart, at hand. Raises `ProviderError` or one of its kinds, with a code of charts."""
        ...
