"""Identity: who the caller is, and the refusal to work in any other account than the one meant.

Asked once for each `Identity`. Who the caller is, is never a fact: it is looked up in every run.
"""

from __future__ import annotations

import threading

import msgspec

from mlinfra.aws.calls import Calls
from mlinfra.aws.codes import Code
from mlinfra.core.errors import AccessDenied


class Caller(msgspec.Struct, frozen=True):
    """Who calls: account, partition (`aws`, `aws-cn`, ...) and ARN."""

    account: str
    partition: str
    arn: str


class Identity:
    """The caller behind some calls, looked up when first asked for."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._caller: Caller | None = None

    def caller(self) -> Caller:
        """Who calls. Raises `AccessDenied` where there are no usable credentials."""
        with self._lock:
            if self._caller is None:
                answer = self._calls.one("sts", "GetCallerIdentity")
                arn = str(answer["Arn"])
                self._caller = Caller(str(answer["Account"]), arn.split(":")[1], arn)
            return self._caller

    def require(self, account: str) -> Caller:
        """The caller, who must belong to `account`. Raises `AccessDenied` (MLI5010) otherwise."""
        caller = self.caller()
        if caller.account != account:
            raise AccessDenied(
                f"the credentials belong to account {caller.account} ({caller.arn}), the stack to {account}",
                code=Code.OTHER_ACCOUNT,
                hint="use credentials of that account, or change target.account",
            )
        return caller
