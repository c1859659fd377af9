"""Types: what the engine is told of any kind of object, made when its token is first met.

Called by the provider and by the session. There is a type for every token of the right form: whether the API has such
a kind shows when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache

from mlinfra.core.property import Property
from mlinfra.core.resource_type import Identify, ResourceType, Variant
from mlinfra.core.value import Properties
from mlinfra.providers.kubernetes import immutable, rooms
from mlinfra.providers.kubernetes.declaration import DEFAULT_NAMESPACE, inputs_of, sealed_inputs_of
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import built_in, built_in_kinds

_IRREPLACEABLE = {
    ("", "PersistentVolumeClaim"): "the data in it",
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): "the snapshot of the data",
}
_ALMOST = 0.85  # of the letters of a name are those of another one


class Types(Mapping[str, ResourceType]):
    """A type for every token. Iterating gives those that are named, by default the kinds that every cluster has."""

    def __init__(self, tokens: Iterable[str] | None = None) -> None:
        self._tokens = tuple(tokens) if tokens is not None else None

    def __getitem__(self, token: str) -> ResourceType:
        return type_of(token)

    def __iter__(self) -> Iterator[str]:
        return iter(_built_in() if self._tokens is None else self._tokens)

    def __len__(self) -> int:
        return len(_built_in() if self._tokens is None else self._tokens)


@cache
def _built_in() -> tuple[str, ...]:
    split = (name.rpartition("/") for name in built_in_kinds())
    return tuple(_kind(api_version, name).token for api_version, _, name in split)


def _kind(api_version: str, name: str) -> Kind:
    group, _, version = api_version.rpartition("/")
    return Kind(group, version, name)


@cache
def type_of(token: str) -> ResourceType:
    """The type that a token names. Raises `KeyError` for what is no token of an object."""
    try:
        kind = Kind.of(token)
    except ValueError as error:
        raise KeyError(token) from error
    if misspelt(kind):
        raise KeyError(token)
    return ResourceType(
        token=token,
        inputs=inputs_of(kind),
        identify=_identify(kind),
        variant=_variant(kind) if kind.same in immutable.SEALED else None,
        volatile={"status": ()},
        marked=True,
        perishes=True,
        holds=rooms.HOLDS.get(kind.same),
        lies_in=rooms.around(kind),
        irreplaceable=_IRREPLACEABLE.get(kind.same, ""),
    )


def misspelt(kind: Kind) -> bool:
    """Whether a kind cannot be, or is all but certainly meant to be another one.

    A definition's group has a dot in it (apiextensions-apiserver pkg/apis/apiextensions/validation, read November
    2026), so a group without one is Kubernetes's own. What stands there and is not in the vocabulary may be newer than
    that; it is taken for a slip only where it reads almost like what is.
    """
    known = _names_by_group()
    if kind.group not in known:
        return "." not in kind.group
    names = known[kind.group]
    return kind.name not in names and bool(get_close_matches(kind.name, names, 1, _ALMOST))


@cache
def _names_by_group() -> Mapping[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for kind in map(Kind.of, _built_in()):
        groups.setdefault(kind.group, set()).add(kind.name)
    return {group: frozenset(names) for group, names in groups.items()}


def spelt_id(name: str, namespace: str) -> str:
    """The id of an object, as Pulumi has it: `serving/ranker`, or `ranker` where there are no namespaces."""
    return f"{namespace}/{name}" if namespace else name


def _identify(kind: Kind) -> Identify:
    known = built_in(kind.api_version, kind.name)

    def identify(properties: Properties) -> str | None:
        metadata = properties.get("metadata")
        if not isinstance(metadata, dict):
            return None
        name, namespace = metadata.get("name"), metadata.get("namespace")
        if known is not None:
            namespace = (namespace or DEFAULT_NAMESPACE) if known.namespaced else ""
        if not isinstance(name, str) or not isinstance(namespace, str | None):
            return None  # not known yet
        return spelt_id(name, namespace or "")

    return identify


def _variant(kind: Kind) -> Variant:
    plain, sealed = inputs_of(kind), sealed_inputs_of(kind)

    def variant(observed: Properties) -> Property:
        return sealed if immutable.is_sealed(observed) else plain

    return variant
