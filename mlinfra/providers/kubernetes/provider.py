"""The provider: one cluster behind the port that the engine calls.

The session makes one for each connection of kind `kubernetes`. It decides nothing: `listing` reads, `writing` and
`deletion` act, `waiting` waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import InvalidRequest, NotFound, ProviderError
from mlinfra.core.observed import Absent, Listing, Observed, Present, Unreadable
from mlinfra.core.plan import Part
from mlinfra.core.provider import Interest, Operation, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Properties
from mlinfra.providers.kubernetes import deletion, writing
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Client, Object
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.listing import list_objects, place_of, shown
from mlinfra.providers.kubernetes.manifest import Manifest, SecretSource
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.types import Types, type_of
from mlinfra.providers.kubernetes.validation import complaints
from mlinfra.providers.kubernetes.waiting import wait_ready

_LISTERS = 16


class KubernetesProvider:
    """One cluster. Safe to share between threads."""

    def __init__(self, endpoint: ClusterEndpoint, clock: Clock, secrets: SecretSource) -> None:
        self._api = Api(Client(endpoint, clock), clock)
        self._secrets = secrets
        self._lock = threading.Lock()
        self._listers: ThreadPoolExecutor | None = None

    @property
    def api(self) -> Api:
        """Its objects, for drains."""
        return self._api

    def types(self) -> Mapping[str, ResourceType]:
        """A type for every token; named are those that the cluster has, or that every cluster has where it is silent.

        What it has and does not tell is then missed by no listing: each of them says that it is incomplete.
        """
        try:
            return Types(place.kind.token for place in self._api.discovery.places())
        except ProviderError:
            return Types()

    def list(self, interest: Mapping[str, Interest], ownership: Ownership) -> Mapping[str, Listing]:
        """Each type of `interest` listed in bulk."""
        try:
            self._api.discovery.read_again()
        except ProviderError as error:
            return {token: Listing((), str(error)) for token in interest}
        asked = frozenset(interest)
        futures = {
            token: self._pool().submit(list_objects, self._api, token, wanted, ownership.stack, asked)
            for token, wanted in interest.items()
        }
        return {token: future.result() for token, future in futures.items()}

    def find(self, target: Target) -> Observed:
        """One object by its id, which its properties spell out: the API hides nothing that was made."""
        kind = Kind.of(target.type)
        identity = target.id or self._identity(target)
        try:
            live = self._api.get(self._api.discovery.place(kind), identity) if identity else None
        except NotFound:
            return Absent()
        except ProviderError as error:
            return Unreadable(str(error))
        return Absent() if live is None else shown(kind, live)

    def create(self, target: Target, operation: Operation) -> Present:
        """Make it and wait until it is ready."""
        place = self._place(target)
        manifest = self._manifest(place, target)
        live = writing.create(self._api, place, manifest, target, operation)
        return self._ready(place, live, manifest.id, operation)

    def update(self, target: Target, prior: Present, changed: frozenset[Path], operation: Operation) -> Present:
        """Apply it anew and wait until it is ready; with nothing changed, finish what an earlier run began."""
        place = self._place(target)
        manifest = self._manifest(place, target)
        if manifest.id != prior.id:
            raise InvalidRequest(f"{target.address}: {prior.id} cannot become {manifest.id}", code=Code.NOT_OURS)
        live = writing.update(self._api, place, manifest, prior, changed, operation)
        return self._ready(place, live, manifest.id, operation)

    def delete(self, target: Target, operation: Operation) -> None:
        """Remove it and wait until it is gone. With the kind itself, all its objects are gone."""
        try:
            place = self._place(target)
        except NotFound:
            return
        deletion.delete(self._api, place, target, operation)

    def tag(self, target: Target, operation: Operation) -> Present:
        """Give it the owner's marks."""
        place = self._place(target)
        return shown(place.kind, writing.mark(self._api, place, target))

    def preview(self, target: Target, prior: Present | None) -> tuple[Part, ...]:
        """Nothing: what controllers make of an object belongs to it."""
        return ()

    def validate(self, type: str, properties: Properties) -> Iterable[str]:
        """What is wrong with the known part of `properties`, by the schemas of built-in kinds and the rules of all."""
        return tuple(complaints(Kind.of(type), properties))

    def _ready(self, place: Place, live: Object, id: str, operation: Operation) -> Present:
        return shown(place.kind, wait_ready(self._api, place, live, id, operation))

    def _place(self, target: Target) -> Place:
        return place_of(self._api, target.type)

    def _manifest(self, place: Place, target: Target) -> Manifest:
        return Manifest(place, target.properties, target.owner, self._secrets)

    def _identity(self, target: Target) -> str | None:
        identify = type_of(target.type).identify
        return identify(target.properties) if identify is not None else None

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._listers is None:
                self._listers = ThreadPoolExecutor(_LISTERS, thread_name_prefix="kubernetes-list")
            return self._listers
