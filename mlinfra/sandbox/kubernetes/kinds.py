"""What kinds the API serves: their names, scope, subresources, and how they are found.

`Registry` is one cluster's: built-in kinds of its Kubernetes version plus those of its CustomResourceDefinitions.
Called by the store, discovery, OpenAPI and the server. It must not hold objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec


class GroupVersionKind(msgspec.Struct, frozen=True):
    """A kind by its full name: `GroupVersionKind("apps", "v1", "Deployment")`; the core group is the empty string."""

    group: str
    version: str
    kind: str

    @classmethod
    def of(cls, api_version: str, kind: str) -> GroupVersionKind:
        """Read `apps/v1` or `v1` and a kind."""
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


class Column(msgspec.Struct, frozen=True):
    """A column of `kubectl get`: its type (string, integer, number, boolean, date) and the JSON path of its value."""

    name: str
    type: str
    path: str = ""
    format: str = ""
    description: str = ""
    priority: int = 0


ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Kind(msgspec.Struct, frozen=True):
    """One kind at one version, as discovery tells of it.

    `subresources` are names such as `status` and `scale`. `generations` says whether metadata.generation is kept.
    `custom` marks kinds of a CustomResourceDefinition. `scale` gives the paths (spec, status, selector) of replicas.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    generations: bool = False
    custom: bool = False
    list_kind: str = ""
    selectable_fields: tuple[str, ...] = ()
    scale: tuple[str, str, str] | None = None
    columns: tuple[Column, ...] = ()

    @property
    def gvk(self) -> GroupVersionKind:
        """The kind's full name."""
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return self.gvk.api_version

    @property
    def resource(self) -> str:
        """The version-less name that errors and CRDs use, such as `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Whether status is a subresource, so that writes to the object leave it alone."""
        return "status" in self.subresources


class Registry:
    """The kinds that one cluster serves. Changed only by `add` and `remove` (CustomResourceDefinitions)."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_gvk: dict[GroupVersionKind, Kind] = {}
        self._by_path: dict[tuple[str, str, str], Kind] = {}
        for kind in kinds:
            self.add(kind)

    def add(self, kind: Kind) -> None:
        """Serve a kind, or replace what is served under its name."""
        self._by_gvk[kind.gvk] = kind
        self._by_path[kind.group, kind.version, kind.plural] = kind

    def remove(self, kind: Kind) -> None:
        """Serve a kind no longer."""
        self._by_gvk.pop(kind.gvk, None)
        self._by_path.pop((kind.group, kind.version, kind.plural), None)

    def get(self, gvk: GroupVersionKind) -> Kind | None:
        """Find a kind by its full name."""
        return self._by_gvk.get(gvk)

    def by_path(self, group: str, version: str, plural: str) -> Kind | None:
        """Find a kind by the parts of its URL."""
        return self._by_path.get((group, version, plural))

    def __iter__(self) -> Iterator[Kind]:
        return iter(tuple(self._by_gvk.values()))
