from __future__ import annotations

import pytest

from mlinfra.core.errors import LeaseLost, StateError
from mlinfra.session.state.halfway import told_as_incomplete


@pytest.mark.parametrize(("destroy", "code"), [(False, 6), (True, 8)])
def test_a_state_that_cannot_be_written_any_more_leaves_a_run_incomplete(destroy: bool, code: int) -> None:
    with pytest.raises(StateError) as raised, told_as_incomplete(destroy=destroy):
        raise StateError("no room", code="MLI4000", hint="make room")
    assert raised.value.exit_code == code
    assert raised.value.hint.startswith("make room; what was made in the account is found again")


def test_a_lock_that_was_lost_says_so_itself() -> None:
    with pytest.raises(LeaseLost) as raised, told_as_incomplete(destroy=True):
        raise LeaseLost("it was taken over", code="MLI4002")
    assert (raised.value.exit_code, raised.value.hint) == (6, "")
