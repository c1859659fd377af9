from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from mlinfra.aws.errors import Failure, translate
from mlinfra.core.errors import (
    AccessDenied,
    Ambiguous,
    CapacityUnavailable,
    Conflict,
    InvalidRequest,
    NoCredentials,
    NotFound,
    ProviderError,
    QuotaExceeded,
    Throttled,
)


def answered(code: str, status: int = 400, message: str = "said so") -> exceptions.ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(response, "CreateThing")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Throttling", Throttled),
        ("ThrottlingException", Throttled),
        ("RequestLimitExceeded", Throttled),
        ("TooManyRequestsException", Throttled),
        ("SlowDown", Throttled),
        ("UnauthorizedOperation", AccessDenied),
        ("AccessDeniedException", AccessDenied),
        ("VpcLimitExceeded", QuotaExceeded),
        ("LimitExceededException", QuotaExceeded),
        ("ResourceLimitExceeded", QuotaExceeded),
        ("VcpuLimitExceeded", QuotaExceeded),
        ("ServiceQuotaExceededException", QuotaExceeded),
        ("InsufficientInstanceCapacity", CapacityUnavailable),
        ("UnsupportedAvailabilityZoneException", CapacityUnavailable),
        ("InvalidVpcID.NotFound", NotFound),
        ("NoSuchEntity", NotFound),
        ("ResourceNotFoundException", NotFound),
        ("NatGatewayNotFound", NotFound),
        ("404", NotFound),
        ("DependencyViolation", Conflict),
        ("EntityAlreadyExists", Conflict),
        ("ResourceInUseException", Conflict),
        ("InvalidPermission.Duplicate", Conflict),
        ("Resource.AlreadyAssociated", Conflict),
        ("RepositoryNotEmptyException", Conflict),
        ("KMSInvalidStateException", Conflict),
        ("InvalidParameterValue", InvalidRequest),
        ("ValidationError", InvalidRequest),
        ("MalformedPolicyDocument", InvalidRequest),
    ],
)
def test_what_aws_answers_becomes_one_of_our_errors(code: str, kind: type[ProviderError]) -> None:
    error = translate(answered(code), "ec2 CreateThing for a.thing", changes=True)
    assert type(error) is kind
    assert str(error) == f"ec2 CreateThing for a.thing: said so ({code})"


@pytest.mark.parametrize(
    ("error", "changes", "kind"),
    [
        (answered("InternalError", 500), True, Ambiguous),
        (answered("InternalError", 500), False, Throttled),
        (answered("ServiceUnavailable", 503), True, Ambiguous),
        (answered("NotImplemented", 501), True, InvalidRequest),
        (answered("Whatever", 429), True, Throttled),
        (exceptions.ReadTimeoutError(endpoint_url="x"), True, Ambiguous),
        (exceptions.ReadTimeoutError(endpoint_url="x"), False, Throttled),
        (exceptions.ConnectionClosedError(endpoint_url="x"), True, Ambiguous),
        (ResponseParserError("half an answer"), True, Ambiguous),
        (exceptions.ConnectTimeoutError(endpoint_url="x"), True, Throttled),
        (exceptions.EndpointConnectionError(endpoint_url="x"), True, Throttled),
        (exceptions.NoCredentialsError(), True, NoCredentials),
        (answered("ExpiredToken", 403), True, NoCredentials),
        (answered("AccessDenied", 403), True, AccessDenied),
        (exceptions.ParamValidationError(report="wrong"), True, InvalidRequest),
    ],
)
def test_a_lost_answer_is_ambiguous_only_where_something_may_have_changed(
    error: Exception, changes: bool, kind: type[ProviderError]
) -> None:
    assert type(translate(error, "ec2 CreateVpc", changes=changes)) is kind


def test_secrets_are_scrubbed_from_what_is_said() -> None:
    error = translate(answered("X", message="'hunter2' is too short"), "a", changes=True, scrub=("hunter2",))
    assert str(error) == "a: '***' is too short (X)"


def test_what_can_be_done_is_said_with_it() -> None:
    assert "Service Quotas" in translate(answered("VpcLimitExceeded"), "a", changes=True).hint
    away = translate(exceptions.EndpointConnectionError(endpoint_url="x"), "a", changes=True)
    assert "HTTPS_PROXY" in away.hint
    assert "AWS_ENDPOINT_URL" in away.hint
    assert "looks before" in translate(answered("X", 500), "a", changes=True).hint


def test_the_code_of_aws_can_be_told_from_the_cause() -> None:
    try:
        raise translate(answered("InvalidParameterException", message="role x"), "a", changes=True) from answered(
            "InvalidParameterException", message="role x"
        )
    except ProviderError as error:
        failure = Failure(error)
    assert failure.code == "InvalidParameterException"
    assert failure.matches("InvalidParameter.*role")
    assert not failure.matches("capacity")


def test_whoever_names_somebody_that_is_not_there_is_told_so() -> None:
    refused = answered("InvalidParameterException", message="The specified principalArn is invalid: invalid principal")
    assert translate(refused, "eks CreateAccessEntry", changes=True).hint.startswith("IAM has no such user or role")
