"""The copies kept of the last states, and the errors that name the last good one.

The backend writes one with each new serial and asks for them when the state itself cannot be trusted. Copies are
read by people who repair; no run ever goes on from one by itself.
"""

from __future__ import annotations

import re

from mlinfra.core.errors import StateCorrupt, StateError
from mlinfra.state.codes import Code
from mlinfra.state.format import Damaged, Format, read_base
from mlinfra.state.store import Store

BASE = "state.json"
DAMAGED = "damaged.json"
KEPT = 3
_COPY = re.compile(r"state\.([0-9]+)\.json")
_NUMBERED = re.compile(r"(?:state|journal)\.([0-9]+)\..+")


def _copy_name(serial: int) -> str:
    return f"state.{serial}.json"


class Copies:
    """The copies in one store."""

    def __init__(self, store: Store, known: Format) -> None:
        self._store = store
        self._known = known

    def serials(self) -> list[int]:
        """Their serials, the newest first."""
        found = (_COPY.fullmatch(name) for name in self._store.names())
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def everything(self) -> list[str]:
        """All that is kept of a state beside the base itself: copies first, then journals."""
        names = self._store.names()
        return sorted((name for name in names if _NUMBERED.fullmatch(name) or name == DAMAGED), reverse=True)

    def write(self, serial: int, data: bytes) -> None:
        """Keep a copy of the state that was just written as `serial`."""
        name = _copy_name(serial)
        if self._store.put(name, data, None) is None:  # left behind by a stack of this name that was removed
            kept = self._store.get(name)
            self._store.put(name, data, kept.version if kept else None)

    def too_old(self, serial: int) -> list[str]:
        """The copies and journals that need not be kept once `serial` is written."""
        numbered = ((name, match) for name in self._store.names() if (match := _NUMBERED.fullmatch(name)))
        return sorted(name for name, match in numbered if int(match[1]) <= serial - KEPT)

    def last_good(self) -> str:
        """The newest copy that is whole; empty where there is none."""
        return next((name for name in map(_copy_name, self.serials()) if self._is_good(name)), "")

    def _is_good(self, name: str) -> bool:
        try:
            kept = self._store.get(name)
            return kept is not None and read_base(kept.data, name, self._known)[0].state is not None
        except (Damaged, StateError):
            return False

    def corrupt(self, code: Code, what: str, *, before_journal: bool = False) -> StateCorrupt:
        """The error that says `what` and names the last good copy."""
        copy = self.last_good()
        good = f"the last good copy is {self._store.location}/{copy}" if copy else "no good copy is left"
        if before_journal:
            good = f"{BASE} itself is whole, and lacks what the journal recorded"
        repair = f"put {copy} in the place of {BASE}, or rebuild" if copy and not before_journal else "rebuild"
        return StateCorrupt(
            f"{what}; {good}", code=code, hint=f"{repair} the state from the cloud: mlinfra state rebuild"
        )
