from __future__ import annotations

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.secrets import Secrets
from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.core.value import Secret
from mlinfra.sandbox.aws.sandbox import Sandbox


@pytest.fixture
def secrets(calls: Calls, sandbox: Sandbox) -> Secrets:
    calls.one("secretsmanager", "CreateSecret", {"Name": "webhook", "SecretString": '{"url": "https://x", "n": 1}'})
    calls.one("ssm", "PutParameter", {"Name": "/token", "Type": "SecureString", "Value": "abc"})
    return Secrets(calls, {"TOKEN": "xyz"})


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (Secret("sm", "webhook"), '{"url": "https://x", "n": 1}'),
        (Secret("sm", "webhook", "url"), "https://x"),
        (Secret("sm", "webhook", "n"), "1"),
        (Secret("ssm", "/token"), "abc"),
        (Secret("env", "TOKEN"), "xyz"),
    ],
)
def test_a_secret_is_read_from_where_it_is_kept(secrets: Secrets, secret: Secret, text: str) -> None:
    assert secrets(secret) == text


@pytest.mark.parametrize(
    "secret", [Secret("sm", "other"), Secret("ssm", "/other"), Secret("env", "OTHER"), Secret("sm", "webhook", "key")]
)
def test_a_secret_that_is_not_there_is_named(secrets: Secrets, secret: Secret) -> None:
    with pytest.raises(NotFound, match=secret.name):
        secrets(secret)


def test_a_text_that_is_no_document_is_not_repeated(secrets: Secrets) -> None:
    with pytest.raises(ProviderError) as caught:
        secrets(Secret("ssm", "/token", "key"))
    assert "abc" not in str(caught.value)
