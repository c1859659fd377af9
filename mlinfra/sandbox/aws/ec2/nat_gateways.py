"""NAT gateways: they take time to come and to go, and hold their address and their interface until they are gone.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html, and how they fail:
https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.ec2.references import paged
from mlinfra.sandbox.aws.extension import Extension


class NatGateways(Extension):
    """CreateNatGateway, DescribeNatGateways, DeleteNatGateway."""

    service = "ec2"

    def create_nat_gateway(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to make a gateway; a public one without a way out of its VPC fails."""
        if call.get("ConnectivityType", "public") == "public" and not call.get("AllocationId"):
            raise AwsError("MissingParameter", "The request must contain the parameter AllocationId")
        answer = proceed()
        nat = answer.result["NatGateway"]
        nat.state, nat.connectivity_type = "pending", call.get("ConnectivityType", "public")
        interface = nat._eni
        interface.description = f"Interface for NAT Gateway {nat.id}"
        interface.interface_type, interface.status, interface.requester_managed = "nat_gateway", "in-use", True
        self.account.timeline.after(self.account.pace.network, lambda: self._finish(call, nat))
        return answer

    def describe_nat_gateways(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked; those that are named must exist, tags can be filtered by."""
        known = self.account.ec2(call.region).nat_gateways
        if missing := [key for key in call.get("NatGatewayIds", []) if key not in known]:
            raise AwsError("NatGatewayNotFound", f"NatGateway {missing[0]} was not found")
        answer = proceed()
        filters = call.get("Filter") or call.get("Filters") or []
        answer.result["NatGateways"] = [nat for nat in answer.result["NatGateways"] if _has_tags(nat, filters)]
        return paged(call, answer, "NatGateways")

    def delete_nat_gateway(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to delete a gateway."""
        key = call["NatGatewayId"]
        nat = self.account.ec2(call.region).nat_gateways.get(key)
        if nat is None or nat.state == "deleted":
            raise AwsError("NatGatewayNotFound", f"The Nat Gateway {key} was not found")
        if nat.state != "deleting":
            nat.state = "deleting"
            self.account.timeline.after(self.account.pace.deletion, lambda: self._remove(call.region, nat))
        return {"NatGatewayId": key}

    def _finish(self, call: Call, nat: Any) -> None:
        if nat.state != "pending":
            return
        gateways = self.account.ec2(call.region).internet_gateways.values()
        if nat.connectivity_type == "public" and not any(g.vpc and g.vpc.id == nat.vpc_id for g in gateways):
            nat.state, nat.failure_code = "failed", "Gateway.NotAttached"
            nat.failure_message = f"Network {nat.vpc_id} has no Internet gateway attached"
            self._free(call.region, nat)
            return
        nat.state = "available"

    def _remove(self, region: str, nat: Any) -> None:
        self._free(region, nat)
        nat.state = "deleted"

    def _free(self, region: str, nat: Any) -> None:
        """Give back the address and remove the interface."""
        ec2 = self.account.ec2(region)
        for address in ec2.addresses:
            if address.eni is nat._eni:
                ec2.disassociate_address(address=address.public_ip)
        if nat._eni.id in ec2.enis:
            nat._eni.delete()


def _has_tags(nat: Any, filters: list[dict[str, Any]]) -> bool:
    """moto filters gateways by id, VPC, subnet and state only."""
    tags = {tag["key"]: tag["value"] for tag in nat.get_tags()}
    for asked in filters:
        name, values = asked["Name"], asked.get("Values") or []
        if name.startswith("tag:") and tags.get(name[4:]) not in values:
            return False
        if name == "tag-key" and not any(key in tags for key in values):
            return False
    return True
