"""The log of the calls that a simulated cloud was asked: what tests and benchmarks count.

The AWS gateway and the Kubernetes server write it; the control path serves it as JSON.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

import msgspec

_READING = (
    "Describe",
    "List",
    "Get",
    "Head",
    "BatchGet",
    "BatchCheck",
    "Lookup",
    "Search",
    "Select",
    "Filter",
    "Simulate",
    "Validate",
    "Decode",
    "AssumeRole",
    "Query",
    "Scan",
    "Estimate",
    "Watch",
)


def is_mutating(operation: str) -> bool:
    """Whether an operation of that name changes anything, by the names that AWS gives its reading operations."""
    return not operation.startswith(_READING)


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call. `status` is the HTTP status answered, 0 where the caller was given none.

    `operation` is AWS's (`CreateVpc`), or of Kubernetes a verb on a resource (`patch:deployments.apps`).
    `began` is in seconds of the sandbox's clock, `seconds` how long it took; `fault` names the faults that struck;
    `number` counts from 1 and is given by the log.
    """

    number: int = 0
    service: str
    operation: str
    mutating: bool
    began: float
    seconds: float
    status: int
    fault: str = ""


class CallLog:
    """The last `keep` calls in order, and how many there were of each operation since the last clearing."""

    def __init__(self, keep: int = 100_000) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._records: list[CallRecord] = []
        self._counts: Counter[str] = Counter()
        self._number = 0

    def add(self, record: CallRecord) -> None:
        """Note a call; its number is given here."""
        with self._lock:
            self._number += 1
            self._counts[f"{record.service}:{record.operation}"] += 1
            self._records.append(msgspec.structs.replace(record, number=self._number))
            if len(self._records) > 2 * self._keep:
                del self._records[: -self._keep]

    def clear(self) -> None:
        """Start anew."""
        with self._lock:
            self._records.clear()
            self._counts.clear()
            self._number = 0

    def __len__(self) -> int:
        return self._number

    def records(self, *, mutating: bool | None = None, service: str = "") -> list[CallRecord]:
        """The calls kept, in order; only the mutating ones, only the others, only one service's, where asked."""
        with self._lock:
            kept = self._records[-self._keep :]
        return [
            record
            for record in kept
            if (mutating is None or record.mutating is mutating) and service in ("", record.service)
        ]

    def counts(self) -> Mapping[str, int]:
        """How many calls there were of each operation (`ec2:CreateVpc`), most frequent first."""
        with self._lock:
            return dict(self._counts.most_common())
