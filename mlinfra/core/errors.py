"""The errors that cross layers. Library errors are translated into these once, with `raise ... from`.

Each carries its exit code; only the command line catches `MlinfraError` as such, prints it and exits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from mlinfra.core.diagnostic import Diagnostic

if TYPE_CHECKING:
    from mlinfra.core.report import Report


class MlinfraError(Exception):
    """The root. `code` is a stable diagnostic code, `hint` says what to do."""

    exit_code: int = 1

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class ConfigError(MlinfraError):
    """The stack file is wrong. Carries every diagnostic found, not only the first."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0]
        super().__init__(first.summary, code=first.code, hint=first.hint)


class PlanError(MlinfraError):
    """No plan can be made or carried out."""


class StalePlan(PlanError):
    """What was planned is no longer what would be done. The message names the object and the field."""

    exit_code = 5


class UnsafePlan(PlanError):
    """The plan would destroy what is protected."""


class PolicyViolation(MlinfraError):
    """A mandatory policy fails."""

    exit_code = 3


class StateError(MlinfraError):
    """The state cannot be read or written."""


class LockHeld(StateError):
    """Another run holds the lock of this stack."""

    exit_code = 4


class StateConflict(StateError):
    """The state changed under us, or our lease was taken over: the write was refused."""


class LeaseLost(StateConflict):
    """Our lock was taken over while we worked. What was made until then is found by record or by tag.

    Exits as an apply that is incomplete: of one that finds the lock held nothing was done.
    """

    exit_code = 6


class StateCorrupt(StateError):
    """The state cannot be trusted. The message names the last good copy."""


class ProviderError(MlinfraError):
    """A call to the cloud failed. `code` defaults per class; the message names the call and the object."""

    default_code: ClassVar[str] = "MLI5000"

    def __init__(self, message: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(message, code=code or self.default_code, hint=hint)


class Throttled(ProviderError):
    """Too many calls; or the service was briefly unavailable and certainly did nothing. Safe to repeat."""

    default_code = "MLI5001"


class AccessDenied(ProviderError):
    """The caller may not do this."""

    default_code = "MLI5002"


class NoCredentials(AccessDenied):
    """There are no credentials, or nobody takes them. The message says whose they were to be."""

    default_code = "MLI5020"


class QuotaExceeded(ProviderError):
    """A service quota is exhausted."""

    default_code = "MLI5003"


class CapacityUnavailable(ProviderError):
    """The cloud has no such machine at the moment."""

    default_code = "MLI5004"


class NotFound(ProviderError):
    """The object, or one that it refers to, does not exist."""

    default_code = "MLI5005"


class Conflict(ProviderError):
    """It exists already, is in use, or is being changed by someone else."""

    default_code = "MLI5006"


class InvalidRequest(ProviderError):
    """The cloud refuses the parameters. Repeating will not help."""

    default_code = "MLI5007"


class Ambiguous(ProviderError):
    """Nobody knows whether the call took effect, or which of several objects is meant. Look before acting."""

    default_code = "MLI5008"


class ApplyIncomplete(MlinfraError):
    """Some steps failed or were not reached. Everything made is recorded; `report` says what happened.

    Exits like a stale plan where a step was refused because it was not any more what had been planned, and as something
    that is left where it was `destroy` that something held up.
    """

    exit_code = 6

    def __init__(self, report: Report, *, destroy: bool = False) -> None:
        self.report = report
        if report.stale:
            self.exit_code = StalePlan.exit_code
        elif destroy and report.failed:
            self.exit_code = 8
        cause = "mend the cause and " if report.failed else ""
        super().__init__(report.summary, code="MLI3006", hint=f"{cause}run the same command again")
