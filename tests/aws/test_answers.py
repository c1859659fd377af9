from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from botocore.parsers import ResponseParserFactory
from botocore.session import get_session

from mlinfra.aws.answers import Garbled, Parsers
from mlinfra.aws.calls import Calls
from mlinfra.core.errors import Ambiguous, Throttled
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule, When

PAGE = b"<!DOCTYPE html>\n<html><body>Bad gateway</body></html>"
VPCS = (
    b'<?xml version="1.0"?>\n'
    b"<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>"
)
ROLE = (
    b"<CreateRoleResponse><CreateRoleResult><Role><RoleName>a</RoleName></Role></CreateRoleResult></CreateRoleResponse>"
)
BUCKETS = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>"
BLOCK = b"<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"


@cache
def model(service: str) -> Any:
    return get_session().get_service_model(service)


def parse(service: str, operation: str, body: Any, *, status: int = 200, **headers: str) -> Any:
    about = model(service)
    response = {
        "status_code": status,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "body": body,
        "context": {"operation_name": operation},
    }
    parser = Parsers(ResponseParserFactory()).create_parser(about.resolved_protocol)
    answer = parser.parse(response, about.operation_model(operation).output_shape)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.mark.parametrize(
    ("service", "operation", "body", "shown"),
    [
        ("ec2", "DescribeVpcs", VPCS, {"Vpcs": [{"VpcId": "vpc-1"}]}),
        ("ec2", "DescribeVpcs", b"\xef\xbb\xbf<!-- a note --><a:DescribeVpcsResponse xmlns:a='b'/>", {}),
        ("iam", "CreateRole", ROLE, {"Role": {"RoleName": "a"}}),
        ("iam", "DeleteRole", b"<DeleteRoleResponse><ResponseMetadata/></DeleteRoleResponse>", {}),
        ("logs", "DescribeLogGroups", b'{"logGroups": [{"storedBytes": 1}]}', {"logGroups": [{"storedBytes": 1}]}),
        ("logs", "DescribeLogGroups", b' {"logGroups": [{"arn": "\\ud800"}]}', {"logGroups": [{"arn": "\ud800"}]}),
        ("logs", "DeleteLogGroup", b"", {}),
        ("logs", "DeleteLogGroup", b"{}", {}),
        ("sqs", "ListQueues", b"{}", {}),  # so SQS says that there are none
        ("eks", "TagResource", b"", {}),  # its output has no fields
        ("eks", "ListClusters", b'{"clusters": []}', {"clusters": []}),
        ("s3", "ListBuckets", BUCKETS, {"Buckets": [{"Name": "a"}]}),
        ("s3", "GetBucketVersioning", b"<VersioningConfiguration/>", {}),  # so S3 says that there never was any
        ("s3", "GetPublicAccessBlock", BLOCK, {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}),
        ("s3", "GetBucketPolicy", b'{"Statement": []}', {"Policy": '{"Statement": []}'}),
        ("s3", "CreateBucket", b"", {}),
        (
            "route53",
            "ListHostedZones",
            b"<ListHostedZonesResponse><HostedZones/></ListHostedZonesResponse>",
            {"HostedZones": []},
        ),
    ],
)
def test_what_has_the_form_of_an_answer_is_one(service: str, operation: str, body: bytes, shown: Any) -> None:
    assert parse(service, operation, body) == shown


@pytest.mark.parametrize(
    ("service", "operation", "body", "what"),
    [
        ("ec2", "DescribeVpcs", PAGE, "an HTML page"),
        ("ec2", "DescribeVpcs", b"", "nothing"),
        ("ec2", "DescribeVpcs", b"<x></x>", "<x> in the place of <DescribeVpcsResponse>"),
        ("ec2", "DescribeVpcs", VPCS[: len(VPCS) // 2], "nothing that can be read"),
        ("ec2", "DescribeVpcs", b"<DescribeSubnetsResponse/>", "<DescribeSubnetsResponse>"),
        ("iam", "CreateRole", b"<CreateRoleResponse/>", "nothing that can be read"),
        ("iam", "DeleteRole", b"{}", "no XML"),
        ("logs", "DescribeLogGroups", PAGE, "an HTML page"),
        ("logs", "DescribeLogGroups", b"", "nothing"),
        ("logs", "DescribeLogGroups", b"null", "nothing"),
        ("logs", "DescribeLogGroups", b"[]", "no whole JSON object"),
        ("logs", "DescribeLogGroups", b'{"logGroups": [{"arn": "a"}', "no whole JSON object"),
        ("logs", "DescribeLogGroups", b'{"logGroups": 5}', "nothing that can be read"),
        ("logs", "DeleteLogGroup", PAGE, "an HTML page"),
        ("kms", "DescribeKey", b"[]", "no whole JSON object"),
        ("eks", "ListClusters", b"", "nothing"),
        ("s3", "ListBuckets", b"<html><body/></html>", "an HTML page"),
        ("s3", "ListBuckets", b"<x></x>", "<x> in the place of <ListAllMyBucketsResult>"),
        ("s3", "ListBuckets", b"", "nothing"),
        ("s3", "GetPublicAccessBlock", b"<x></x>", "<PublicAccessBlockConfiguration>"),
        ("s3", "GetBucketPolicy", PAGE, "an HTML page"),
        ("s3", "CreateBucket", PAGE, "an HTML page"),
        ("s3", "PutObject", b"", "something without an ETag"),
        ("s3", "GetObject", object(), "something without an ETag"),
        ("route53", "ListHostedZones", b"<x></x>", "<x> in the place of <ListHostedZonesResponse>"),
    ],
)
def test_what_has_not_is_none(service: str, operation: str, body: Any, what: str) -> None:
    with pytest.raises(Garbled, match=what):
        parse(service, operation, body)


@pytest.mark.parametrize(
    ("service", "operation"), [("kms", "DescribeKey"), ("s3", "GetBucketTagging"), ("ec2", "DescribeVpcs")]
)
@pytest.mark.parametrize("body", [PAGE, b"", b"<x></x>", b"[]"])
def test_a_refusal_that_names_no_error_says_of_nothing_that_it_is_not_there(
    service: str, operation: str, body: bytes
) -> None:
    with pytest.raises(Garbled, match="404"):
        parse(service, operation, body, status=404)


def test_a_refusal_of_a_service_is_its_own() -> None:
    refused = b"<Error><Code>NoSuchTagSet</Code><Message>none</Message></Error>"
    assert parse("s3", "GetBucketTagging", refused, status=404)["Error"]["Code"] == "NoSuchTagSet"
    assert parse("s3", "HeadBucket", b"", status=404)["Error"]["Code"] == "404"  # HEAD has no body
    assert parse("kms", "DescribeKey", PAGE, status=502)["Error"]["Code"] == "502"
    named = parse("eks", "DescribeCluster", b"{}", status=404, x_amzn_errortype="ResourceNotFoundException")
    assert named["Error"]["Code"] == "ResourceNotFoundException"


def test_a_garbled_answer_to_a_question_is_asked_for_again(calls: Calls, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, operation="DescribeVpcs", count=1))
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, when=When.AFTER, code="half", service="logs", count=1))
    assert next(calls.pages("ec2", "DescribeVpcs"))["Vpcs"]
    assert calls.one("logs", "DescribeLogGroups")["logGroups"] == []
    assert sandbox.calls.counts() == {"ec2:DescribeVpcs": 2, "logs:DescribeLogGroups": 2}


def test_answers_that_stay_garbled_are_no_answers(calls: Calls, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, service="logs"))
    with pytest.raises(Throttled, match=r"logs DescribeLogGroups: what came back is .* an HTML page") as raised:
        calls.one("logs", "DescribeLogGroups")
    assert raised.value.code == "MLI5070"


def test_a_create_without_a_token_is_not_repeated_after_a_garbled_answer(calls: Calls, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, operation="CreateVpc", when=When.AFTER))
    with pytest.raises(Ambiguous) as raised:
        calls.one("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})
    assert raised.value.code == "MLI5070"
    assert [kind for kind, _ in sandbox.inventory()] == ["ec2:vpc"]


def test_what_came_back_is_never_repeated_in_a_message(calls: Calls, sandbox: Sandbox) -> None:
    calls.one("secretsmanager", "CreateSecret", {"Name": "a", "SecretString": "hunter2" * 9}, token="t" * 32)
    sandbox.faults.add(FaultRule(kind=FaultKind.GARBLED, when=When.AFTER, code="half"))
    with pytest.raises(Throttled) as raised:
        calls.one("secretsmanager", "GetSecretValue", {"SecretId": "a"})
    assert "hunter2" not in str(raised.value)
