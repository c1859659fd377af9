"""The codes of everything that can be wrong with a state: MLI4000 to MLI4999.

Every error raised in this package takes its code from here; docs/state.md prints the table. A code, once published,
keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Code(StrEnum):
    """Stable names of the codes."""

    UNAVAILABLE = "MLI4000"
    LOCK_HELD = "MLI4001"
    LEASE_LOST = "MLI4002"
    LOCK_CHANGED = "MLI4003"
    LOCK_DAMAGED = "MLI4004"
    DAMAGED = "MLI4010"
    JOURNAL_DAMAGED = "MLI4011"
    VANISHED = "MLI4012"
    UNSOUND = "MLI4013"
    NEWER_FORMAT = "MLI4020"
    UNKNOWN_FORMAT = "MLI4021"
    OTHER_STACK = "MLI4022"
    OTHER_LINEAGE = "MLI4023"
    OLDER_SERIAL = "MLI4024"
    CHANGED = "MLI4025"
    NO_STATE = "MLI4026"
    BAD_LOCATION = "MLI4030"
    NO_BUCKET = "MLI4040"
    BUCKET_DENIED = "MLI4041"
    UNCONDITIONAL = "MLI4042"
    BUCKET_TAKEN = "MLI4043"


MEANINGS: Mapping[Code, str] = MappingProxyType(
    {
        Code.UNAVAILABLE: "where the state is kept cannot be read or written: disk full, no permission, no network",
        Code.LOCK_HELD: "another run holds the lock of this stack",
        Code.LEASE_LOST: "our lock was taken over while we were away, and the write was refused",
        Code.LOCK_CHANGED: "the lock to be broken is not there any more, or another one is",
        Code.LOCK_DAMAGED: "the lock's own file is damaged",
        Code.DAMAGED: "the state file is damaged",
        Code.JOURNAL_DAMAGED: "the journal is damaged before its end",
        Code.VANISHED: "the state file is gone, while copies of it are there",
        Code.UNSOUND: "the state breaks one of its own invariants",
        Code.NEWER_FORMAT: "the state was written by a newer mlinfra",
        Code.UNKNOWN_FORMAT: "the state says a format version that never existed",
        Code.OTHER_STACK: "the file is the state of another stack",
        Code.OTHER_LINEAGE: "the file is of another lineage than the state that was here",
        Code.OLDER_SERIAL: "the file is older than the state that was here",
        Code.CHANGED: "the state changed between reading and writing",
        Code.NO_STATE: "there is no state yet to append to",
        Code.BAD_LOCATION: "the place named for the state is not understood",
        Code.NO_BUCKET: "the bucket does not exist",
        Code.BUCKET_DENIED: "the caller may not read or write the bucket",
        Code.UNCONDITIONAL: "the server ignores conditional writes, so that two runs could overwrite each other",
        Code.BUCKET_TAKEN: "a bucket of this name exists already and is not ours to change",
    }
)
