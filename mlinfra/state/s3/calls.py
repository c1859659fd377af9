"""Calls to S3, repeated until they are answered, and its errors told in ours.

The store and the making of buckets call through here. Repeating is safe for what is sent: conditional writes, reads,
and deletions and settings that come to the same when made twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from mlinfra.aws.credentials import refusal, whose
from mlinfra.core.clock import Clock
from mlinfra.core.errors import StateError
from mlinfra.state.codes import Code

_ATTEMPTS = 6
_FIRST_PAUSE = 0.2  # seconds, doubled each time
_PASSING = frozenset({"ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "SlowDown", "Throttling"})


class S3Client(Protocol):
    """What the store uses of boto3's S3 client."""

    def get_object(self, **parameters: Any) -> dict[str, Any]:
        """GetObject."""
        ...

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        """PutObject."""
        ...

    def delete_objects(self, **parameters: Any) -> dict[str, Any]:
        """DeleteObjects."""
        ...

    def list_objects_v2(self, **parameters: Any) -> dict[str, Any]:
        """ListObjectsV2."""
        ...


class Refused(Exception):
    """The condition of a write does not hold, or what was asked for is not there, or, of a bucket, there and ours.

    Never leaves this package.
    """


# HeadBucket has no body, hence no code but the status.
_REFUSED = frozenset({"NoSuchKey", "NoSuchBucketPolicy", "404", "BucketAlreadyOwnedByYou"})
_DENIED = (
    Code.BUCKET_DENIED,
    "the caller needs s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix, and s3:ListBucket on the bucket",
)
_OUT_OF_REACH = (
    "see that this machine reaches S3: network, HTTPS_PROXY, the region, AWS_ENDPOINT_URL if it is set; "
    "then run the same command again"
)
_REMEDIES = {
    "NoSuchBucket": (
        Code.NO_BUCKET,
        "make it with `mlinfra init STACK --platform aws --bucket NAME`, or correct `state` in the stack file",
    ),
    "AccessDenied": _DENIED,
    "403": _DENIED,
    "BucketAlreadyExists": (Code.BUCKET_TAKEN, "bucket names are shared by all of AWS: name another one"),
}


def _reason(error: ClientError) -> tuple[str, int]:
    response: Any = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return str(response.get("Error", {}).get("Code", "")), int(status)


class Calls:
    """Makes calls that concern `location`, which names it in errors."""

    def __init__(self, location: str, clock: Clock) -> None:
        self.location = location
        self._clock = clock

    def call(self, verb: str, name: str, operation: Callable[..., Any], /, **parameters: Any) -> Any:
        """Call `operation` until it is answered; `verb` and `name` say in errors what it does to what.

        Raises `Refused` where a condition does not hold, the object is not there or the bucket is ours already,
        otherwise `StateError`.
        """
        pause = _FIRST_PAUSE
        for _ in range(1, _ATTEMPTS):
            try:
                return operation(**parameters)
            except ClientError as error:
                self._weigh(verb, name, error, last=False)
            except (NoConnection, HTTPClientError, IncompleteReadError, ResponseParserError):
                pass  # no answer, half of one, or somebody else's: ask again
            except BotoCoreError as error:
                self._give_up(verb, name, error)
            self._clock.sleep(pause)
            pause *= 2
        try:
            return operation(**parameters)
        except ClientError as error:
            self._weigh(verb, name, error, last=True)
        except (BotoCoreError, ResponseParserError) as error:
            self._give_up(verb, name, error)

    def _give_up(self, verb: str, name: str, error: Exception) -> NoReturn:
        """Nothing was answered: for want of credentials, or of a way to S3."""
        self._require_credentials(verb, error)
        self.fail(verb, name, "", str(error), error)

    def _require_credentials(self, verb: str, error: Exception) -> None:
        if (refused := refusal(error, f"cannot {verb} {self.location}")) is not None:
            raise StateError(str(refused), code=refused.code, hint=refused.hint) from error

    def _weigh(self, verb: str, name: str, error: ClientError, *, last: bool) -> None:
        """Raise what `error` means, unless it will pass."""
        code, status = _reason(error)
        if status == 412 or code in _REFUSED:
            raise Refused from error
        self._require_credentials(verb, error)
        if last or not (status >= 500 or status == 429 or code in _PASSING):
            self.fail(verb, name, code, str(error), error)

    def fail(self, verb: str, name: str, reason: str, message: str, cause: Exception | None = None) -> NoReturn:
        """Raise the `StateError` for S3's `reason`."""
        code, hint = _REMEDIES.get(reason, (Code.UNAVAILABLE, _OUT_OF_REACH))
        what = f"{self.location}/{name}" if name else self.location
        who = f"; asked with the credentials of {whose()}" if code == Code.BUCKET_DENIED else ""
        raise StateError(f"cannot {verb} {what}: {message}{who}", code=code, hint=hint) from cause
