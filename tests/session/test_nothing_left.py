"""A destroy is done when nothing is left; a listing that has not heard of it yet is asked again."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.address import Address
from mlinfra.session.state.inventory import Owned, still_left
from tests.providers.aws.lifecycle import QuickClock

OURS = Owned("aws:iam/role:Role", Address("resources.role"), "demo-role", "lineage-1", 1)
THEIRS = Owned("aws:iam/role:Role", Address("resources.role"), "demo-role", "lineage-2", 1)


def left_of(shown: Iterator[list[Owned]], clock: QuickClock) -> list[Owned]:
    return still_left(lambda: next(shown), "lineage-1", clock)


def test_where_nothing_is_left_one_look_is_enough() -> None:
    clock = QuickClock()
    assert left_of(iter([[THEIRS]]), clock) == []
    assert clock.waited == 0


def test_a_listing_that_comes_late_is_asked_again() -> None:
    assert left_of(iter([[OURS], [THEIRS]]), QuickClock()) == []


def test_what_stays_is_left() -> None:
    shown = [[OURS], [OURS], [OURS, THEIRS]]
    assert left_of(iter(shown), QuickClock()) == [OURS]
