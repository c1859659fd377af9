"""Tags of what moto's EC2 does not know: placement groups and capacity reservations.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html (2026).
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.ec2.placement import Placement
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import tag_map

_OURS = ("pg-", "cr-")


class Tags(Extension):
    """CreateTags and DeleteTags."""

    service = "ec2"

    def create_tags(self, call: Call, proceed: Proceed) -> Answer:
        """Tag them; what moto knows is moto's affair."""
        ours = self._ours(call)
        for key in ours:
            self.account.ec2(call.region).tags[key].update(tag_map(call["Tags"]))
        if len(ours) == len(call["Resources"]):
            return {}
        if not ours:
            return proceed()
        return self._refuse_mixture()

    def delete_tags(self, call: Call, proceed: Proceed) -> Answer:
        """Take tags away."""
        ours = self._ours(call)
        for key in ours:
            for tag in call.get("Tags", []):
                self.account.ec2(call.region).tags[key].pop(tag["Key"], None)
        if len(ours) == len(call["Resources"]):
            return {}
        if not ours:
            return proceed()
        return self._refuse_mixture()

    def _ours(self, call: Call) -> list[str]:
        kept = self.account.store(Placement, call.region)
        known = {group["GroupId"] for group in kept.groups.values()} | set(kept.reservations)
        ours = [key for key in call["Resources"] if key.startswith(_OURS)]
        if missing := [key for key in ours if key not in known]:
            raise AwsError("InvalidID", f"The ID '{missing[0]}' is not valid")
        return ours

    def _refuse_mixture(self) -> Answer:
        raise NotImplementedError("tags of placement groups or reservations and of other things in one call")
