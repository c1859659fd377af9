"""Rules of security groups: what moto forgets of those that name no range of addresses, and of default groups.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html and its neighbours (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class SecurityGroupRules(Extension):
    """CreateVpc, AuthorizeSecurityGroupIngress and -Egress, ModifySecurityGroupRules."""

    service = "ec2"

    def create_vpc(self, call: Call, proceed: Proceed) -> Answer:
        """Let the members of its default group in to each other.

        https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html (November 2026).
        """
        answer = proceed()
        ec2 = self.account.ec2(call.region)
        vpc = answer.result["Vpc"].id
        group = next(one for one in ec2.groups[vpc].values() if one.name == "default")
        ec2.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}])
        return answer

    def authorize_security_group_ingress(self, call: Call, proceed: Proceed) -> Answer:
        """Keep the descriptions of rules on groups and prefix lists, too."""
        return self._describe(call, proceed())

    def authorize_security_group_egress(self, call: Call, proceed: Proceed) -> Answer:
        """Keep the descriptions of rules on groups and prefix lists, too."""
        return self._describe(call, proceed())

    def modify_security_group_rules(self, call: Call, proceed: Proceed) -> Answer:
        """Change the peer as well, where it is no range of version 4."""
        answer = proceed()
        for asked in call["SecurityGroupRules"]:
            wanted = asked["SecurityGroupRule"]
            rule = self._group(call, call["GroupId"]).get_rule(asked["SecurityGroupRuleId"])
            if wanted.get("CidrIpv6"):
                rule.ip_range = {**rule.ip_range, "CidrIpv6": wanted["CidrIpv6"]}
            elif wanted.get("PrefixListId"):
                rule.prefix_list_id = wanted["PrefixListId"]
            elif wanted.get("ReferencedGroupId"):
                rule.source_group = {**rule.source_group, "GroupId": wanted["ReferencedGroupId"]}
        return answer

    def _describe(self, call: Call, answer: Answer) -> Answer:
        for permission in call.get("IpPermissions", []):
            for peer in (*permission.get("UserIdGroupPairs", []), *permission.get("PrefixListIds", [])):
                for rule in self._of(call, peer):
                    if peer.get("Description"):
                        rule.ip_range = {**rule.ip_range, "Description": peer["Description"]}
        return answer

    def _of(self, call: Call, peer: dict[str, Any]) -> list[Any]:
        """The newest rule of the group with this peer."""
        group = self._group(call, call["GroupId"])
        rules = group.egress_rules if call.operation.endswith("Egress") else group.ingress_rules
        found = [
            rule
            for rule in rules
            if (peer.get("GroupId") and rule.source_group.get("GroupId") == peer["GroupId"])
            or (peer.get("PrefixListId") and rule.prefix_list_id == peer["PrefixListId"])
        ]
        return found[-1:]

    def _group(self, call: Call, key: str) -> Any:
        return self.account.ec2(call.region).get_security_group_from_id(key)
