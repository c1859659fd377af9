"""Halfway: a state that cannot be written any more stops a run with some of its steps done, and the run says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlinfra.core.errors import ApplyIncomplete, LeaseLost, StateError

_FOUND = "what was made in the account is found again by the next run, which goes on from there"


@contextmanager
def told_as_incomplete(*, destroy: bool) -> Iterator[None]:
    """Let a `StateError` that ends the walk exit as steps that are left do: 6, or 8 where things are to be deleted."""
    try:
        yield
    except LeaseLost:  # says by itself that somebody else goes on
        raise
    except StateError as error:
        error.exit_code = 8 if destroy else ApplyIncomplete.exit_code
        error.hint = f"{error.hint}; {_FOUND}" if error.hint else _FOUND
        raise
