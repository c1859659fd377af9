"""KMS: keys that await their deletion can be looked at and saved, and nothing else; those named must exist.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html, the table of states and operations (2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Handler, Proceed
from mlinfra.sandbox.aws.extension import Extension, method_name

_NEEDS_LIVING_KEY = (
    "CreateGrant",
    "Decrypt",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "Encrypt",
    "GenerateDataKey",
    "PutKeyPolicy",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
)


class Keys(Extension):
    """The states of keys."""

    service = "kms"

    def handlers(self) -> Mapping[str, Handler]:
        """One guard for all that needs a living key, besides the rest."""
        guards = {method_name(operation): self._guard for operation in _NEEDS_LIVING_KEY}
        return {
            **guards,
            "create_alias": self._guard_target,
            "update_alias": self._guard_target,
            "create_key": self._create,
        }

    def _guard(self, call: Call, proceed: Proceed) -> Answer:
        self._require_living(call, call.get("KeyId", ""))
        return proceed()

    def _guard_target(self, call: Call, proceed: Proceed) -> Answer:
        self._require_living(call, call["TargetKeyId"])
        return proceed()

    def _create(self, call: Call, proceed: Proceed) -> Answer:
        if policy := call.get("Policy"):
            try:
                msgspec.json.decode(policy, type=dict[str, Any])
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                raise AwsError("MalformedPolicyDocumentException", "The policy is not valid JSON") from error
        return proceed()

    def _require_living(self, call: Call, key: str) -> None:
        found = self.account.backend("kms", call.region).keys.get(key.rpartition("/")[2])
        if found is not None and found.key_state == "PendingDeletion":
            raise AwsError("KMSInvalidStateException", f"{found.arn} is pending deletion.")


def is_usable_key(account: Account, region: str, arn: str) -> bool:
    """Whether there is a key of that id or ARN, or an alias of it, that may be used."""
    keys = account.backend("kms", region).keys
    name = arn.rpartition("/")[2]
    key = keys.get(name)
    if key is None and "alias/" in arn:
        wanted = f"alias/{name}"
        key = next((found for found in keys.values() if wanted in found.aliases), None)
    return key is not None and key.key_state == "Enabled"
