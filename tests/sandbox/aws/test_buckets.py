"""Buckets: what is not there, what is closed, and what a policy refuses."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from typing import Any

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox

NAME = {"Bucket": "acme-models"}
EVERYTHING = ["arn:aws:s3:::acme-models", "arn:aws:s3:::acme-models/*"]


@pytest.fixture
def s3(aws: Any) -> Any:
    aws.s3.create_bucket(**NAME)
    return aws.s3


def test_a_bucket_that_is_not_there_has_no_head(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html: a HEAD has no body, so the code is the status
    assert refused(aws.s3.head_bucket, **NAME) == "404"
    aws.s3.create_bucket(**NAME)
    assert aws.s3.head_bucket(**NAME)["BucketRegion"] == "us-east-1"
    assert refused(aws.s3.head_object, **NAME, Key="a") == "404"


def test_objects_leave_no_files_open(s3: Any, running: Sandbox) -> None:
    # moto keeps each in a file of its own, and a file that is not closed is a ResourceWarning: here, an error
    for body in (b"x", b"y"):
        s3.put_object(**NAME, Key="replaced", Body=body)
    s3.put_object(**NAME, Key="deleted", Body=b"x")
    s3.delete_object(**NAME, Key="deleted")
    s3.put_object(**NAME, Key="by-version", Body=b"x")
    s3.delete_objects(**NAME, Delete={"Objects": [{"Key": "by-version", "VersionId": "null"}]})
    s3.create_multipart_upload(**NAME, Key="begun")
    running.reset()
    gc.collect()


def test_where_versioning_is_suspended_old_versions_stay(s3: Any) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
    s3.put_bucket_versioning(**NAME, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(**NAME, Key="a", Body=b"old")["VersionId"]
    s3.put_bucket_versioning(**NAME, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_object(**NAME, Key="a")
    page = s3.list_object_versions(**NAME)
    assert [version["VersionId"] for version in page["Versions"]] == [old]
    assert [marker["VersionId"] for marker in page["DeleteMarkers"]] == ["null"]
    for version in ("null", old):
        s3.delete_objects(**NAME, Delete={"Objects": [{"Key": "a", "VersionId": version}]})
    assert "Versions" not in s3.list_object_versions(**NAME)
    s3.delete_bucket(**NAME)


def policy(effect: str, condition: dict[str, Any], principal: Any = "*") -> str:
    statement = {"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": EVERYTHING}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]})


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        {"StringEquals": {"aws:PrincipalAccount": "210987654321"}},
        {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    ],
)
def test_a_denial_whose_condition_is_not_met_denies_nothing(s3: Any, condition: dict[str, Any]) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html: enforce encryption in transit
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
    s3.put_bucket_policy(**NAME, Policy=policy("Deny", condition))
    s3.put_object(**NAME, Key="a", Body=b"x")
    assert s3.get_object(**NAME, Key="a")["Body"].read() == b"x"
    assert "Errors" not in s3.delete_objects(**NAME, Delete={"Objects": [{"Key": "a"}]})


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringNotEquals": {"aws:PrincipalAccount": "210987654321"}},
        {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
        {"NumericGreaterThanEquals": {"s3:TlsVersion": ["1.2"]}, "BoolIfExists": {"aws:SecureTransport": "true"}},
    ],
)
def test_a_denial_whose_condition_is_met_denies(
    s3: Any, refused: Callable[..., str], condition: dict[str, Any]
) -> None:
    s3.put_bucket_policy(**NAME, Policy=policy("Deny", condition))
    assert refused(s3.put_object, **NAME, Key="a", Body=b"x") in ("403", "AccessDenied")
    s3.delete_bucket_policy(**NAME)
    s3.put_object(**NAME, Key="a", Body=b"x")


def test_a_denial_for_others_is_not_for_us(s3: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    s3.put_bucket_policy(**NAME, Policy=policy("Deny", {}, {"AWS": "arn:aws:iam::123456789012:role/other"}))
    s3.put_object(**NAME, Key="a", Body=b"x")
    s3.put_bucket_policy(**NAME, Policy=policy("Deny", {}, {"AWS": ["arn:aws:iam::123456789012:root"]}))
    assert refused(s3.put_object, **NAME, Key="a", Body=b"x") in ("403", "AccessDenied")
