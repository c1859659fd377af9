"""Instance profiles: the reading of their tags, which moto lacks, and the refusal to remove a role that is not in one.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfileTags.html (2026).
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class InstanceProfiles(Extension):
    """ListInstanceProfileTags, RemoveRoleFromInstanceProfile."""

    service = "iam"

    def list_instance_profile_tags(self, call: Call, proceed: Proceed) -> Answer:
        """Their tags; the profile must exist."""
        profile = self.account.iam.get_instance_profile(call["InstanceProfileName"])
        return {"Tags": sorted(profile.tags, key=lambda tag: str(tag["Key"])), "IsTruncated": False}

    def remove_role_from_instance_profile(self, call: Call, proceed: Proceed) -> Answer:
        """The role must be in the profile."""
        profile = self.account.iam.get_instance_profile(call["InstanceProfileName"])
        if all(role.name != call["RoleName"] for role in profile.roles):
            message = f"Instance Profile {profile.name} cannot be found with role {call['RoleName']}."
            raise AwsError("NoSuchEntity", message, status=404)
        return proceed()
