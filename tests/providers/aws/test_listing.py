"""In which order a pass reads: nothing waits that need not."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from mlinfra.aws.calls import Answer, Calls
from mlinfra.core.observed import Listing
from mlinfra.core.provider import Interest
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.listing import list_objects
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ecr import LIFECYCLE_POLICY, REPOSITORY
from mlinfra.providers.aws.site import Site

PATIENCE = 60.0  # seconds until something is taken to wait for ever


class Policies(Calls):
    """ECR, which has a policy for every repository, and says when it is asked for one."""

    def __init__(self) -> None:
        self.asked = Event()

    def one(self, service: str, operation: str, params: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        assert operation == "GetLifecyclePolicy"
        self.asked.set()
        return {**(params or {}), "lifecyclePolicyText": "{}"}


def test_what_is_below_recorded_parents_is_read_before_all_parents_are_listed() -> None:
    policies = Policies()

    def list_parents(token: str, reader: Reader) -> Listing:
        assert token == REPOSITORY
        assert policies.asked.wait(PATIENCE), "nothing is asked for before the listing is there"
        return Listing(())

    interest = {LIFECYCLE_POLICY: Interest(frozenset({"recorded"}))}
    with ThreadPoolExecutor(1) as details:
        site = Site("123456789012", "us-east-1", "aws")
        reader = Reader(policies, site, "demo", interest, list_parents, details)
        listing = list_objects(catalogue()[LIFECYCLE_POLICY], reader)
    assert [present.id for present in listing.objects] == ["recorded"]
    assert listing.incomplete == ""
