"""Teardown: what goes with a cluster, though no plan made it.

Controllers in a cluster make things outside of it: load balancers, volumes, nodes, interfaces. They are drained while
the controllers still live, and swept once the cluster is gone. The engine puts both into their order; the session
knows who does them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mlinfra.core.plan import Part
from mlinfra.core.provider import Operation, Target


class Teardown(Protocol):
    """For objects whose type opens connections; a target's `outputs` say which one it is.

    kept: what a sweep left where it is, for the data in it.
    """

    @property
    def kept(self) -> Sequence[object]:
        """So far."""
        ...

    def outside(self, target: Target) -> tuple[Part, ...]:
        """What a drain would take down, whoever made it, for the plan. Only looks; what it cannot see it says."""
        ...

    def drain(self, target: Target, operation: Operation) -> None:
        """Take all of that down and wait until it is gone.

        One that is gone or cannot be reached is said to be so by `operation.say`, and is no error. Raises
        `ProviderError` that names what holds on.
        """
        ...

    def sweep(self, target: Target, operation: Operation) -> None:
        """Remove what bears the mark of the cluster, which is gone now."""
        ...


class _NothingBehind:
    """For targets in which nothing opens connections."""

    kept: Sequence[object] = ()

    def outside(self, target: Target) -> tuple[Part, ...]:
        return ()

    def drain(self, target: Target, operation: Operation) -> None:
        return None

    def sweep(self, target: Target, operation: Operation) -> None:
        return None


NOTHING_BEHIND: Teardown = _NothingBehind()
