"""AWS's own managed policies. moto has their text but makes them for every account or for none.

Here each comes into being when a call first names it, and all of them when they are listed: the text is parsed once
for a process, in a thirtieth of a second.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class ManagedPolicies(Extension):
    """Sees to it that the policy that a call names is there, before the call is answered."""

    service = "iam"

    def attach_role_policy(self, call: Call, proceed: Proceed) -> Answer:
        """To a role."""
        return self._named(call["PolicyArn"], proceed)

    def attach_user_policy(self, call: Call, proceed: Proceed) -> Answer:
        """To a user."""
        return self._named(call["PolicyArn"], proceed)

    def attach_group_policy(self, call: Call, proceed: Proceed) -> Answer:
        """To a group."""
        return self._named(call["PolicyArn"], proceed)

    def create_role(self, call: Call, proceed: Proceed) -> Answer:
        """With a permissions boundary, perhaps."""
        return self._named(call.get("PermissionsBoundary", ""), proceed)

    def put_role_permissions_boundary(self, call: Call, proceed: Proceed) -> Answer:
        """With a permissions boundary."""
        return self._named(call["PermissionsBoundary"], proceed)

    def get_policy(self, call: Call, proceed: Proceed) -> Answer:
        """One policy."""
        return self._named(call["PolicyArn"], proceed)

    def get_policy_version(self, call: Call, proceed: Proceed) -> Answer:
        """The text of one."""
        return self._named(call["PolicyArn"], proceed)

    def list_policy_versions(self, call: Call, proceed: Proceed) -> Answer:
        """Its versions."""
        return self._named(call["PolicyArn"], proceed)

    def list_entities_for_policy(self, call: Call, proceed: Proceed) -> Answer:
        """Whoever has it."""
        return self._named(call["PolicyArn"], proceed)

    def list_policies(self, call: Call, proceed: Proceed) -> Answer:
        """All policies: AWS's own unless only the account's are asked for."""
        if call.get("Scope") != "Local":
            for arn in _documents():
                self._ensure(arn)
        return proceed()

    def _named(self, arn: str, proceed: Proceed) -> Answer:
        self._ensure(arn)
        return proceed()

    def _ensure(self, arn: str) -> None:
        backend = self.account.iam
        if arn in backend.managed_policies or arn not in _documents():
            return
        from moto.iam.models import AWSManagedPolicy

        name, about = _documents()[arn]
        policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, about)
        backend.aws_managed_policies.append(policy)
        backend.managed_policies[arn] = policy


@lru_cache(maxsize=1)
def _documents() -> dict[str, tuple[str, Any]]:
    """What moto knows of AWS's policies, by ARN: name and description."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return {f"arn:aws:iam::aws:policy{about['Path']}{name}": (name, about) for name, about in policies.items()}
