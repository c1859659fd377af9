"""Instance profiles: the reading of their tags, which moto lacks.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfileTags.html (2026).
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class InstanceProfiles(Extension):
    """ListInstanceProfileTags."""

    service = "iam"

    def list_instance_profile_tags(self, call: Call, proceed: Proceed) -> Answer:
        """Their tags; the profile must exist."""
        profile = self.account.iam.get_instance_profile(call["InstanceProfileName"])
        return {"Tags": sorted(profile.tags, key=lambda tag: str(tag["Key"])), "IsTruncated": False}
