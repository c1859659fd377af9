"""Who calls: any credentials are taken, and unknown ones are those of one user of the account.

moto answers a session's ARN with a user's name in it, which no service would take for a principal.
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class CallerIdentity(Extension):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html (2026)."""

    service = "sts"

    def get_caller_identity(self, call: Call, proceed: Proceed) -> Answer:
        """The session or the user whose key it is, the sandbox's user for any other."""
        arn = self.account.principal(call.access_key)
        return {"UserId": "AIDASANDBOXSANDBOX000", "Account": self.account.id, "Arn": arn}
