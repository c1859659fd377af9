"""States in S3: conditional writes, and no second service.

The session opens it with a client of its own making. Objects are replaced with If-Match and made with If-None-Match;
each line of a journal is an object, so that of two writers one wins. A write whose answer was lost is looked up and
known again by its content. A server that ignores the conditions is found out at the first write and refused.

S3 answers 412 where a condition does not hold, 404 to If-Match where there is no object, and 409
ConditionalRequestConflict where two conditional writes met, which is to be tried again (Amazon S3 User Guide,
"Conditional writes", read November 2026). The client's own retries do no harm here, and are not needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mlinfra.core.clock import Clock
from mlinfra.core.errors import StateError
from mlinfra.state.backend import Backend
from mlinfra.state.codes import Code
from mlinfra.state.lease import Claimant
from mlinfra.state.s3.calls import Calls, Refused, S3Client
from mlinfra.state.store import Journal, Kept

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^/].*?)/?")  # bucket naming rules: 3 to 63 characters
_PROBE = "probe.json"
_NO_SUCH_VERSION = '"00000000000000000000000000000000"'
_READERS = 8
_DELETED_AT_ONCE = 1000  # DeleteObjects takes no more


class S3Backend(Backend):
    """One stack's state below `url` (`s3://bucket/prefix`). Raises `StateError` for a URL that is none."""

    def __init__(self, url: str, stack: str, client: S3Client, clock: Clock, claimant: Claimant) -> None:
        found = _URL.fullmatch(url)
        if found is None:
            raise StateError(
                f"{url!r} is no place for a state",
                code=Code.BAD_LOCATION,
                hint="write s3://BUCKET/PREFIX, with a prefix of its own for each stack",
            )
        super().__init__(S3Store(client, found[1], found[2], clock), stack, clock, claimant)


class S3Store:
    """The store below one prefix. May be used by several threads."""

    guards = False

    def __init__(self, client: S3Client, bucket: str, prefix: str, clock: Clock) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._calls = Calls(f"s3://{bucket}/{prefix}", clock)
        self._trusted = False

    @property
    def location(self) -> str:
        """The URL."""
        return self._calls.location

    def get(self, name: str) -> Kept | None:
        """The object; its version is its ETag, its age by the server's clock."""
        try:
            answer, data = self._calls.call("read", name, self._read, name=name)
        except Refused:
            return None
        return Kept(data, answer["ETag"], _age(answer))

    def put(self, name: str, data: bytes, expected: str | None) -> str | None:
        """One conditional write. Where it is refused, what stands there tells whether it was ours already."""
        self._probe()
        return self._put(name, data, expected)

    def delete(self, names: Sequence[str]) -> None:
        """Removed in batches, with the lines of the journals among them."""
        keys = [key for name in names for key in (self._keys(f"{name}/") if name.startswith("journal.") else [name])]
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            batch = [{"Key": self._key(key)} for key in keys[start : start + _DELETED_AT_ONCE]]
            wanted = {"Bucket": self._bucket, "Delete": {"Objects": batch, "Quiet": True}}
            answer = self._calls.call("delete objects in", "", self._client.delete_objects, **wanted)
            if failed := answer.get("Errors"):
                self._calls.fail("delete", failed[0]["Key"], failed[0]["Code"], failed[0].get("Message", ""))

    def names(self) -> frozenset[str]:
        """The first part of every key below the prefix."""
        return frozenset(key.partition("/")[0] for key in self._keys(""))

    def journal(self, name: str) -> Journal:
        """Its lines, one object each, read together. None can be torn: S3 keeps an object whole or not at all."""
        keys = sorted(self._keys(f"{name}/"))
        with ThreadPoolExecutor(_READERS) as pool:
            kept = list(pool.map(self.get, keys)) if keys else []
        return Journal([line.data if line else b"" for line in kept], len(keys))

    def append(self, name: str, end: int, line: bytes) -> int | None:
        """Made as the next object of the journal."""
        return None if self.put(f"{name}/{end + 1:08d}.json", line, None) is None else end + 1

    @contextmanager
    def fenced(self, check: Callable[[], None]) -> Iterator[None]:
        """Check after the write: if the lock is ours then, nobody can have taken over before it."""
        yield
        check()

    def _put(self, name: str, data: bytes, expected: str | None) -> str | None:
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        where = {"Bucket": self._bucket, "Key": self._key(name), "ContentType": "application/json"}
        try:
            answer = self._calls.call("write", name, self._client.put_object, **where, **condition, Body=data)
        except Refused:
            kept = self.get(name)
            return kept.version if kept is not None and kept.data == data else None
        return str(answer["ETag"])

    def _probe(self) -> None:
        """Make sure, once, that the server refuses what it must: otherwise two runs would overwrite each other.

        The object of the probe stays, so that from the second time on one refusal is the whole proof.
        """
        if self._trusted:
            return
        made = self._is_written(IfNoneMatch="*") and self._is_written(IfNoneMatch="*")
        if made or self._is_written(IfMatch=_NO_SUCH_VERSION):
            raise StateError(
                f"the server behind {self.location} ignores conditional writes (If-None-Match, If-Match)",
                code=Code.UNCONDITIONAL,
                hint="keep the state in Amazon S3, on a server that honours them, or in a local directory",
            )
        self._trusted = True

    def _is_written(self, **condition: str) -> bool:
        where = {"Bucket": self._bucket, "Key": self._key(_PROBE), "Body": b"{}\n"}
        try:
            self._calls.call("write", _PROBE, self._client.put_object, **where, **condition)
        except Refused:
            return False
        return True

    def _read(self, name: str) -> tuple[dict[str, Any], bytes]:
        answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name))
        return answer, answer["Body"].read()

    def _keys(self, below: str) -> list[str]:
        """The keys that begin with `below`, without the prefix of the stack."""
        keys: list[str] = []
        page: dict[str, str] = {}
        while True:
            where = {"Bucket": self._bucket, "Prefix": self._key(below), **page}
            answer = self._calls.call("list", below, self._client.list_objects_v2, **where)
            keys += [item["Key"].removeprefix(self._key("")) for item in answer.get("Contents", ())]
            if not answer.get("IsTruncated"):
                return keys
            page = {"ContinuationToken": answer["NextContinuationToken"]}

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}"


def _age(answer: dict[str, Any]) -> float | None:
    """Seconds since the object was written, by the server's clock, rather too few: both times are whole seconds."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    written = answer.get("LastModified")
    if not date or not isinstance(written, datetime):
        return None
    return max(0.0, (parsedate_to_datetime(date) - written).total_seconds() - 1)
