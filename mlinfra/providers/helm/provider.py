"""The provider: Helm releases behind the port that the engine calls, for one cluster.

The session makes one for each connection of kind `helm`. It decides nothing: `releases` reads, `lifecycle` acts,
`preview` looks ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from mlinfra.core.errors import InvalidRequest, NotFound, ProviderError
from mlinfra.core.observed import Absent, Listing, Observed, Present, Unreadable
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import Part
from mlinfra.core.provider import Interest, Operation, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Properties
from mlinfra.providers.helm import lifecycle, marks
from mlinfra.providers.helm.capabilities import capabilities_of
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.conditions import conditions
from mlinfra.providers.helm.contents import objects_of
from mlinfra.providers.helm.crds import definitions_of
from mlinfra.providers.helm.drift import drift_of, sentences
from mlinfra.providers.helm.observation import present_of
from mlinfra.providers.helm.preview import parts_of
from mlinfra.providers.helm.release_type import RELEASE, RELEASE_TYPE
from mlinfra.providers.helm.releases import DEPLOYED, Release, list_releases, read_release
from mlinfra.providers.helm.restored import hindered, restored
from mlinfra.providers.helm.silent import Silent
from mlinfra.providers.helm.validation import complaints
from mlinfra.providers.helm.work import Means, Work

# Changes of these make another revision; others only say how Helm is to go about the next one.
_CONTENT = frozenset({"version", "values", "manifest", "chart"})
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,51}[a-z0-9])?")


class HelmProvider:
    """The releases of one cluster. Safe to share between threads."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def types(self) -> Mapping[str, ResourceType]:
        """The one type there is."""
        return {RELEASE: RELEASE_TYPE}

    def list(self, interest: Mapping[str, Interest], ownership: Ownership) -> Mapping[str, Listing]:
        """The stack's releases in all namespaces, and those of others that stand in their places."""
        return {token: self._listing(wanted, ownership) for token, wanted in interest.items()}

    def find(self, target: Target) -> Observed:
        """One release: by id, else by owner, else by namespace and name."""
        try:
            found = self._found(target)
        except ProviderError as error:
            return Unreadable(str(error))
        return present_of(found) if found is not None else Absent()

    def create(self, target: Target, operation: Operation) -> Present:
        """Install it and wait until it is ready."""
        return present_of(lifecycle.install(self._work(target, operation)))

    def update(self, target: Target, prior: Present, changed: frozenset[Path], operation: Operation) -> Present:
        """Upgrade it; with nothing changed, mend it where it is not well, and mark it."""
        touched = any(path[0] in _CONTENT for path in changed)
        return present_of(lifecycle.bring(self._work(target, operation), changed=touched))

    def delete(self, target: Target, operation: Operation) -> None:
        """Remove it with its history."""
        lifecycle.remove(self._work(_named(target), operation))

    def tag(self, target: Target, operation: Operation) -> Present:
        """Let it say whose it is."""
        found = self._found(target)
        if found is None:
            raise NotFound(f"{target.address}: there is no release {target.id}")
        last = found.last
        properties = {**target.properties, "name": last.name, "namespace": last.namespace}
        return present_of(lifecycle.mark(self._work(_with(target, properties), operation), found))

    def preview(self, target: Target, prior: Present | None) -> tuple[Part, ...]:
        """The objects that the release adds, changes and removes, hooks included."""
        work = self._work(_as(target, prior), Silent())
        release = work.release() if prior is not None else None
        parts = parts_of(work, release)
        wrong = prior.properties.get("manifest") if prior is not None else None
        if release is None or not isinstance(wrong, list):
            return parts
        astray = drift_of(work.cluster, [release])[release.last.id]
        known = set(sentences(astray))
        besides = [said for said in wrong if said not in known]
        return (*hindered(release.last.id, besides), *restored(parts, astray))

    def validate(self, type: str, properties: Properties) -> Iterable[str]:
        """What is wrong with a release, as far as can be told without a cluster."""
        return complaints(self._means, properties)

    def definitions(self, properties: Properties) -> Iterable[Properties]:
        """The kinds that a release would bring with it: its chart's CRDs, as far as they can be told."""
        return definitions_of(self._means, properties)

    def objects(self, properties: Properties) -> Iterable[Properties]:
        """All that a release would bring, as its chart renders it."""
        return objects_of(self._means, properties)

    def _listing(self, wanted: Interest, ownership: Ownership) -> Listing:
        try:
            ours = list_releases(self._means.cluster, marks.selector(ownership.stack))
            names = sorted(filter(_NAME.fullmatch, {name.rpartition("/")[2] for name in wanted.ids} | wanted.names))
            others = list_releases(self._means.cluster, _named_any(names)) if names else ()
            kubernetes = self._means.cluster.version() if ours else ""
        except ProviderError as error:
            return Listing((), incomplete=str(error))
        wrong, failed = conditions(self._means.cluster, [one for one in ours if one.last.status == DEPLOYED])
        found = {release.last.id: release for release in (*others, *ours) if release.last.id not in failed}
        releases = tuple(present_of(found[name], wrong.get(name, []), kubernetes) for name in sorted(found))
        return Listing(releases, next(iter(failed.values()), ""), failed)

    def _found(self, target: Target) -> Release | None:
        if target.id:
            namespace, _, name = target.id.partition("/")
            if (found := read_release(self._means.cluster, namespace, name)) is not None:
                return found
        for release in list_releases(self._means.cluster, marks.selector(target.owner.stack)):
            owner = marks.owner_in(release.last.labels)
            if owner is not None and _attempt(owner) == _attempt(target.owner):
                return release
        wanted = target.properties
        if not isinstance(wanted.get("name"), str):
            return None
        return read_release(self._means.cluster, str(wanted.get("namespace") or "default"), wanted["name"])

    def _work(self, target: Target, operation: Operation) -> Work:
        if target.type != RELEASE:
            raise InvalidRequest(f"{target.type} is no release", code=Code.BAD_REFERENCE)
        return Work(target, self._means, operation, capabilities_of(self._means.cluster))


def _attempt(owner: Owner) -> tuple[object, ...]:
    return owner.stack, owner.lineage, owner.address, owner.generation


def _named_any(names: Iterable[str]) -> str:
    return f"owner=helm,name in ({','.join(names)})"


def _named(target: Target) -> Target:
    """A deletion's target: its id says which release it is, what was last applied how to remove it."""
    namespace, _, name = target.id.partition("/")
    return _with(target, {**target.properties, "namespace": namespace, "name": name}) if target.id else target


def _as(target: Target, prior: Present | None) -> Target:
    """The target, under the name that the release has, where there is one."""
    return _named(msgspec.structs.replace(target, id=prior.id)) if prior is not None else target


def _with(target: Target, properties: Properties) -> Target:
    return msgspec.structs.replace(target, properties=properties)
