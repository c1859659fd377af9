"""Closed: what stands for a cluster that cannot be entered, because it is gone or because nobody can see it.

Of one that is gone it is certain that nothing is in it; of one that cannot be seen, nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.core.errors import PlanError
from mlinfra.core.observed import Absent, Listing, Observed, Present, Unreadable
from mlinfra.core.plan import Part
from mlinfra.core.provider import Interest, Operation, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Properties
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.validation import complaints
from mlinfra.session.codes import Code
from mlinfra.session.connections.clusters import name_of


class ClosedCluster:
    """The provider behind a connection that leads nowhere. `unseen` says why it cannot be seen, if that is why."""

    def __init__(self, identity: str, unseen: str = "") -> None:
        self._identity, self._unseen = identity, unseen

    def types(self) -> Mapping[str, ResourceType]:
        """None: there is nothing to look through."""
        return {}

    def list(self, interest: Mapping[str, Interest], ownership: Ownership) -> Mapping[str, Listing]:
        """Nothing of any type; incomplete where it cannot be seen."""
        return dict.fromkeys(interest, Listing((), self._unseen))

    def find(self, target: Target) -> Observed:
        """Nothing, or nobody knows."""
        return Unreadable(self._unseen) if self._unseen else Absent()

    def create(self, target: Target, operation: Operation) -> Present:
        """Raises `PlanError`: there is nowhere to make it."""
        raise self._refusal(target)

    def update(self, target: Target, prior: Present, changed: frozenset[Path], operation: Operation) -> Present:
        """Raises `PlanError`."""
        raise self._refusal(target)

    def delete(self, target: Target, operation: Operation) -> None:
        """What was in a cluster that is gone is gone. Raises `PlanError` where that cannot be seen."""
        if self._unseen:
            raise self._refusal(target)

    def tag(self, target: Target, operation: Operation) -> Present:
        """Raises `PlanError`."""
        raise self._refusal(target)

    def preview(self, target: Target, prior: Present | None) -> tuple[Part, ...]:
        """Nothing can be said of it."""
        return ()

    def validate(self, type: str, properties: Properties) -> Iterable[str]:
        """Nobody is there to object."""
        return ()

    def _refusal(self, target: Target) -> PlanError:
        name = name_of(self._identity)
        why = self._unseen or f"{name} is gone, or was made anew since"
        return PlanError(
            f"{target.address} cannot be reached in the cluster {name}: {why}",
            code=Code.CLUSTER_CLOSED,
            hint="plan again" if not self._unseen else "see that the cluster can be described and reached",
        )


class UnmadeCluster(ClosedCluster):
    """A cluster that the same plan makes: nothing is in it, and what will be is held against what is known anyway."""

    def __init__(self) -> None:
        super().__init__("")

    def validate(self, type: str, properties: Properties) -> Iterable[str]:
        """What is wrong by the schemas of built-in kinds and the rules of all."""
        return tuple(complaints(Kind.of(type), properties))
