"""CloudWatch Logs: retention in the days that there are, keys that exist.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.keys import is_usable_key

_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


class LogGroups(Extension):
    """The checks of log groups."""

    service = "logs"

    def create_log_group(self, call: Call, proceed: Proceed) -> Answer:
        """Encrypted with a key that exists."""
        self._check_key(call)
        return proceed()

    def associate_kms_key(self, call: Call, proceed: Proceed) -> Answer:
        """With a key that exists, in place of any other."""
        self._check_key(call)
        self._group(call).kms_key_id = call["kmsKeyId"]

    def disassociate_kms_key(self, call: Call, proceed: Proceed) -> Answer:
        """Encrypted as by default from now on."""
        self._group(call).kms_key_id = None

    def put_retention_policy(self, call: Call, proceed: Proceed) -> Answer:
        """In days that there are."""
        if call["retentionInDays"] not in _DAYS:
            allowed = ", ".join(str(days) for days in _DAYS)
            raise AwsError("InvalidParameterException", f"retentionInDays must be one of [{allowed}]")
        return proceed()

    def _group(self, call: Call) -> Any:
        found = self.account.backend("logs", call.region).groups.get(call["logGroupName"])
        if found is None:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return found

    def _check_key(self, call: Call) -> None:
        key = call.get("kmsKeyId")
        if key and not is_usable_key(self.account, call.region, key):
            raise AwsError(
                "InvalidParameterException", f"The specified KMS key does not exist or is not allowed: {key}"
            )
