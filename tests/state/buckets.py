"""A bucket with the manners of S3: conditional writes, a clock of its own, and answers that are lost."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any, NoReturn

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.state.actors import SetClock
from tests.state.disk import Died

# What can become of a mutating call: it is not made, made and the run dies, made and its answer lost, or refused.
Fate = str


class Bucket:
    """One bucket behind the calls of boto3's client. `fates` says what becomes of the mutating calls, by number."""

    def __init__(self, clock: SetClock | None = None, *, conditional: bool = True) -> None:
        self.clock = clock or SetClock()
        self.conditional = conditional
        self.objects: dict[str, tuple[bytes, str, Any]] = {}
        self.fates: dict[int, Fate] = {}
        self.calls = 0
        self.log: list[str] = []
        self.dead = False
        self.before: Callable[[str, str], None] = lambda operation, key: None

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        return self._mutating("put", parameters["Key"], lambda: self._put(parameters))

    def delete_objects(self, **parameters: Any) -> dict[str, Any]:
        keys = [item["Key"] for item in parameters["Delete"]["Objects"]]
        assert len(keys) <= 1000

        def delete() -> dict[str, Any]:
            for key in keys:
                self.objects.pop(key, None)
            return {}

        return self._mutating("delete", keys[0], delete)

    def get_object(self, **parameters: Any) -> dict[str, Any]:
        self._begin("get", parameters["Key"])
        if parameters["Key"] not in self.objects:
            refuse("NoSuchKey", 404, "GetObject")
        data, version, written = self.objects[parameters["Key"]]
        return {
            "Body": io.BytesIO(data),
            "ETag": version,
            "LastModified": written,
            "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(self.clock.now(), usegmt=True)}},
        }

    def list_objects_v2(self, **parameters: Any) -> dict[str, Any]:
        self._begin("list", parameters["Prefix"])
        keys = sorted(key for key in self.objects if key.startswith(parameters["Prefix"]))
        start = int(parameters.get("ContinuationToken", "0"))
        page: dict[str, Any] = {"Contents": [{"Key": key} for key in keys[start : start + 2]]}
        more = len(keys) > start + 2
        return page | ({"IsTruncated": True, "NextContinuationToken": str(start + 2)} if more else {})

    def _begin(self, operation: str, key: str) -> None:
        if self.dead:
            raise Died
        self.log.append(f"{operation} {key}")
        self.before(operation, key)

    def _mutating(self, operation: str, key: str, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self._begin(operation, key)
        self.calls += 1
        fate = self.fates.get(self.calls, "")
        if fate == "dies before":
            self.dead = True
            raise Died
        if fate == "unavailable":
            refuse("SlowDown", 503, "PutObject")
        if fate == "conflict":
            refuse("ConditionalRequestConflict", 409, "PutObject")
        try:
            return act()
        finally:
            # Whatever the server said, nobody heard it.
            if fate == "dies after":
                self.dead = True
                raise Died
            if fate == "answer lost":
                raise ReadTimeoutError(endpoint_url="https://s3")

    def _put(self, parameters: dict[str, Any]) -> dict[str, Any]:
        key, standing = parameters["Key"], self.objects.get(parameters["Key"])
        if self.conditional and parameters.get("IfNoneMatch") and standing is not None:
            refuse("PreconditionFailed", 412, "PutObject")
        if self.conditional and "IfMatch" in parameters:
            if standing is None:
                refuse("NoSuchKey", 404, "PutObject")
            if standing[1] != parameters["IfMatch"]:
                refuse("PreconditionFailed", 412, "PutObject")
        version = f'"{hashlib.md5(parameters["Body"]).hexdigest()}"'
        self.objects[key] = (parameters["Body"], version, self.clock.now().replace(microsecond=0))
        return {"ETag": version}


def refuse(code: str, status: int, operation: str) -> NoReturn:
    raise ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}},
        operation,
    )
