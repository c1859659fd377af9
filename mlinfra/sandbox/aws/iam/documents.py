"""Policy documents and deletions that IAM refuses and moto does not.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html (MalformedPolicyDocument),
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html (DeleteConflict) (2026).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class Documents(Extension):
    """Trust policies must be sound and name principals that exist; policies in use stay."""

    service = "iam"

    def create_role(self, call: Call, proceed: Proceed) -> Answer:
        """Refuse a trust policy that says nothing, or trusts nobody."""
        self._check_trust(call["AssumeRolePolicyDocument"])
        return proceed()

    def update_assume_role_policy(self, call: Call, proceed: Proceed) -> Answer:
        """Refuse a trust policy that says nothing, or trusts nobody."""
        self._check_trust(call["PolicyDocument"])
        return proceed()

    def delete_policy(self, call: Call, proceed: Proceed) -> Answer:
        """Refuse a policy that is attached, or has other versions than its default."""
        iam, arn = self.account.iam, call["PolicyArn"]
        holders = [*iam.roles.values(), *iam.users.values(), *iam.groups.values()]
        if any(arn in holder.managed_policies for holder in holders):
            raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.")
        policy = iam.managed_policies.get(arn)
        if policy is not None and len(policy.versions) > 1:
            raise AwsError(
                "DeleteConflict",
                "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                "versions. The default version is deleted with the policy.",
            )
        return proceed()

    def _check_trust(self, text: str) -> None:
        try:
            document = msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise AwsError("MalformedPolicyDocument", "This policy contains invalid Json") from error
        statements = document.get("Statement")
        listed: list[dict[str, Any]] = (
            statements if isinstance(statements, list) else [statements] if statements else []
        )
        if not listed:
            raise AwsError("MalformedPolicyDocument", "Syntax errors in policy.")
        for statement in listed:
            if not statement.get("Principal"):
                raise AwsError("MalformedPolicyDocument", "Missing required field Principal")
            for principal in _accounts_principals(statement["Principal"]):
                self._check_principal(principal)

    def _check_principal(self, arn: str) -> None:
        parts = arn.split(":")
        if len(parts) != 6 or parts[4] != self.account.id or parts[5] == "root" or arn == self.account.caller:
            return
        known = [*self.account.iam.roles.values(), *self.account.iam.users.values()]
        if parts[2] == "iam" and not any(holder.arn == arn for holder in known):
            raise AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')


def _accounts_principals(principal: Any) -> Iterator[str]:
    named = principal.get("AWS", []) if isinstance(principal, dict) else []
    yield from named if isinstance(named, list) else [named]
