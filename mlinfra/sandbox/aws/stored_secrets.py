"""Secrets Manager: descriptions and keys that are taken away again, and keys that exist.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html (2026): only what is named changes,
and an empty key is AWS's own, which is not shown. moto takes what is empty for what is not named.
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.keys import is_usable_key


class StoredSecrets(Extension):
    """CreateSecret and UpdateSecret."""

    service = "secretsmanager"

    def create_secret(self, call: Call, proceed: Proceed) -> Answer:
        """With a key that exists."""
        self._check_key(call)
        return proceed()

    def update_secret(self, call: Call, proceed: Proceed) -> Answer:
        """Change what is named, to nothing as well."""
        self._check_key(call)
        secrets = self.account.backend("secretsmanager", call.region).secrets
        before = secrets[call["SecretId"]].description if call["SecretId"] in secrets else None
        answer = proceed()
        secret = secrets[call["SecretId"]]
        secret.description = call.get("Description", before) or None
        secret.kms_key_id = secret.kms_key_id or None
        return answer

    def _check_key(self, call: Call) -> None:
        key = call.get("KmsKeyId", "")
        if key and not key.startswith("alias/aws/") and not is_usable_key(self.account, call.region, key):
            raise AwsError("EncryptionFailure", f"The KMS key {key} does not exist, or is not enabled")
