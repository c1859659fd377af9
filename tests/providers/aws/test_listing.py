"""In which order a pass reads: nothing waits that need not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from mlinfra.aws.calls import Answer, Calls
from mlinfra.core.observed import Listing
from mlinfra.core.provider import Interest
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.listing import list_objects
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ec2_network import VPC
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


class Shown(dict[str, Any]):
    """An object in a listing, which counts how often each of its members is looked at."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self.looks: Counter[str] = Counter()

    def __getitem__(self, name: str) -> Any:
        self.looks[name] += 1
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.looks[name] += 1
        return super().get(name, default)


class Vpcs(Policies):
    """EC2, with these networks."""

    def __init__(self, shown: list[Shown]) -> None:
        super().__init__()
        self._shown = shown

    def pages(self, *told: Any, **more: Any) -> Iterator[Answer]:
        yield {"Vpcs": self._shown}


def test_of_an_object_that_is_not_ours_only_what_tells_that_is_looked_at() -> None:
    theirs = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "mlinfra:stack", "Value": "other"}]}
    shown = [Shown({**theirs, "VpcId": f"vpc-{number}"}) for number in range(3)]
    with ThreadPoolExecutor(1) as details:
        site = Site("123456789012", "us-east-1", "aws")
        listing = list_objects(catalogue()[VPC], Reader(Vpcs(shown), site, "demo", {}, _no_others, details))
    assert listing.objects == ()
    assert [one.looks for one in shown] == [{"Tags": 1, "VpcId": 1}] * 3


def _no_others(token: str, reader: Reader) -> Listing:
    raise AssertionError(f"{token} need not be listed")


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
