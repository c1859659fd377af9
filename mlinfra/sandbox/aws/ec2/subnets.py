"""Subnets: an attribute that moto passes over.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html (2026).
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension

_ATTRIBUTE = "EnableDns64"


class Subnets(Extension):
    """ModifySubnetAttribute and DescribeSubnets, where they are about DNS64."""

    service = "ec2"

    def modify_subnet_attribute(self, call: Call, proceed: Proceed) -> Answer:
        """Remember it with the subnet."""
        answer = proceed()
        if (asked := call.get(_ATTRIBUTE)) is not None:
            self.account.ec2(call.region).get_subnet(call["SubnetId"]).enable_dns64 = asked["Value"]
        return answer

    def describe_subnets(self, call: Call, proceed: Proceed) -> Answer:
        """Show it; off where nobody has set it."""
        answer = proceed()
        for subnet in answer.result["Subnets"]:
            subnet.enable_dns64 = getattr(subnet, "enable_dns64", False)
        return answer
