"""R4: throttling, 5xx, broken connections, silence, lost and garbled answers, each at a rate of all calls."""

from __future__ import annotations

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule, When

from . import points
from .place import STACK, MakePlace, Place
from .platform import PLATFORM
from .reference import Reference
from .stacks import FORMS

SEEDS = 200
CLUSTERS = 20  # seeds of what also runs in a cluster, which takes far longer
RATES = (1, 5, 20)  # of a hundred calls
KINDS = ("throttle", "error", "reset", "timeout", "lost", "garbled")
# An answer that is garbled once the call had its effect is a lost one, and one that is to be known as such.
SAMPLE = ["throttle/20/3", "error/20/2", "timeout/5/0", "garbled/5/4"]
INCOMPLETE = 6


def weather(kind: str, rate: int, seed: int) -> FaultRule:
    """Each call goes wrong with the given probability, mutating or not, state and lock included."""
    when = When.AFTER if kind == "lost" else When.BEFORE
    if kind == "garbled":  # a page in the place of an answer, or half of one that is given
        form, when = (("", When.BEFORE), ("", When.AFTER), ("half", When.AFTER))[seed % 3]
        return FaultRule(kind=FaultKind.GARBLED, when=when, code=form, probability=rate / 100, seed=seed)
    what = FaultKind.RESET if kind == "lost" else FaultKind(kind)
    return FaultRule(kind=what, when=when, probability=rate / 100, seed=seed, seconds=0.05)


def withstand(point: str, places: MakePlace, reference: Reference) -> None:
    """One point: create and destroy. Up to 5% all succeeds; beyond, it succeeds, or stops cleanly and goes on.

    It is one of the stacks in the account, by seed, or the one in a cluster where the point says so.
    """
    kind, rate, seed, *cluster = point.split("/")
    rule = weather(kind, int(rate), int(seed))
    form = PLATFORM if cluster else sorted(FORMS.values(), key=lambda form: form.name)[int(seed) % len(FORMS)]
    kinds = reference.of(form).kinds["create"]
    with places() as place:
        place.write(form.first)
        _attempt(place, rule, "apply", may_stop=int(rate) > 5)
        assert place.kinds() == kinds
        place.settled()
        _attempt(place, rule, "destroy", may_stop=int(rate) > 5)
        place.gone()


def _attempt(place: Place, rule: FaultRule, command: str, *, may_stop: bool) -> None:
    with place.faults(rule):
        ran = place.run(command, STACK, "--yes")
    assert ran.code == 0 or (may_stop and ran.code in (1, INCOMPLETE)), ran.out + ran.err
    assert "MLI9" not in ran.err  # a defect of ours
    if ran.code:
        place.do(command, STACK, "--yes")


@pytest.mark.parametrize("point", SAMPLE)
def test_bad_weather_is_withstood(point: str, places: MakePlace, reference: Reference) -> None:
    withstand(point, places, reference)


@pytest.mark.long
@points.sharded
def test_all_weather(shard: int, places: MakePlace, reference: Reference) -> None:
    every = [f"{kind}/{rate}/{seed}" for seed in range(SEEDS) for rate in RATES for kind in KINDS]
    points.run("R4 weather", shard, every, lambda point: withstand(point, places, reference))


@pytest.mark.long
@points.sharded
def test_all_weather_over_a_cluster(shard: int, places: MakePlace, reference: Reference) -> None:
    every = [f"{kind}/{rate}/{seed}/platform" for seed in range(CLUSTERS) for rate in RATES for kind in KINDS]
    points.run("R4 weather, in a cluster", shard, every, lambda point: withstand(point, places, reference))


def test_an_api_that_throttles_half_of_all_calls_slows_a_run_and_does_not_fail_it(
    places: MakePlace, reference: Reference
) -> None:
    with places() as place:
        place.write(FORMS["security"].first)
        with place.faults(weather("throttle", 50, 7)):
            place.do("apply", STACK, "--yes")
            place.do("destroy", STACK, "--yes")
        place.gone()
