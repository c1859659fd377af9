"""Secrets: references become values at the call that needs them, and nowhere else.

Handed to providers. What it answers is never stored, printed or compared.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from mlinfra.aws.calls import Calls
from mlinfra.core.errors import NotFound
from mlinfra.core.value import Secret
from mlinfra.session.codes import Code


class Secrets:
    """The sources of one session: Secrets Manager, Systems Manager parameters, the environment."""

    def __init__(self, calls: Calls, environ: Mapping[str, str] | None = None) -> None:
        self._calls = calls
        self._environ = os.environ if environ is None else environ

    def value(self, secret: Secret) -> str:
        """What `secret` stands for. Raises `NotFound` that names the reference."""
        text = self._text(secret)
        return self._member(secret, text) if secret.key else text

    def _text(self, secret: Secret) -> str:
        try:
            match secret.source:
                case "sm":
                    answer = self._calls.one("secretsmanager", "GetSecretValue", {"SecretId": secret.name})
                    return str(answer.get("SecretString", ""))
                case "ssm":
                    answer = self._calls.one("ssm", "GetParameter", {"Name": secret.name, "WithDecryption": True})
                    return str(answer["Parameter"]["Value"])
                case "env" if secret.name in self._environ:
                    return self._environ[secret.name]
        except NotFound as error:
            raise self._missing(secret, "there is none of that name") from error
        raise self._missing(secret, "there is none of that name")

    def _member(self, secret: Secret, text: str) -> str:
        try:
            return str(json.loads(text)[secret.key])
        except (ValueError, LookupError, TypeError) as error:
            # The text itself is not part of the message, nor is the parser's, which would quote it.
            raise self._missing(secret, f"it has no key {secret.key}") from error.with_traceback(None)

    def _missing(self, secret: Secret, why: str) -> NotFound:
        return NotFound(f"the secret {secret.source}:{secret.name} cannot be used: {why}", code=Code.NO_SECRET)
