"""R3: the answer to a mutating call is lost after it took effect; nothing is made twice."""

from __future__ import annotations

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule, When

from . import points
from .place import STACK, MakePlace
from .platform import PLATFORM
from .reference import Reference
from .stacks import FORMS as IN_THE_ACCOUNT

FORMS = {**IN_THE_ACCOUNT, PLATFORM.name: PLATFORM}
# Which answer of each stage is lost, in `make test`.
SAMPLE = ["network/1", "access/5", "registry/5"]


def losing(number: int) -> FaultRule:
    """The connection breaks when the n-th mutating call has been made, the calls of lock and state included."""
    return FaultRule(kind=FaultKind.RESET, mutating=True, when=When.AFTER, skip=number - 1, count=1)


def bear(point: str, places: MakePlace, reference: Reference) -> None:
    """One point: each stage loses its n-th answer, and succeeds nevertheless, with nothing made twice."""
    name, number = point.split("/")
    form = FORMS[name]
    stages = reference.of(form)
    with places() as place:
        for stage, document in form.stages():
            place.write(document)
            with place.faults(losing(int(number))):
                place.do("apply", STACK, "--yes")
            assert place.kinds() == stages.kinds[stage], stage
            if int(number) <= stages.calls[stage] or stage == "replace":  # with fewer calls nothing was lost
                place.settled(listed=stage == "replace")
        with place.faults(losing(int(number))):
            place.do("destroy", STACK, "--yes")
        place.gone()


def every_point(reference: Reference) -> list[str]:
    return [f"{form.name}/{n}" for form in FORMS.values() for n in range(1, reference.of(form).most + 1)]


@pytest.mark.parametrize("point", SAMPLE)
def test_a_lost_answer_makes_nothing_twice(point: str, places: MakePlace, reference: Reference) -> None:
    bear(point, places, reference)


# Creations that take no token, that refuse the token of what is there, or that are followed by what makes them ours.
CREATIONS = (
    "CreateAccessPoint",
    "CreateDBInstance",
    "CreateDBSubnetGroup",
    "CreateFileSystem",
    "CreateHostedZone",
    "CreateMountTarget",
    "CreateSecret",
    "PutSecretValue",
    "RequestCertificate",
)


def test_all_creations_of_a_stack_lose_their_answers_at_once(places: MakePlace) -> None:
    rules = [FaultRule(kind=FaultKind.RESET, operation=name, when=When.AFTER, count=1) for name in CREATIONS]
    with places() as place:
        place.write(FORMS["data"].first)
        with place.faults(*rules):
            place.do("apply", STACK, "--yes")
            assert [rule.struck for rule in place.sandbox.faults.rules()] == [1] * len(CREATIONS)
        place.settled(listed=True)
        place.do("destroy", STACK, "--yes")
        place.gone()


@pytest.mark.long
@points.sharded
def test_every_lost_answer(shard: int, places: MakePlace, reference: Reference) -> None:
    points.run("R3 lost answer", shard, every_point(reference), lambda point: bear(point, places, reference))
