"""Kinds: every type that any provider has, by token.

The one table that planner, loader and library are handed. A type of Kubernetes is made when its token is met: there is
one for every kind that a cluster may have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlinfra.core.connections import KUBERNETES, kind_of
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws.catalogue import catalogue as aws_catalogue
from mlinfra.providers.helm.release_type import RELEASE, RELEASE_TYPE

if TYPE_CHECKING:
    from mlinfra.providers.kubernetes.types import Types


class Kinds(Mapping[str, ResourceType]):
    """The types. Iterating gives those that are declared one by one, not what else a cluster may have."""

    def __getitem__(self, token: str) -> ResourceType:
        if kind_of(token) == KUBERNETES:
            return self._objects[token]
        return RELEASE_TYPE if token == RELEASE else aws_catalogue()[token].about

    def __iter__(self) -> Iterator[str]:
        yield from aws_catalogue()
        yield RELEASE

    def __len__(self) -> int:
        return len(aws_catalogue()) + 1

    def in_every_cluster(self) -> Iterable[str]:
        """The tokens of the kinds that Kubernetes itself has."""
        return self._objects

    @cached_property
    def _objects(self) -> Types:
        from mlinfra.providers.kubernetes.types import Types

        return Types()


class Schemas(Mapping[str, Mapping[str, Any]]):
    """The JSON Schemas of the types' inputs, each made when it is asked for: a stack names few of the many."""

    def __init__(self, kinds: Mapping[str, ResourceType]) -> None:
        self._kinds = kinds
        self._made: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, token: str) -> Mapping[str, Any]:
        if token not in self._made:
            self._made[token] = self._make(token)
        return self._made[token]

    def _make(self, token: str) -> Mapping[str, Any]:
        kind = self._kinds[token]
        if kind_of(token) != KUBERNETES:
            return kind.inputs.json_schema()
        from mlinfra.providers.kubernetes.schemas import schema_of

        return schema_of(token)

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)
