"""How often keys of KMS change, which moto passes over.

https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html and API_GetKeyRotationStatus.html (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension

_YEAR = 365  # days; the period where none is asked for


class KeyRotation(Extension):
    """EnableKeyRotation and GetKeyRotationStatus."""

    service = "kms"

    def enable_key_rotation(self, call: Call, proceed: Proceed) -> Answer:
        """Keep the period as well."""
        answer = proceed()
        self._key(call).rotation_period = call.get("RotationPeriodInDays", _YEAR)
        return answer

    def get_key_rotation_status(self, call: Call, proceed: Proceed) -> Answer:
        """Show the period of a key that is rotated."""
        proceed()  # its refusals are AWS's
        key = self._key(call)
        period = getattr(key, "rotation_period", _YEAR) if key.key_rotation_status else None
        return {
            "KeyId": key.id,
            "KeyRotationEnabled": key.key_rotation_status,
            **({"RotationPeriodInDays": period} if period else {}),
        }

    def _key(self, call: Call) -> Any:
        return self.account.backend("kms", call.region).describe_key(call["KeyId"])
