"""VPC endpoints: made for services that there are, moved from place to place, and gone with all that was theirs.

A gateway endpoint has a route in each of its route tables, an interface endpoint a network interface in each of its
subnets; moto makes them with the endpoint and does not follow its changes.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html and
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html (2026).
"""

from __future__ import annotations

import json
from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.ec2.references import paged
from mlinfra.sandbox.aws.extension import Extension

# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html (2026): those that clusters
# need; the services have many more.
_GATEWAYS = frozenset({"s3", "dynamodb"})
_INTERFACES = frozenset(
    (
        "s3",
        "dynamodb",
        "ecr.api",
        "ecr.dkr",
        "sts",
        "ec2",
        "eks",
        "eks-auth",
        "elasticloadbalancing",
        "autoscaling",
        "logs",
        "monitoring",
        "ssm",
        "ssmmessages",
        "ec2messages",
        "kms",
        "secretsmanager",
        "sqs",
        "sns",
        "events",
        "aps",
        "aps-workspaces",
        "elasticfilesystem",
        "fsx",
        "sagemaker.api",
        "sagemaker.runtime",
        "bedrock-runtime",
        "xray",
        "cloudformation",
        "athena",
        "glue",
        "rds",
        "rds-data",
    )
)


class VpcEndpoints(Extension):
    """The operations on endpoints."""

    service = "ec2"

    def create_vpc_endpoint(self, call: Call, proceed: Proceed) -> Answer:
        """For a service that exists, with security groups that exist; a gateway's where no type is named."""
        name, kind = call["ServiceName"], call.get("VpcEndpointType", "Gateway")
        known = name.removeprefix(f"com.amazonaws.{call.region}.")
        if known not in (_GATEWAYS if kind == "Gateway" else _INTERFACES) and ".vpce." not in name:
            raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
        self._require_groups(call, call.get("SecurityGroupIds", []))
        answer = proceed()
        endpoint = answer.result["VpcEndpoint"]
        endpoint.vpc_endpoint_type = kind
        if kind == "Gateway":
            endpoint.private_dns_enabled = False
        elif not endpoint.security_group_ids:
            endpoint.security_group_ids = [self._default_group(call, endpoint.vpc_id)]
        self._dress_interfaces(call, endpoint)
        return answer

    def modify_vpc_endpoint(self, call: Call, proceed: Proceed) -> Answer:
        """Bring routes and interfaces to where the endpoint is now."""
        ec2 = self._ec2(call)
        (endpoint,) = ec2.describe_vpc_endpoints([call["VpcEndpointId"]])
        self._require_groups(call, call.get("AddSecurityGroupIds", []))
        for table in call.get("AddRouteTableIds", []):
            self._route(ec2, endpoint, table)
        for table in call.get("RemoveRouteTableIds", []):
            self._unroute(ec2, endpoint, table)
        for subnet in call.get("AddSubnetIds", []):
            self._enter(ec2, endpoint, ec2.get_subnet(subnet))
        for subnet in call.get("RemoveSubnetIds", []):
            self._leave(ec2, endpoint, subnet)
        removed = set(call.get("RemoveSecurityGroupIds", []))
        groups = [*endpoint.security_group_ids, *call.get("AddSecurityGroupIds", [])]
        endpoint.security_group_ids = [group for group in dict.fromkeys(groups) if group not in removed]
        self._dress_interfaces(call, endpoint)
        if call.get("ResetPolicy"):
            endpoint.policy_document = json.dumps(endpoint.DEFAULT_POLICY)
        endpoint.policy_document = call.get("PolicyDocument", endpoint.policy_document)
        endpoint.private_dns_enabled = call.get("PrivateDnsEnabled", endpoint.private_dns_enabled)
        return {"Return": True}

    def delete_vpc_endpoints(self, call: Call, proceed: Proceed) -> Answer:
        """Say which do not exist; those that do are gone a little later, their routes and interfaces at once."""
        ec2 = self._ec2(call)
        missing = [key for key in call["VpcEndpointIds"] if key not in ec2.vpc_end_points]
        present = [ec2.vpc_end_points[key] for key in call["VpcEndpointIds"] if key in ec2.vpc_end_points]
        for endpoint in present:
            for table in list(endpoint.route_table_ids):
                self._unroute(ec2, endpoint, table)
            for key in endpoint.network_interface_ids:
                ec2.enis.pop(key, None)
            endpoint.state = "deleting"
        self.account.timeline.after(
            self.account.pace.deletion, lambda: [ec2.vpc_end_points.pop(endpoint.id, None) for endpoint in present]
        )
        return {"Unsuccessful": [_not_found(key) for key in missing]}

    def describe_vpc_endpoints(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked."""
        return paged(call, proceed(), "VpcEndpoints")

    def _ec2(self, call: Call) -> Any:
        return self.account.ec2(call.region)

    def _require_groups(self, call: Call, groups: list[str]) -> None:
        for group in groups:
            if self._ec2(call).get_security_group_from_id(group) is None:
                raise AwsError("InvalidGroup.NotFound", f"The security group '{group}' does not exist")

    def _default_group(self, call: Call, vpc: str) -> str:
        groups = self._ec2(call).groups[vpc].values()
        return next(str(group.id) for group in groups if group.name == "default")

    def _dress_interfaces(self, call: Call, endpoint: Any) -> None:
        """Have its interfaces be in use, and bear its security groups."""
        ec2 = self._ec2(call)
        for key in endpoint.network_interface_ids or []:
            interface = ec2.enis[key]
            interface.status, interface.description = "in-use", f"VPC Endpoint Interface {endpoint.id}"
            ec2.modify_network_interface_attribute(key, endpoint.security_group_ids)

    def _route(self, ec2: Any, endpoint: Any, table: str) -> None:
        if table in endpoint.route_table_ids:
            return
        prefixes = endpoint.destination_prefix_list_id
        ec2.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefixes)
        endpoint.route_table_ids.append(table)

    def _unroute(self, ec2: Any, endpoint: Any, table: str) -> None:
        if table not in endpoint.route_table_ids:
            return
        endpoint.route_table_ids.remove(table)
        if table in ec2.route_tables:
            ec2.delete_route(table, endpoint.destination_prefix_list_id)

    def _enter(self, ec2: Any, endpoint: Any, subnet: Any) -> None:
        if subnet.id not in endpoint.subnet_ids:
            endpoint.subnet_ids.append(subnet.id)
            endpoint.network_interface_ids.append(ec2.create_network_interface(subnet, []).id)

    def _leave(self, ec2: Any, endpoint: Any, subnet: str) -> None:
        if subnet not in endpoint.subnet_ids:
            return
        endpoint.subnet_ids.remove(subnet)
        for key in [key for key in endpoint.network_interface_ids if ec2.enis[key].subnet.id == subnet]:
            endpoint.network_interface_ids.remove(key)
            del ec2.enis[key]


def _not_found(key: str) -> dict[str, Any]:
    message = f"The Vpc Endpoint Id '{key}' does not exist"
    return {"ResourceId": key, "Error": {"Code": "InvalidVpcEndpoint.NotFound", "Message": message}}
