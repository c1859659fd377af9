"""The codes of everything that can be wrong with a state: MLI4000 to MLI4999.

Every error raised in this package takes its code from here; docs/state.md prints the table. A code, once published,
keeps its meaning.
"""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can go wrong with a state and its lock."""

    UNAVAILABLE = "MLI4000", "where the state is kept cannot be read or written: disk full, no permission, no network"
    LOCK_HELD = "MLI4001", "another run holds the lock of this stack"
    LEASE_LOST = "MLI4002", "our lock was taken over while we were away, and the write was refused"
    LOCK_CHANGED = "MLI4003", "the lock to be broken is not there any more, or another one is"
    LOCK_DAMAGED = "MLI4004", "the lock's own file is damaged"
    DAMAGED = "MLI4010", "the state file is damaged"
    JOURNAL_DAMAGED = "MLI4011", "the journal is damaged before its end"
    VANISHED = "MLI4012", "the state file is gone, while copies of it are there"
    UNSOUND = "MLI4013", "the state breaks one of its own invariants"
    JOURNAL_LOST = "MLI4095", "the journal that was begun with the state file is gone, or nothing of it is left"
    NEWER_FORMAT = "MLI4020", "the state was written by a newer mlinfra"
    UNKNOWN_FORMAT = "MLI4021", "the state says a format version that never existed"
    OTHER_STACK = "MLI4022", "the file is the state of another stack"
    OTHER_LINEAGE = "MLI4023", "the file is of another lineage than the state that was here"
    OLDER_SERIAL = "MLI4024", "the file is older than the state that was here"
    CHANGED = "MLI4025", "the state changed between reading and writing"
    NO_STATE = "MLI4026", "there is no state yet to append to"
    BAD_LOCATION = "MLI4030", "the place named for the state is not understood"
    NO_BUCKET = "MLI4040", "the bucket does not exist"
    BUCKET_DENIED = "MLI4041", "the caller may not read or write the bucket"
    UNCONDITIONAL = "MLI4042", "the server ignores conditional writes, so that two runs could overwrite each other"
    BUCKET_TAKEN = "MLI4043", "a bucket of this name exists already and is not ours to change"
