"""What reads as a secret in texts and by names, and what only looks like one."""

from __future__ import annotations

import base64
import gzip

import pytest

from mlinfra.core.secret_text import blotted, holds_secret, is_secret

SCRIPT = (
    "#!/bin/bash\nset -euo pipefail\nyum install -y jq nvme-cli amazon-ssm-agent\nexport DB_PASSWORD=hunter2hunter2\n"
)


def encoded(data: bytes, width: int = 10_000) -> str:
    text = base64.b64encode(data).decode()
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


TWICE = encoded(encoded(SCRIPT.encode()).encode())
SECRETS = (
    "export AWS_SECRET_ACCESS_KEY=hunter2hunter2",
    "[default]\naws_secret_access_key = hunter2/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    "postgres://app:hunter2@db/x",
    "jdbc:postgresql://db/x?user=app&password=hunter2x",
    '{"password": "hunter2"}',
    "--db-password=hunter2hunter2",
    "docker login --password hunter2",
    "curl -u admin:hunter2 https://example.org",
    "Authorization: Bearer hunter2hunter2",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2\n-----END ENCRYPTED PRIVATE KEY-----",
    encoded(SCRIPT.encode(), width=76),
    encoded(gzip.compress(SCRIPT.encode(), mtime=0)),
    TWICE,
    f"write_files:\n- encoding: b64\n  content: {encoded(SCRIPT.encode())}\n",
)
NONE = (
    "AKIA is how access keys begin",
    "postgres://app:$(PGPASSWORD)@db/x",
    "https://app:${inputs.password}@example.org",
    "password: {{ .Values.password }}",
    "password: <your password>",
    "TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')",
    "token = request.headers.get('x-token')",
    "password = os.environ['PASSWORD']",
    "password=settings.DB_PASSWORD",
    "secretName: recsys-v2-credentials",
    "existingSecret: db-credentials",
    "tokenFile: /var/run/secrets/token",
    "token: 123e4567-e89b-12d3-a456-426614174000",
    "arn:aws:secretsmanager:*:123456789012:secret:recsys/db-AbCd3f",
    "registry.example:5000/a/b@sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\n-----END CERTIFICATE-----",
    encoded(b"nothing but a text that was encoded by somebody"),
    "git@github.com:acme/models.git",
    "the token: an opaque string that a service gives out",
)


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_in_a_text_is_found_and_nothing_is_left_of_it(text: str) -> None:
    assert holds_secret(text)
    left = blotted(text)
    assert "hunter2" not in left
    assert "(secret)" in left
    assert not holds_secret(left)


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_so_is_left_as_it_is(text: str) -> None:
    assert not holds_secret(text)
    assert blotted(text) == text


def test_a_name_says_whether_its_value_is_a_secret_or_perhaps_the_name_of_one() -> None:
    sure = ("adminPassword", "DB_PASSWORD", "PGPASS", "DB_PWD", "clientSecret", "/recsys/db/password")
    likely = ("AWS_SECRET", "token", "apiKey", "secretKey", "jwtSecret", "DB_PASSWORD_PROD", "WANDB_APIKEY")
    assert all(is_secret(name, "correct-horse") for name in sure)
    assert all(is_secret(name, "hunter2hunter2") and not is_secret(name, "db-credentials") for name in likely)
    nothing = ("passwordFile", "tokenSecretName", "passwordKey", "MAX_TOKENS", "kmsKeyId", "DB_PASSWORD_LENGTH")
    assert not any(is_secret(name, "hunter2hunter2") for name in nothing)
