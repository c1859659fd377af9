"""Secrets Manager: descriptions and keys that are taken away again, keys that exist, names that are free, labels.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html (2026): only what is named changes,
and an empty key is AWS's own, which is not shown. moto takes what is empty for what is not named. Names and values of
what awaits its deletion: API_CreateSecret.html, API_DeleteSecret.html; labels: API_PutSecretValue.html.
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.keys import is_usable_key


class StoredSecrets(Extension):
    """CreateSecret, UpdateSecret and PutSecretValue."""

    service = "secretsmanager"

    def create_secret(self, call: Call, proceed: Proceed) -> Answer:
        """With a key that exists, under a name that is free, also of what awaits its deletion."""
        self._check_key(call)
        twin = self.account.backend("secretsmanager", call.region).secrets.get(call["Name"])
        if twin is not None and twin.is_deleted():
            raise AwsError(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
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

    def put_secret_value(self, call: Call, proceed: Proceed) -> Answer:
        """A new version takes the labels that it asks for; moto takes all others from the older ones, too."""
        secret = self.account.backend("secretsmanager", call.region).secrets.get(call["SecretId"])
        if secret is not None and secret.is_deleted():
            raise AwsError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            )
        before = {key: list(one["version_stages"]) for key, one in secret.versions.items()} if secret else {}
        answer = proceed()
        asked = call.get("VersionStages", [])
        for key in before.keys() - {call.get("ClientRequestToken")}:
            version = secret.versions[key]
            theirs = [label for label in version["version_stages"] if label.startswith("AWS")]
            own = [label for label in before[key] if not label.startswith("AWS") and label not in asked]
            version["version_stages"] = [*theirs, *own]
        return answer

    def _check_key(self, call: Call) -> None:
        key = call.get("KmsKeyId", "")
        if key and not key.startswith("alias/aws/") and not is_usable_key(self.account, call.region, key):
            raise AwsError("EncryptionFailure", f"The KMS key {key} does not exist, or is not enabled")
