"""The provider: AWS behind the port that the engine calls, for one account and region.

The session makes one for each connection of kind `aws`. It decides nothing: `listing` reads, `lifecycle` acts, the
declarations say how.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from mlinfra.aws.calls import Calls
from mlinfra.aws.codes import Code
from mlinfra.aws.identity import Identity
from mlinfra.core.clock import Clock
from mlinfra.core.errors import InvalidRequest, ProviderError
from mlinfra.core.observed import Absent, Listing, Observed, Present, Unreadable
from mlinfra.core.plan import Part
from mlinfra.core.provider import Interest, Operation, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Properties, is_known
from mlinfra.providers.aws import lifecycle
from mlinfra.providers.aws.aws_type import AwsType, Item
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.listing import is_gone, list_objects, present_of
from mlinfra.providers.aws.offline import complaints
from mlinfra.providers.aws.quiet import Quiet
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.site import Site
from mlinfra.providers.aws.work import SecretSource, Work

_LISTERS = 16
_DETAILS = 16
_SHOWN = 3  # failures of many that are alike
LOOKS = (1.0, 2.0, 4.0)  # seconds between looks for something that may be too new to show


class AwsProvider:
    """One account and region, named by `identity` ("ACCOUNT/REGION"). Safe to share between threads.

    looks: the pauses between the looks of `find` for what may be too new to show.
    caller: whose credentials `calls` are made with, where somebody knows that already.
    Raises `AccessDenied` (MLI5010), at its first call, where the credentials belong to another account.
    """

    def __init__(
        self,
        identity: str,
        calls: Calls,
        clock: Clock,
        secrets: SecretSource,
        *,
        looks: tuple[float, ...] = LOOKS,
        caller: Identity | None = None,
    ) -> None:
        self._account, _, self._region = identity.partition("/")
        self._calls = calls
        self._clock = clock
        self._secrets = secrets
        self._looks = looks
        self._caller = caller or Identity(calls)
        self._types = catalogue()
        self._lock = threading.Lock()
        self._listers: ThreadPoolExecutor | None = None
        self._details: ThreadPoolExecutor | None = None

    def types(self) -> Mapping[str, ResourceType]:
        """Every type declared, by token."""
        return {token: kind.about for token, kind in self._types.items()}

    def list(self, interest: Mapping[str, Interest], ownership: Ownership) -> Mapping[str, Listing]:
        """Each type of `interest` listed in bulk."""
        listers, _ = self._pools()
        reader = self._reader(ownership.stack, interest)
        if any(one.ids and self._kind(token).has_listed_tags for token, one in interest.items()):
            listers.submit(reader.tags_by_arn)  # page by page, and much waits for them: they go first
        futures = {token: listers.submit(reader.objects, token) for token in interest}
        listings = {token: future.result() for token, future in futures.items()}
        return {token: self._made_sure(listing, interest[token]) for token, listing in listings.items()}

    def find(self, target: Target) -> Observed:
        """One object: by id at once; else by owner or key, looking again for what may be too new to show."""
        try:
            if target.id and (found := self._by_id(target)) is not None:
                return found
            for pause in (0.0, *self._looks):
                self._clock.sleep(pause) if pause else None
                if (found := self._by_owner_or_key(target)) is not None:
                    return found
                if target.id:
                    break
        except ProviderError as error:
            return Unreadable(str(error))
        return Absent()

    def create(self, target: Target, operation: Operation) -> Present:
        """Make it and wait until it is ready."""
        work = self._work(target, operation)
        return self._present(work, lifecycle.create(work))

    def update(self, target: Target, prior: Present, changed: frozenset[Path], operation: Operation) -> Present:
        """Bring `changed` about; with nothing changed, finish what an earlier run began."""
        work = self._work(target, operation)
        work.id, work.prior, work.changed = prior.id, prior, changed
        return self._present(work, lifecycle.update(work))

    def delete(self, target: Target, operation: Operation) -> None:
        """Remove it and wait until it is gone."""
        lifecycle.delete(self._work(target, operation))

    def tag(self, target: Target, operation: Operation) -> Present:
        """Give it the owner's tags."""
        work = self._work(target, operation)
        lifecycle.tag(work, self._present(work, self._described(work)))
        return self._present(work, self._described(work))

    def preview(self, target: Target, prior: Present | None) -> tuple[Part, ...]:
        """Nothing: what the cloud makes with an object belongs to it."""
        return ()

    def validate(self, type: str, properties: Properties) -> Iterable[str]:
        """What AWS's models of the calls that carry them say against the known part of `properties`."""
        return tuple(complaints(self._kind(type), properties))

    def _made_sure(self, listing: Listing, interest: Interest) -> Listing:
        """A listing, with what is recorded and it does not show, if that is there when it is asked for by id.

        Where nothing could be listed, no object is asked for by itself: that would be a call for each.
        """
        shown = {*(present.id for present in listing.objects), *listing.failed}
        missed = [target for target in interest.recorded if target.id not in shown]
        if not missed or (listing.incomplete and not (listing.objects or listing.failed)):
            return listing
        listers, _ = self._pools()
        found = dict(zip((target.id for target in missed), listers.map(self._look, missed), strict=True))
        failures = {name: str(error) for name, error in found.items() if isinstance(error, ProviderError)}
        there = tuple(present for present in found.values() if isinstance(present, Present))
        incomplete = listing.incomplete or "; ".join([*failures.values()][:_SHOWN])
        gone = frozenset(name for name, one in found.items() if one is None and incomplete)
        return Listing((*listing.objects, *there), incomplete, {**listing.failed, **failures}, gone)

    def _look(self, target: Target) -> Present | ProviderError | None:
        try:
            return self._by_id(target)
        except ProviderError as error:
            return error

    def _by_id(self, target: Target) -> Present | None:
        work = self._work(target, Quiet())
        item = work.describe()
        if item is None or is_gone(work.kind, item):
            return None
        return self._present(work, item)

    def _by_owner_or_key(self, target: Target) -> Present | None:
        kind = self._kind(target.type)
        names = {
            str(target.properties[name]) for name in (*kind.about.key, *_name_of(kind)) if name in target.properties
        }
        interest = Interest(frozenset({target.id, _id_of(kind, target)} - {""}), frozenset(names))
        reader = self._reader(target.owner.stack, {target.type: interest}, thorough=not kind.about.key)
        listing = reader.objects(target.type)
        if listing.incomplete:
            raise InvalidRequest(listing.incomplete)
        ours = [present for present in listing.objects if present.owner is not None and _same(present, target)]
        located = [_signed(kind, present, target) for present in listing.objects if _has_key(kind, present, target)]
        return next(iter([*ours, *located]), None)

    def _reader(self, stack: str, interest: Mapping[str, Interest], *, thorough: bool = False) -> Reader:
        _, details = self._pools()
        return Reader(
            self._calls,
            self._site(),
            stack,
            interest,
            lambda token, reader: list_objects(self._kind(token), reader),
            details,
            thorough=thorough,
        )

    def _work(self, target: Target, operation: Operation) -> Work:
        kind = self._kind(target.type)
        return Work(kind, target, self._calls, self._site(), self._clock, self._secrets, operation)

    def _described(self, work: Work) -> Item:
        item = work.describe()
        if item is None:
            raise InvalidRequest(f"{work.target.address}: there is no {work.kind.token} called {work.id}")
        return item

    def _present(self, work: Work, item: Item) -> Present:
        reader = self._reader(work.target.owner.stack, {}, thorough=True)
        whole = work.kind.reading.details(reader, item) if work.kind.reading.details is not None else item
        return present_of(work.kind, reader, whole if whole is not None else item)

    def _kind(self, token: str) -> AwsType:
        try:
            return self._types[token]
        except KeyError as error:
            raise InvalidRequest(f"{token} is no type of AWS that mlinfra knows", code=Code.UNKNOWN_TYPE) from error

    def _site(self) -> Site:
        caller = self._caller.require(self._account)
        return Site(caller.account, self._region, caller.partition)

    def _pools(self) -> tuple[ThreadPoolExecutor, ThreadPoolExecutor]:
        with self._lock:
            if self._listers is None or self._details is None:
                self._listers = ThreadPoolExecutor(_LISTERS, thread_name_prefix="aws-list")
                self._details = ThreadPoolExecutor(_DETAILS, thread_name_prefix="aws-detail")
            return self._listers, self._details


def _name_of(kind: AwsType) -> tuple[str, ...]:
    return (kind.about.name.property,) if kind.about.name is not None else ()


def _id_of(kind: AwsType, target: Target) -> str:
    """The id that its properties spell out; "" where AWS gives ids."""
    try:
        return kind.id.format_map(target.properties) if kind.named else ""
    except KeyError:
        return ""


def _same(present: Present, target: Target) -> bool:
    owner, wanted = present.owner, target.owner
    return owner is not None and (owner.stack, owner.lineage, owner.address, owner.generation) == (
        wanted.stack,
        wanted.lineage,
        wanted.address,
        wanted.generation,
    )


def _signed(kind: AwsType, present: Present, target: Target) -> Present:
    """What the very request of the target made is the target's, though it bears no tags yet."""
    if kind.signature is None or present.owner is not None:
        return present
    ours = present.properties.get(kind.signed) == kind.signature(target)
    return msgspec.structs.replace(present, owner=target.owner) if ours else present


def _has_key(kind: AwsType, present: Present, target: Target) -> bool:
    if not kind.about.key:
        return False
    pairs = [(present.properties.get(name), target.properties.get(name)) for name in kind.about.key]
    return all(there is not None and is_known(there) and str(there) == str(wanted) for there, wanted in pairs)
