"""Each thing that is paid for says how much more or less it comes to than before, and what is paid no more is told."""

from __future__ import annotations

from decimal import Decimal

from mlinfra.advice.comparing import compared, renamed
from mlinfra.core.address import Address
from mlinfra.core.cost import Amount, CostLine
from mlinfra.core.resource import Move


def _line(address: str, what: str, dollars: int) -> CostLine:
    return CostLine(address=Address(address), what=what, monthly=Amount.fixed(Decimal(dollars)))


def _told(lines: list[CostLine], before: list[CostLine]) -> tuple[dict[str, int], dict[str, int]]:
    found, gone = compared(lines, before)
    return _changes(found), _changes(gone)


def _changes(lines: list[CostLine]) -> dict[str, int]:
    return {f"{one.address} {one.what}": int(one.change.expected) for one in lines}


def test_more_of_the_same_is_a_change_of_it() -> None:
    before, after = _line("a", "2 to 4 (now 2) m6i.large", 140), _line("a", "3 to 4 (now 3) m6i.large", 210)
    assert _told([after], [before]) == ({"a 3 to 4 (now 3) m6i.large": 70}, {})


def test_another_machine_comes_and_the_one_before_goes() -> None:
    before, after = _line("a", "3 m6i.large", 210), _line("a", "3 m6i.xlarge", 420)
    assert _told([after], [before]) == ({"a 3 m6i.xlarge": 420}, {"a 3 m6i.large": -210})


def test_of_several_alike_each_finds_its_own() -> None:
    before = [_line("a", "a volume of 100 GiB", 8), _line("a", "a volume of 50 GiB", 4)]
    after = [_line("a", "a volume of 50 GiB", 4), _line("a", "a volume of 100 GiB", 8)]
    assert _told(after, before) == ({"a a volume of 100 GiB": 0, "a a volume of 50 GiB": 0}, {})


def test_changes_add_up_to_the_whole() -> None:
    before, after = [_line("a", "a key", 1), _line("b", "a key", 1)], [_line("b", "a key", 1), _line("c", "a NAT", 33)]
    found, gone = _told(after, before)
    assert (found, gone) == ({"c a NAT": 33, "b a key": 0}, {"a a key": -1})


def test_what_was_only_renamed_costs_nothing_more() -> None:
    before, moves = [_line("groups.a.disk", "a volume", 8)], [Move("groups.a", "groups.b")]
    after = [_line("groups.b.disk", "a volume", 8)]
    assert _told(after, list(renamed(before, moves, {}))) == ({"groups.b.disk a volume": 0}, {})
    assert list(renamed(before, moves, {Address("groups.a.disk")})) == before  # another bears the old name by now


def test_a_group_that_is_made_anew_is_the_same_thing() -> None:
    before, after = _line("a", "1 to 4 (now 3) m6i.large", 210), _line("a", "1 to 4 (1 at first) m6i.large", 70)
    assert _told([after], [before]) == ({"a 1 to 4 (1 at first) m6i.large": -140}, {})
