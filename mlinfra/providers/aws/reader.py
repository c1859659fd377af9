"""The reader: everything that one pass over the account reads, each listing once.

`listing` and the declarations' own functions ask it; a new one is made for each pass, since what it remembers grows
old. Listings may wait for each other (routes for route tables), details wait for nobody: two pools, so that none of
them can wait for its own pool.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from mlinfra.aws.calls import Answer, Calls
from mlinfra.core.observed import Listing
from mlinfra.core.ownership import STACK
from mlinfra.core.provider import Interest
from mlinfra.providers.aws.site import Site
from mlinfra.providers.aws.template import dig
from mlinfra.providers.aws.wanted import Wanted

T = TypeVar("T")
R = TypeVar("R")


class Reader:
    """One pass. `list_type` lists one type through this very reader; it is given, to keep the two files apart.

    thorough: tags are read of each object itself, since the tagging API may not have heard of the latest yet.
    """

    def __init__(
        self,
        calls: Calls,
        site: Site,
        stack: str,
        interest: Mapping[str, Interest],
        list_type: Callable[[str, Reader], Listing],
        details: ThreadPoolExecutor,
        *,
        thorough: bool = False,
    ) -> None:
        self.calls = calls
        self.site = site
        self._stack = stack
        self._interest = interest
        self._list_type = list_type
        self._details = details
        self.thorough = thorough
        self._lock = threading.Lock()
        self._once: dict[Any, Future[Any]] = {}

    def wanted(self, token: str) -> Wanted:
        """What is wanted of a type."""
        return Wanted(self._stack, self._interest.get(token, Interest()), self.thorough)

    def objects(self, token: str) -> Listing:
        """The objects of a type that concern us, listed once."""
        return self._remember(("objects", token), lambda: self._list_type(token, self))

    def ids(self, token: str) -> frozenset[str]:
        """The identities of those."""
        return self._remember(("ids", token), lambda: frozenset(found.id for found in self.objects(token).objects))

    def pages(self, service: str, operation: str, items: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        """All that a listing shows at `items`, over all pages, read once."""
        key = (service, operation, items, repr(sorted((params or {}).items())))

        def read() -> list[Any]:
            pages = self.calls.pages(service, operation, params)
            return [item for page in pages for item in dig(page, items) or []]

        return self._remember(key, read)

    def one(self, service: str, operation: str, params: Mapping[str, Any], about: str = "") -> Answer:
        """One call that is nobody else's affair."""
        return self.calls.one(service, operation, params, about=about)

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """`work` done for every item, many at a time; must not be called from within such work."""
        return list(self._details.map(work, items))

    def begin(self, work: Callable[[T], R], items: Iterable[T]) -> Callable[[], list[R]]:
        """`each`, begun and not waited for: what is answered waits, and answers. Nor may it be called within work."""
        begun = self._details.map(work, items)
        return lambda: list(begun)

    def tags_by_arn(self) -> dict[str, dict[str, str]]:
        """The tags of all objects of the stack that the tagging API knows. It lags behind, and does not know all."""

        def read() -> dict[str, dict[str, str]]:
            params = {"TagFilters": [{"Key": STACK, "Values": [self._stack]}], "ResourcesPerPage": 100}
            pages = self.calls.pages("resourcegroupstaggingapi", "GetResources", params)
            return {
                found["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in found["Tags"]}
                for page in pages
                for found in page["ResourceTagMappingList"]
            }

        return self._remember("tags by arn", read)

    def tagged(self, beginning: str) -> set[str]:
        """What follows, in the ARNs of the stack's objects that the tagging API knows, one that begins so."""
        return {arn.removeprefix(beginning) for arn in self.tags_by_arn() if arn.startswith(beginning)}

    def _remember(self, key: Any, read: Callable[[], T]) -> T:
        """The first to ask reads, the others wait for what it reads, or for its error."""
        with self._lock:
            future: Future[Any] | None = self._once.get(key)
            mine = future is None
            if future is None:
                future = self._once[key] = Future()
        if mine:
            try:
                future.set_result(read())
            except BaseException as error:  # noqa: BLE001  # whatever it is, those who wait for it get it too
                future.set_exception(error)
        answer: T = future.result()
        return answer
