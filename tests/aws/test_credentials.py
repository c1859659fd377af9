"""Credentials that do not work: whose they were to be is said, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore import exceptions

from mlinfra.aws.clients import Clients
from mlinfra.aws.credentials import refusal, whose
from mlinfra.core.errors import NoCredentials

_CONFIG = """\
[profile acme-prod]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = base
"""


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(_CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "the default profile"),
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, "the key in AWS_ACCESS_KEY_ID"),
        ({"AWS_PROFILE": "base"}, "the profile base (AWS_PROFILE)"),
        (
            {"AWS_DEFAULT_PROFILE": "acme-prod"},
            "the profile acme-prod (AWS_DEFAULT_PROFILE), which takes the role arn:aws:iam::123456789012:role/deploy",
        ),
        (
            {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/ci", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"},
            "the role arn:aws:iam::123456789012:role/ci (AWS_ROLE_ARN)",
        ),
    ],
)
def test_whose_they_are_is_said_by_the_setting_that_decides(environ: dict[str, str], words: str) -> None:
    assert whose(environ) == words


def test_no_key_is_ever_repeated() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2"}
    response = {"Error": {"Code": "SignatureDoesNotMatch", "Message": "not yours"}}
    refused = refusal(exceptions.ClientError(response, "GetCallerIdentity"), "sts GetCallerIdentity", environ)
    assert str(refused) == (
        "sts GetCallerIdentity: AWS does not take the credentials of the key in AWS_ACCESS_KEY_ID: "
        "not yours (SignatureDoesNotMatch)"
    )
    assert refused is not None
    assert "hunter2" not in refused.hint


def test_a_profile_that_there_is_not_is_told_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "acme-prd")
    with pytest.raises(NoCredentials) as refused:
        Clients("us-east-1").of("s3")
    assert (str(refused.value), refused.value.hint, refused.value.code) == (
        "AWS_PROFILE names the profile acme-prd, and the AWS configuration has none",
        "did you mean acme-prod?",
        "MLI5020",
    )


def test_a_profile_that_leads_nowhere_is_no_defect_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "acme-prod")
    with pytest.raises(NoCredentials, match=r"the profile acme-prod .* gives no credentials: .*\"base\""):
        Clients("us-east-1").of("s3").get_caller_identity()


def test_other_refusals_are_no_matter_of_credentials() -> None:
    response = {"Error": {"Code": "AccessDenied", "Message": "no"}}
    assert refusal(exceptions.ClientError(response, "CreateVpc"), "ec2 CreateVpc", {}) is None
