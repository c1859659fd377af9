"""Secrets: what a reference to a secret stands for, read at the call that needs it.

Providers are given one and ask it; what it answers goes into that one call and nowhere else: never into state, plans,
logs or messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from mlinfra.aws.calls import Calls
from mlinfra.core.errors import InvalidRequest, NotFound
from mlinfra.core.value import Secret


class Secrets:
    """The secrets that an account's stores and the given environment hold. Nothing is kept between two questions."""

    def __init__(self, calls: Calls, environment: Mapping[str, str]) -> None:
        self._calls = calls
        self._environment = environment

    def __call__(self, secret: Secret) -> str:
        """The text of a secret. Raises `NotFound` (MLI5013) where there is none, and what AWS's stores raise."""
        text = self._read(secret)
        return _part(secret, text) if secret.key else text

    def _read(self, secret: Secret) -> str:
        match secret.source:
            case "sm":
                answer = self._calls.one(
                    "secretsmanager", "GetSecretValue", {"SecretId": secret.name}, about=secret.name
                )
                if "SecretString" not in answer:
                    raise InvalidRequest(f"the secret {secret.name} is binary; only texts can be used", code="MLI5013")
                return str(answer["SecretString"])
            case "ssm":
                asked = {"Name": secret.name, "WithDecryption": True}
                return str(self._calls.one("ssm", "GetParameter", asked, about=secret.name)["Parameter"]["Value"])
            case "env":
                if secret.name not in self._environment:
                    raise NotFound(f"the environment variable {secret.name} is not set", code="MLI5013")
                return self._environment[secret.name]
        raise InvalidRequest(f"{secret.source} is no source of secrets", code="MLI5013")


def _part(secret: Secret, text: str) -> str:
    """One key of a JSON secret. No message repeats any of the text."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or secret.key not in document:
        raise NotFound(f"the secret {secret.name} has no key {secret.key}", code="MLI5013") from None
    value = document[secret.key]
    return value if isinstance(value, str) else json.dumps(value)
