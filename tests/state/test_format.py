"""The written form: what is written reads back, older formats are upgraded, newer ones named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlinfra.core import codec
from mlinfra.core.address import Address
from mlinfra.core.errors import StateError
from mlinfra.core.ledger import Entry, Ledger, Noted, Recorded
from mlinfra.core.state import State
from mlinfra.state.backend import Backend
from mlinfra.state.codes import Code
from mlinfra.state.format import CURRENT, Base, Damaged, Format, Line, Upgrade, read_base, seal, unseal, unsealed
from mlinfra.state.local import LocalBackend, LocalStore
from tests.state.actors import SetClock, claimant, first, histories, record
from tests.state.disk import Disk

DIRECTORY = Path("state/demo")
quick = settings(max_examples=60)


def base(state: State) -> Base:
    return Base(mlinfra="0.1.0", token=1, nonce="n", state=state)


@quick
@given(histories())
def test_a_written_state_reads_back_as_it_was(entries: list[Entry]) -> None:
    state = Ledger(first()).fold(entries).state()
    assert read_base(seal(base(state)), "here") == (base(state), 1)


@quick
@given(histories(), st.data())
def test_a_read_journal_is_the_fold_of_its_entries_however_they_were_grouped(
    entries: list[Entry], data: st.DataObject
) -> None:
    disk = Disk()
    backend = LocalBackend(DIRECTORY, "demo", SetClock(), claimant(), disk)
    with backend.lock("apply") as lease:
        state = lease.compact(first())
        rest = entries
        while rest:
            count = data.draw(st.integers(1, len(rest)))
            lease.append(rest[:count])
            rest = rest[count:]
        assert backend.read() == Ledger(state).fold(entries).state()
        folded = lease.compact(Ledger(state).fold(entries).state())
    assert backend.read() == folded
    assert folded.serial == 2


@quick
@given(histories())
def test_each_entry_folded_twice_in_a_row_is_folded_once(entries: list[Entry]) -> None:
    twice = [entry for entry in entries for _ in range(2)]
    assert Ledger(first()).fold(twice).state() == Ledger(first()).fold(entries).state()


@quick
@given(st.binary(max_size=200))
def test_no_other_text_passes_for_a_sealed_line(text: bytes) -> None:
    with pytest.raises(Damaged):
        unseal(text)


def test_content_of_the_wrong_form_is_damaged_whatever_its_checksum_says() -> None:
    class Other(msgspec.Struct, frozen=True):
        mlinfra: str = "0.1.0"
        state: Any = None

    misshapen: list[Any] = [
        {"format_version": 1},
        {"format_version": "x"},
        [],
        3,
        {"format_version": 1, "records": {"!": {}}},
    ]
    for state in misshapen:
        with pytest.raises(Damaged):
            read_base(seal(Other(state=state)), "here")
    with pytest.raises(Damaged):
        unsealed(seal(Other()), Line)
    with pytest.raises(Damaged):
        unsealed(seal(Other(state={"$mlinfra": "pairs"})), Base)


def test_a_newer_format_names_the_release_that_can_read_it() -> None:
    newer = seal(Base(mlinfra="3.1.4", token=1, nonce="n", state=State(stack="demo", lineage="l", format_version=2)))
    with pytest.raises(StateError) as caught:
        read_base(newer, "state/demo/state.json")
    assert caught.value.code == Code.NEWER_FORMAT
    assert "3.1.4" in str(caught.value)
    assert caught.value.hint == "use mlinfra 3.1.4 or newer"


@pytest.mark.parametrize("version", [0, -1])
def test_a_format_that_never_was_is_refused(version: int) -> None:
    text = seal(base(State(stack="demo", lineage="l", format_version=version)))
    with pytest.raises(StateError) as caught:
        read_base(text, "state/demo/state.json")
    assert caught.value.code == Code.UNKNOWN_FORMAT


def test_every_format_before_the_current_one_has_an_upgrade() -> None:
    assert sorted(CURRENT.upgrades) == list(range(1, CURRENT.version))


# A history that never was: format 1 had no `status` in a record, format 2 called `outputs` of the stack `exports`.
def to_two_state(state: dict[str, Any]) -> dict[str, Any]:
    state["records"] = {address: to_two_record(record) for address, record in state["records"].items()}
    return state


def to_two_record(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "status": "creating"}


def to_two_entry(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "record": to_two_record(entry["record"])} if entry["type"] == "recorded" else entry


def to_three_state(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "outputs": state.get("outputs", {}) | {"upgraded": True}}


LATER = Format(3, {1: Upgrade(to_two_state, to_two_entry), 2: Upgrade(to_three_state, lambda entry: entry)})


def test_a_state_and_journal_of_an_earlier_format_are_upgraded_step_by_step() -> None:
    disk = Disk()
    with LocalBackend(DIRECTORY, "demo", SetClock(), claimant(), disk).lock("apply") as lease:
        lease.compact(Ledger(first()).fold([Recorded(record("network.vpc"))]).state())
        lease.append([Recorded(record("cluster.role"))])
    later = Backend(LocalStore(DIRECTORY, SetClock(), disk), "demo", SetClock(), claimant(), LATER)
    state = later.read()
    assert state is not None
    assert {str(r.address): r.status for r in state.records.values()} == {
        "network.vpc": "creating",
        "cluster.role": "creating",
    }
    assert state.outputs == {"upgraded": True}
    assert state.format_version == 3
    before = {path.name: disk.contents[inode] for path, inode in disk.names_now.items()}

    with later.lock("apply") as lease:
        assert later.read() == state
        lease.append([Noted(facts={"after": "upgrade"})])
    again = later.read()
    assert again == msgspec.structs.replace(state, facts={"after": "upgrade"})
    now = {path.name: disk.contents[inode] for path, inode in disk.names_now.items()}
    assert now["state.1.json"] == before["state.1.json"], "the copy of before the upgrade is kept"

    with pytest.raises(StateError) as caught:
        LocalBackend(DIRECTORY, "demo", SetClock(), claimant(), disk).read()
    assert caught.value.code == Code.NEWER_FORMAT


def test_every_code_has_one_meaning_and_stands_in_the_document() -> None:
    document = (Path(__file__).parents[2] / "docs/state.md").read_text()
    assert len({code.meaning for code in Code}) == len(Code)
    for code in Code:
        assert 4000 <= int(code.removeprefix("MLI")) <= 4999
        assert f"| {code} | {code.meaning} |" in document


def test_addresses_are_addresses_again_when_a_state_is_read() -> None:
    state = State(stack="demo", lineage="0123", generations={Address("network.vpc"): 2})
    (address,) = codec.decode(codec.encode(state), State).generations
    assert address.is_within("network")
