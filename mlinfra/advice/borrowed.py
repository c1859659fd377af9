"""What a stack names and does not make: principals of the account, certificates. Looked for before anything is made.

AWS refuses what is built upon something that is not there, and says so when its turn comes, which may be late. The
session's adviser asks for what is about to be made; what may not be asked is told as not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from mlinfra.advice.codes import Code
from mlinfra.aws.calls import Calls
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.core.source import Source

_AT_ONCE = 8


class Borrowed(msgspec.Struct, frozen=True):
    """Something that `address` is built upon, by its ARN."""

    address: Address
    arn: str


def borrowed_findings(
    calls: Calls, account: str, borrowed: Iterable[Borrowed], source: Callable[[Address], Source | None]
) -> tuple[Diagnostic, ...]:
    """A warning for each that is not there, a note for each that may not be looked for.

    Of another account or region nothing is known, and nothing said.
    """

    def look(one: Borrowed) -> Diagnostic | None:
        question = _question(calls, account, one.arn)
        said = _answer(question, one) if question else None
        return msgspec.structs.replace(said, address=one.address, source=source(one.address)) if said else None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(said for said in pool.map(look, borrowed) if said)


def _answer(question: Callable[[], object], one: Borrowed) -> Diagnostic | None:
    try:
        question()
    except NotFound:
        return Diagnostic(
            severity=Severity.WARNING,
            code=Code.MISSING,
            summary=f"{one.address}: there is no {one.arn}",
            detail="AWS will refuse to make it until there is.",
            hint="correct the ARN, or see that it is there before the apply",
        )
    except ProviderError as error:
        summary = f"{one.address}: whether {one.arn} is there was not checked"
        return Diagnostic(severity=Severity.NOTE, code=Code.MISSING, summary=summary, detail=str(error))
    return None


def _question(calls: Calls, account: str, arn: str) -> Callable[[], object] | None:
    """What raises `NotFound` where it is not there; `None` for what cannot be asked from here."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[4] != account:
        return None
    name = parts[5].rpartition("/")[2]  # IAM knows roles and users by their names alone, without a path
    if parts[2] == "iam" and parts[5].startswith("role/"):
        return lambda: calls.one("iam", "GetRole", {"RoleName": name}, about=arn)
    if parts[2] == "iam" and parts[5].startswith("user/"):
        return lambda: calls.one("iam", "GetUser", {"UserName": name}, about=arn)
    if parts[2] == "acm" and parts[3] == calls.region:
        return lambda: calls.one("acm", "DescribeCertificate", {"CertificateArn": arn}, about=arn)
    return None
