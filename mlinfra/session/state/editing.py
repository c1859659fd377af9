"""Editing: what a user may change in a state by hand, under the lock and through the journal.

For `mlinfra state mv` and `mlinfra state forget`. Nothing in the cloud is touched.
"""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.backend import StateBackend
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError, NotFound
from mlinfra.core.ledger import Removed, Renamed
from mlinfra.engine.codes import Code as EngineCode
from mlinfra.engine.journal import Journal
from mlinfra.session.codes import Code


def edit(backend: StateBackend, purpose: str, origin: Address, target: Address | None) -> None:
    """Rename the record at `origin`, or drop it where there is no target. Raises `NotFound` where there is none."""
    with backend.lock(purpose) as lease:
        state = backend.read()
        record = state.records.get(origin) if state is not None else None
        if state is None or record is None:
            raise NotFound(f"the state has no {origin}", code=Code.NO_RECORD, hint="mlinfra state list STACK")
        if target is not None and target in state.records:
            raise ConfigError([Diagnostic(code=EngineCode.MOVED_ONTO_ANOTHER, summary=f"there is a {target} already")])
        journal = Journal(lease, state)
        journal.enter(Renamed(origin, target) if target is not None else Removed(origin, record.generation))
        journal.compact()


def address_of(text: str) -> Address:
    """An address that a user typed. Raises `ConfigError` where it is none."""
    try:
        return Address(text)
    except ValueError as error:
        raise ConfigError([Diagnostic(code=EngineCode.NO_SUCH_ADDRESS, summary=str(error))]) from error
