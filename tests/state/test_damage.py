"""Whatever becomes of the files: the true state, an earlier one that a torn write explains, or a coded error."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import msgspec
import pytest

from mlinfra.core.errors import StateCorrupt, StateError
from mlinfra.core.ledger import Entry, Intended, Ledger, Noted, Recorded
from mlinfra.core.state import State
from mlinfra.state.codes import Code
from mlinfra.state.format import read_base, seal
from mlinfra.state.local import LocalBackend
from tests.state.actors import SetClock, claimant, first, intent, record
from tests.state.disk import Disk

DIRECTORY = Path("state/demo")
FLIPS = int(os.environ.get("MLINFRA_TEST_BIT_FLIPS", "600"))
ENTRIES: list[list[Entry]] = [
    [Intended(intent("network.vpc"))],
    [Recorded(record("network.vpc")), Noted(outputs={"vpc": "network.vpc/1"})],
    [Intended(intent("cluster.role"))],
]


def backend_on(disk: Disk, stack: str = "demo") -> LocalBackend:
    return LocalBackend(DIRECTORY, stack, SetClock(), claimant(), disk)


def written(stack: str = "demo", lineage: str = "lineage-1", compactions: int = 2) -> tuple[Disk, list[State]]:
    """A disk with a state and three lines of journal, and the states after each line."""
    disk = Disk()
    with backend_on(disk, stack).lock("apply") as lease:
        state = first(stack, lineage)
        for _ in range(compactions):
            state = lease.compact(state)
        states = [state]
        for entries in ENTRIES:
            lease.append(entries)
            states.append(Ledger(states[-1]).fold(entries).state())
    return disk, states


def the(disk: Disk, pattern: str) -> Path:
    return next(path for path in sorted(disk.names_now) if re.fullmatch(pattern, path.name))


def replace(disk: Disk, path: Path, content: bytes) -> None:
    inode = disk.names_now.setdefault(path, len(disk.contents))
    disk.contents[inode] = content


def content_of(disk: Disk, path: Path) -> bytes:
    return disk.contents[disk.names_now[path]]


def refusal(disk: Disk, stack: str = "demo") -> StateError:
    with pytest.raises(StateError) as caught:
        backend_on(disk, stack).read()
    return caught.value


def test_a_state_cut_off_at_any_byte_is_refused_naming_the_last_good_copy() -> None:
    disk, _ = written()
    whole = content_of(disk, DIRECTORY / "state.json")
    for length in range(len(whole)):
        replace(disk, DIRECTORY / "state.json", whole[:length])
        error = refusal(disk)
        assert isinstance(error, StateCorrupt)
        assert error.code == Code.DAMAGED
        assert "the last good copy is state/demo/state.2.json" in str(error)


def test_putting_the_last_good_copy_in_place_mends_a_damaged_state_and_loses_nothing() -> None:
    disk, states = written()
    replace(disk, DIRECTORY / "state.json", b"nonsense")
    replace(disk, DIRECTORY / "state.json", content_of(disk, DIRECTORY / "state.2.json"))
    assert backend_on(disk).read() == states[-1]


def test_a_journal_cut_off_at_any_byte_gives_the_state_before_the_line_that_is_torn() -> None:
    disk, states = written()
    journal = the(disk, r"journal\.2\..*")
    whole = content_of(disk, journal)
    for length in range(len(whole)):
        replace(disk, journal, whole[:length])
        if complete := whole[:length].count(b"\n"):
            assert backend_on(disk).read() == states[complete - 1]
        else:  # the first line was durable before the state was put in its place
            assert refusal(disk).code == Code.JOURNAL_LOST


def test_a_journal_that_is_gone_is_refused_also_one_that_nothing_was_recorded_in() -> None:
    disk, states = written()
    with backend_on(disk).lock("apply") as lease:
        lease.compact(states[-1])
    for journal, serial in ((the(disk, r"journal\.3\..*"), 3), (the(disk, r"journal\.2\..*"), 2)):
        replace(disk, DIRECTORY / "state.json", content_of(disk, DIRECTORY / f"state.{serial}.json"))
        disk.names_now.pop(DIRECTORY / "lock.json", None)  # otherwise the older of the two is refused as such
        assert backend_on(disk).read() is not None
        del disk.names_now[journal]
        error = refusal(disk)
        assert error.code == Code.JOURNAL_LOST
        assert journal.stem in str(error)
        assert "mlinfra state rebuild" in error.hint


def test_a_state_of_an_earlier_release_that_began_no_journal_is_read_without_one() -> None:
    disk, states = written()
    early = read_base(content_of(disk, DIRECTORY / "state.json"), "state.json")[0]
    replace(disk, DIRECTORY / "state.json", seal(msgspec.structs.replace(early, begun=False)))
    assert backend_on(disk).read() == states[0]


def test_a_run_goes_on_after_a_torn_line_as_if_it_had_never_been_begun() -> None:
    disk, states = written()
    journal = the(disk, r"journal\.2\..*")
    replace(disk, journal, content_of(disk, journal)[:-5])
    with backend_on(disk).lock("apply") as lease:
        lease.append(ENTRIES[2])
    assert backend_on(disk).read() == states[3]


def test_a_journal_damaged_before_its_end_is_refused_naming_the_line() -> None:
    disk, _ = written()
    journal = the(disk, r"journal\.2\..*")
    lines = content_of(disk, journal).splitlines(keepends=True)
    for number in (1, 2):
        replace(disk, journal, b"".join([*lines[: number - 1], lines[number - 1][:-9] + b"\n", *lines[number:]]))
        error = refusal(disk)
        assert error.code == Code.JOURNAL_DAMAGED
        assert f"damaged at line {number}" in str(error)
        assert "state.json itself is whole" in str(error)


@pytest.mark.parametrize("order", [(0, 2), (1, 0, 2), (0, 0, 1, 2), (0, 1, 1)], ids=["lost", "swapped", "twice", "end"])
def test_lines_of_a_journal_that_are_missing_swapped_or_doubled_are_refused(order: tuple[int, ...]) -> None:
    disk, _ = written()
    journal = the(disk, r"journal\.2\..*")
    lines = content_of(disk, journal).splitlines(keepends=True)
    replace(disk, journal, b"".join(lines[number] for number in order))
    assert refusal(disk).code == Code.JOURNAL_DAMAGED


def test_a_journal_of_another_state_under_this_ones_name_is_refused() -> None:
    disk, _ = written()
    other, _ = written(lineage="lineage-2")
    replace(disk, the(disk, r"journal\.2\..*"), content_of(other, the(other, r"journal\.2\..*")))
    assert refusal(disk).code == Code.JOURNAL_DAMAGED


def test_no_flipped_bit_gives_a_wrong_state_or_an_uncoded_error() -> None:
    chance = random.Random(2026)
    disk, states = written()
    files = [DIRECTORY / "state.json", the(disk, r"journal\.2\..*"), DIRECTORY / "lock.json"]
    whole = {path: content_of(disk, path) for path in files}
    refused = 0
    for _ in range(FLIPS):
        path = chance.choice(files)
        content = bytearray(whole[path])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        replace(disk, path, bytes(content))
        error = refusal(disk)
        assert isinstance(error, StateCorrupt)
        assert re.fullmatch(r"MLI4\d\d\d", error.code)
        refused += 1
        replace(disk, path, whole[path])
    assert refused == FLIPS
    assert backend_on(disk).read() == states[-1]


def test_a_flipped_bit_in_any_newline_of_the_journal_is_refused_also_in_the_last() -> None:
    disk, _ = written()
    journal = the(disk, r"journal\.2\..*")
    whole = content_of(disk, journal)
    for place in (index for index, byte in enumerate(whole) if byte == 0x0A):
        content = bytearray(whole)
        content[place] ^= 1
        replace(disk, journal, bytes(content))
        assert refusal(disk).code == Code.JOURNAL_DAMAGED


def test_a_state_of_another_stack_is_refused() -> None:
    disk, _ = written()
    other, _ = written("other")
    replace(disk, DIRECTORY / "state.json", content_of(other, DIRECTORY / "state.json"))
    error = refusal(disk)
    assert error.code == Code.OTHER_STACK
    assert "'other'" in str(error)


def test_a_state_of_another_lineage_is_refused() -> None:
    disk, _ = written()
    other, _ = written(lineage="lineage-2")
    replace(disk, DIRECTORY / "state.json", content_of(other, DIRECTORY / "state.json"))
    error = refusal(disk)
    assert error.code == Code.OTHER_LINEAGE
    assert "lineage-2" in str(error)


def test_a_state_older_than_the_one_that_was_there_is_refused() -> None:
    disk, _ = written()
    replace(disk, DIRECTORY / "state.json", content_of(disk, DIRECTORY / "state.1.json"))
    error = refusal(disk)
    assert error.code == Code.OLDER_SERIAL
    assert "serial 1, while serial 2 was here" in str(error)
    assert "the last good copy is state/demo/state.2.json" in str(error)


def test_a_state_that_vanished_while_copies_are_there_is_refused_and_not_taken_for_a_new_stack() -> None:
    disk, _ = written()
    del disk.names_now[DIRECTORY / "state.json"]
    error = refusal(disk)
    assert error.code == Code.VANISHED
    assert "state.2.json" in str(error)


def test_where_no_good_copy_is_left_the_error_says_so_and_how_to_rebuild() -> None:
    disk, _ = written()
    for path in [path for path in disk.names_now if path.name.startswith("state.")]:
        replace(disk, path, b"")
    error = refusal(disk)
    assert "no good copy is left" in str(error)
    assert "mlinfra state rebuild" in error.hint


def test_a_damaged_state_can_be_locked_and_restored_and_what_was_damaged_is_kept() -> None:
    disk, states = written()
    replace(disk, DIRECTORY / "state.json", b"nonsense")
    with backend_on(disk).lock("rebuild") as lease:
        with pytest.raises(StateCorrupt):
            lease.compact(states[-1])
        restored = lease.restore(first(lineage="lineage-9"))
    assert restored.serial == 3
    assert backend_on(disk).read() == restored
    assert content_of(disk, DIRECTORY / "damaged.json") == b"nonsense"


def test_an_unsound_state_is_neither_written_nor_read() -> None:
    disk, states = written()
    with backend_on(disk).lock("apply") as lease:
        doubled = Ledger(states[-1]).fold([Recorded(record("cluster.role", id="network.vpc/1"))]).state()
        with pytest.raises(StateError) as caught:
            lease.compact(doubled)
        assert caught.value.code == Code.UNSOUND
        assert "S7" in str(caught.value)
        assert backend_on(disk).read() == states[-1]
        lease.append([Recorded(record("cluster.role", id="network.vpc/1"))])
    assert refusal(disk).code == Code.UNSOUND


def test_a_damaged_lock_is_refused_and_says_that_the_state_is_not_concerned() -> None:
    disk, states = written()
    replace(disk, DIRECTORY / "lock.json", b"{}")
    error = refusal(disk)
    assert error.code == Code.LOCK_DAMAGED
    assert "remove that file" in error.hint
    del disk.names_now[DIRECTORY / "lock.json"]
    assert backend_on(disk).read() == states[-1]
