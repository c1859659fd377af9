"""Error translation: what AWS and botocore raise, in our own terms, once.

`calls` uses it around every request. Messages name the call and the object; the original stays as the cause.
Codes are AWS's documented common errors and those of the services that we call (API references, November 2026).
"""

from __future__ import annotations

import re

from mlinfra.aws.codes import Code
from mlinfra.aws.credentials import refusal
from mlinfra.core.errors import (
    AccessDenied,
    Ambiguous,
    CapacityUnavailable,
    Conflict,
    InvalidRequest,
    NotFound,
    ProviderError,
    QuotaExceeded,
    Throttled,
)

_TOO_FAST = r"Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|PriorRequestNotComplete|Bandwidth.*Exceeded"
# In this order: `RequestLimitExceeded` is throttling, though it ends like a quota.
_KINDS: tuple[tuple[type[ProviderError], re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (Throttled, _TOO_FAST),
        (
            AccessDenied,
            r"AccessDenied|Unauthorized|NotAuthorized|OptInRequired|PendingVerification",
        ),
        (
            CapacityUnavailable,
            r"Insufficient(Instance|Host|ReservedInstance|Reserved)?Capacity|UnsupportedAvailabilityZone|SpotMaxPriceTooLow"
            r"|^Unsupported$|ReservationCapacityExceeded|InsufficientFreeAddresses",
        ),
        (
            QuotaExceeded,
            r"LimitExceeded|QuotaExceeded|Quota|TooManyBuckets|MaxSpotInstanceCount|LimitExceed|TooManyTags",
        ),
        (NotFound, r"NotFound|NoSuch|^404$|DoesNotExist|NonExistent|\.Unknown$"),
        (
            Conflict,
            r"DependencyViolation|InUse|DeleteConflict|AlreadyExist|Duplicate|AlreadyAssociated|AlreadyOwned|Conflict"
            r"|ConcurrentModification|OperationAborted|IncorrectState|IncorrectInstanceState|NotEmpty|InvalidState"
            r"|OperationInProgress|ActivityInProgress|Invalid\w+State(Fault)?$|Gateway\.NotAttached|AlreadyAttached|BucketAlready",
        ),
    )
)
_HINTS: dict[type[ProviderError], str] = {
    Throttled: "wait a little, then run the same command again",
    AccessDenied: "check which identity runs this (aws sts get-caller-identity) and what it is allowed to do",
    QuotaExceeded: "ask for a higher quota in Service Quotas, or declare less",
    CapacityUnavailable: "name further instance types or zones, or try again later",
    Ambiguous: "run the same command again: it looks before it makes anything",
}
# EKS of access entries, IAM and KMS of policies: whom they name must be there.
_NOBODY = re.compile(r"principalArn is invalid|invalid principal", re.IGNORECASE)
_NAME_SOMEBODY = "IAM has no such user or role: make it first, or change the ARN in the stack"
_IN_BETWEEN = (
    "see what is between this machine and AWS (a proxy, AWS_ENDPOINT_URL), then run the same command again: it looks "
    "before it makes anything"
)
_OUT_OF_REACH = (
    "see that this machine reaches that address: network, HTTPS_PROXY, region, AWS_ENDPOINT_URL if it is set"
)


class Failure:
    """The AWS code and message that an error of ours was made from, for the few places that must tell more exactly."""

    def __init__(self, error: BaseException) -> None:
        response = getattr(error.__cause__, "response", None) or {}
        about = response.get("Error") or {}
        self.code: str = str(about.get("Code", ""))
        self.message: str = str(about.get("Message", ""))

    @property
    def is_throttling(self) -> bool:
        """Whether the service wants fewer calls, where `Throttled` may also be one that could not be reached."""
        return re.search(_TOO_FAST, self.code) is not None

    def matches(self, pattern: str) -> bool:
        """Whether `code: message` holds `pattern`."""
        return re.search(pattern, f"{self.code}: {self.message}") is not None


def translate(error: Exception, doing: str, *, changes: bool, scrub: tuple[str, ...] = ()) -> ProviderError:
    """Our error for botocore's.

    doing: the call and its object, `ec2 CreateVpc for network.vpc`. changes: whether the call may have changed
    something; then nobody knows after a lost answer. scrub: texts that must not be repeated.
    """
    from botocore.exceptions import ClientError
    from botocore.parsers import ResponseParserError

    if (refused := refusal(error, doing)) is not None:
        return refused
    kind, said = _of_response(error, changes) if isinstance(error, ClientError) else _of_transport(error, changes)
    for secret in scrub:
        said = said.replace(secret, "***") if secret else said
    hint = _OUT_OF_REACH if _never_sent(error) else _HINTS.get(kind, "")
    if kind is InvalidRequest and _NOBODY.search(said):
        hint = _NAME_SOMEBODY
    if isinstance(error, ResponseParserError):
        return kind(f"{doing}: {said}", code=Code.GARBLED, hint=_IN_BETWEEN)
    return kind(f"{doing}: {said}", hint=hint)


def _never_sent(error: Exception) -> bool:
    from botocore import exceptions

    return isinstance(
        error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError | exceptions.ProxyConnectionError
    )


def _of_response(error: Exception, changes: bool) -> tuple[type[ProviderError], str]:
    response = error.response  # type: ignore[attr-defined]  # a ClientError; botocore is untyped
    about = response.get("Error", {})
    code, message = str(about.get("Code", "")), str(about.get("Message", ""))
    said = f"{message or 'no message'} ({code})"
    for kind, pattern in _KINDS:
        if pattern.search(code):
            return kind, said
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status == 501:
        return InvalidRequest, said
    if status >= 500:
        return (Ambiguous if changes else Throttled), said
    if status == 429:
        return Throttled, said
    return InvalidRequest, said


def _of_transport(error: Exception, changes: bool) -> tuple[type[ProviderError], str]:
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    lost = (
        exceptions.HTTPClientError,
        exceptions.ResponseStreamingError,
        exceptions.IncompleteReadError,
        ResponseParserError,
    )
    said = str(error) or type(error).__name__
    if _never_sent(error):
        return Throttled, said
    if isinstance(error, lost):
        return (Ambiguous if changes else Throttled), said
    return InvalidRequest, said
