"""Faults: what goes wrong in the simulated cloud, and when.

Tests and users set rules, in this process or over the control path; the AWS gateway and the Kubernetes server ask for
each call which rules apply, and do the damage themselves. Knows nothing of either.
"""

from __future__ import annotations

import fnmatch
import random
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec


class FaultKind(StrEnum):
    """What goes wrong.

    throttle, error, denied: the service answers with its own code for that; `error` is a 5xx.
    quota, capacity: it answers that a quota is exhausted, that there is no such machine.
    latency: it answers late. timeout: it does not answer within `seconds`. reset: the connection breaks.
    garbled: what comes back is no answer, though its status says so (`mlinfra.sandbox.garbling`).
    stale: a read does not see the newest object. kill: the calling process is killed by SIGKILL.

    Kubernetes: a timeout is a 504, as its servers answer it; capacity and stale do nothing to calls.
    """

    THROTTLE = "throttle"
    ERROR = "error"
    DENIED = "denied"
    QUOTA = "quota"
    CAPACITY = "capacity"
    LATENCY = "latency"
    TIMEOUT = "timeout"
    RESET = "reset"
    GARBLED = "garbled"
    STALE = "stale"
    KILL = "kill"


EVERY_KIND = frozenset(FaultKind)
# Who is answered so knows that nothing was done: no service says it of what it has done.
_REFUSALS = frozenset({FaultKind.THROTTLE, FaultKind.DENIED, FaultKind.QUOTA, FaultKind.CAPACITY})


class When(StrEnum):
    """Whether it goes wrong before the call has any effect, or after: what is refused is refused before."""

    BEFORE = "before"
    AFTER = "after"


class Occasion(msgspec.Struct, frozen=True):
    """A call, as far as rules look at it. `detail` are its plain parameters, or what else tells it from others."""

    service: str
    operation: str
    mutating: bool
    detail: Mapping[str, str] = {}


class FaultRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. Patterns are those of the shell; all that is given must match.

    mutating: only mutating calls, or only the others.
    where: patterns for named details of the call (`InstanceType: p4d.*`).
    skip: how many matching calls pass unharmed first.
    count: how many are harmed then; `None` for all.
    probability: of each of those being harmed, drawn from `seed`.
    seconds: of latency, or before a time-out breaks the connection.
    pid: whom to kill; 0 for whoever is at the other end of the connection.
    code, message, status: instead of what the service would say; of a garbled answer, `code` is its form.
    """

    kind: FaultKind
    service: str = "*"
    operation: str = "*"
    mutating: bool | None = None
    where: Mapping[str, str] = {}
    when: When = When.BEFORE
    skip: int = 0
    count: int | None = None
    probability: float = 1.0
    seed: int = 0
    seconds: float = 0.0
    pid: int = 0
    code: str = ""
    message: str = ""
    status: int = 0

    @property
    def comes_after(self) -> bool:
        """Whether the call has its effect first; of one that is refused, never."""
        return self.when is When.AFTER and self.kind not in _REFUSALS

    def matches(self, occasion: Occasion) -> bool:
        """Whether the rule is about such calls at all."""
        return (
            fnmatch.fnmatchcase(occasion.service, self.service)
            and fnmatch.fnmatchcase(occasion.operation, self.operation)
            and self.mutating in (None, occasion.mutating)
            and all(fnmatch.fnmatchcase(occasion.detail.get(name, ""), want) for name, want in self.where.items())
        )


class _Armed:
    """A rule with what it has done so far."""

    def __init__(self, number: int, rule: FaultRule) -> None:
        self.number = number
        self.rule = rule
        self.seen = 0
        self.struck = 0
        self._random = random.Random(rule.seed)

    def strikes(self, occasion: Occasion) -> bool:
        if not self.rule.matches(occasion):
            return False
        self.seen += 1
        if self.seen <= self.rule.skip or (self.rule.count is not None and self.struck >= self.rule.count):
            return False
        if self._random.random() >= self.rule.probability:
            return False
        self.struck += 1
        return True


class RuleStatus(msgspec.Struct, frozen=True):
    """A rule that is set, how many calls it was about, and how many it harmed."""

    id: int
    rule: FaultRule
    seen: int
    struck: int


class Faults:
    """The rules that are set. Calling it with an occasion answers the rules that strike, in the order they were set.

    Shared by all threads of a server: the counts of a rule are exact, whoever calls.
    """

    def __init__(self, rules: Sequence[FaultRule] = ()) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._next = 1
        for rule in rules:
            self.add(rule)

    def __call__(self, occasion: Occasion, kinds: frozenset[FaultKind] = EVERY_KIND) -> tuple[FaultRule, ...]:
        """The rules of these kinds that strike this call, each counted as having struck."""
        if not self._armed:
            return ()
        with self._lock:
            asked = [armed for armed in self._armed if armed.rule.kind in kinds]
            return tuple(armed.rule for armed in asked if armed.strikes(occasion))

    def add(self, rule: FaultRule) -> int:
        """Set a rule; answers its id."""
        with self._lock:
            number = self._next
            self._next += 1
            self._armed.append(_Armed(number, rule))
        return number

    def remove(self, id: int) -> bool:
        """Take one rule away; whether there was one."""
        with self._lock:
            before = len(self._armed)
            self._armed = [armed for armed in self._armed if armed.number != id]
            return len(self._armed) < before

    def clear(self) -> None:
        """Take all rules away."""
        with self._lock:
            self._armed = []

    def rules(self) -> list[RuleStatus]:
        """What is set, and what it did."""
        with self._lock:
            return [RuleStatus(armed.number, armed.rule, armed.seen, armed.struck) for armed in self._armed]
