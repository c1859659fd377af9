"""Deletions that EC2 refuses, because something still depends on the object.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (2026), DependencyViolation and the
codes named below. What depends on what: the pages of the deleting operations in the same reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


def dependency(message: str) -> AwsError:
    """`DependencyViolation`."""
    return AwsError("DependencyViolation", message)


class Deletions(Extension):
    """VPCs, subnets, gateways, security groups, interfaces and addresses go last, or not at all."""

    service = "ec2"

    def delete_vpc(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while anything but its own default parts is in it; those go with it."""
        ec2, vpc = self.account.ec2(call.region), call["VpcId"]
        if vpc not in ec2.vpcs:
            return proceed()
        if any(True for _ in _contents(ec2, vpc)):
            raise dependency(f"The vpc '{vpc}' has dependencies and cannot be deleted.")
        answer = proceed()
        ec2.groups.pop(vpc, None)
        for key, acl in list(ec2.network_acls.items()):
            if acl.vpc_id == vpc:
                del ec2.network_acls[key]
        return answer

    def delete_subnet(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while an interface is in it: an instance's, a gateway's, a load balancer's, a cluster's."""
        ec2, subnet = self.account.ec2(call.region), call["SubnetId"]
        if any(eni.subnet.id == subnet for eni in ec2.enis.values()):
            raise dependency(f"The subnet '{subnet}' has dependencies and cannot be deleted.")
        answer = proceed()
        for table in ec2.route_tables.values():
            for key, target in list(table._associations.items()):
                if target == subnet:
                    del table._associations[key]  # an association goes with its subnet
        return answer

    def delete_security_group(self, call: Call, proceed: Proceed) -> Answer:
        """Refused for default groups, and for those that an interface bears or another group's rule names."""
        ec2 = self.account.ec2(call.region)
        group = ec2.get_security_group_by_name_or_id(call.get("GroupId") or call["GroupName"])
        if group is None:
            return proceed()
        if group.name == "default":
            raise AwsError(
                "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            )
        if any(group in eni.group_set for eni in ec2.enis.values()) or _is_named(ec2, group):
            raise dependency(f"resource {group.id} has a dependent object")
        return proceed()

    def detach_internet_gateway(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while a public address is in use in the VPC."""
        vpc = call["VpcId"]
        if any(eni.public_ip for eni in self.account.ec2(call.region).enis.values() if eni.vpc_id == vpc):
            raise dependency(
                f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before "
                "detaching the gateway."
            )
        return proceed()

    def delete_internet_gateway(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while attached."""
        gateway = self.account.ec2(call.region).internet_gateways.get(call["InternetGatewayId"])
        if gateway is not None and gateway.vpc:
            raise dependency(f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted.")
        return proceed()

    def release_address(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while associated."""
        for address in self.account.ec2(call.region).addresses:
            if address.allocation_id == call.get("AllocationId") and address.association_id:
                raise AwsError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
        return proceed()

    def delete_network_interface(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while in use."""
        eni = self.account.ec2(call.region).enis.get(call["NetworkInterfaceId"])
        if eni is not None and eni.status == "in-use":
            raise AwsError("InvalidParameterValue", f"Network interface '{eni.id}' is currently in use.")
        answer = proceed()
        if eni is not None:
            for address in eni.private_ip_addresses:
                eni.subnet.del_subnet_ip(address["PrivateIpAddress"])
        return answer


def _contents(ec2: Any, vpc: str) -> Iterator[Any]:
    """What keeps a VPC from being deleted."""
    for by_zone in ec2.subnets.values():
        yield from (subnet for subnet in by_zone.values() if subnet.vpc_id == vpc)
    yield from (gateway for gateway in ec2.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc)
    yield from (group for group in ec2.groups.get(vpc, {}).values() if group.name != "default")
    yield from (table for table in ec2.route_tables.values() if table.vpc_id == vpc and not table.main_association_id)
    yield from (acl for acl in ec2.network_acls.values() if acl.vpc_id == vpc and acl.default not in (True, "true"))
    yield from (endpoint for endpoint in ec2.vpc_end_points.values() if endpoint.vpc_id == vpc)
    yield from (eni for eni in ec2.enis.values() if eni.vpc_id == vpc)
    yield from (g for g in ec2.egress_only_internet_gateways.values() if g.vpc_id == vpc)


def _is_named(ec2: Any, group: Any) -> bool:
    """Whether a rule of another group names this one."""
    for groups in ec2.groups.values():
        for other in groups.values():
            if other is group:
                continue
            sources = [rule.source_group or {} for rule in [*other.ingress_rules, *other.egress_rules]]
            if any(source.get("GroupId") == group.id for source in sources):
                return True
    return False
