"""Unread: why something of a stack could not be made out, for whoever goes on without it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mlinfra.core.diagnostic import Diagnostic, errors_in
from mlinfra.core.errors import ConfigError, MlinfraError


def reasons(error: MlinfraError) -> tuple[Diagnostic, ...]:
    """Why something could not be read, as diagnostics."""
    if isinstance(error, ConfigError):
        return errors_in(error.diagnostics)
    return (Diagnostic(code=error.code, summary=str(error), hint=error.hint),)


def told(unread: Sequence[Diagnostic]) -> str:
    """The first few of the reasons, in a sentence each."""
    shown = [f"{one.source}: {one.summary} ({one.code})" if one.source else f"{one.summary} ({one.code})"
             for one in unread[:3]]  # fmt: skip
    more = f"; and {len(unread) - 3:,} more" if len(unread) > 3 else ""
    return "; ".join(shown) + more
