"""Creations and look-ups that EC2 refuses, because what they refer to does not exist or is taken.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (2026). moto checks the rest.
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page


class References(Extension):
    """Nothing refers to nothing."""

    service = "ec2"

    def create_security_group(self, call: Call, proceed: Proceed) -> Answer:
        """In a VPC that exists; without one, in the default VPC."""
        vpc = call.get("VpcId")
        if vpc and vpc not in self._ec2(call).vpcs:
            raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
        return proceed()

    def attach_internet_gateway(self, call: Call, proceed: Proceed) -> Answer:
        """To a VPC that has none."""
        gateways = self._ec2(call).internet_gateways.values()
        if any(
            gateway.vpc and gateway.vpc.id == call["VpcId"]
            for gateway in gateways
            if gateway.id != call["InternetGatewayId"]
        ):
            message = f"Network {call['VpcId']} already has an internet gateway attached"
            raise AwsError("InvalidParameterValue", message)
        return proceed()

    def create_route(self, call: Call, proceed: Proceed) -> Answer:
        """To a NAT gateway that exists."""
        self._check_target(call)
        return proceed()

    def replace_route(self, call: Call, proceed: Proceed) -> Answer:
        """To a NAT gateway that exists."""
        self._check_target(call)
        return proceed()

    def associate_route_table(self, call: Call, proceed: Proceed) -> Answer:
        """A subnet that has no other route table."""
        subnet, wanted = call.get("SubnetId"), call["RouteTableId"]
        for table in self._ec2(call).route_tables.values():
            if subnet and subnet in table._associations.values() and table.id != wanted:
                raise AwsError(
                    "Resource.AlreadyAssociated",
                    f"the specified association for route table {wanted} conflicts with an existing association",
                )
        return proceed()

    def create_network_interface(self, call: Call, proceed: Proceed) -> Answer:
        """With security groups that exist."""
        for group in call.get("Groups", []):
            self._require_group(call, group)
        return proceed()

    def run_instances(self, call: Call, proceed: Proceed) -> Answer:
        """Of a type and an image that exist; the interfaces made for it end with it."""
        from moto.ec2.models.instance_types import INSTANCE_TYPES  # a large table: read at first use

        wanted = call.get("InstanceType")
        if wanted and wanted not in INSTANCE_TYPES:
            raise AwsError("InvalidParameterValue", f"Invalid value '{wanted}' for InstanceType.")
        image = call.get("ImageId")
        if image and image not in self._ec2(call).amis:
            raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
        for group in call.get("SecurityGroupIds", []):
            self._require_group(call, group)
        given = {interface.get("NetworkInterfaceId") for interface in call.get("NetworkInterfaces", [])}
        answer = proceed()
        for instance in answer.result.instances if hasattr(answer.result, "instances") else []:
            for interface in instance.nics.values():
                if interface.id not in given:
                    interface.delete_on_termination = True
        return answer

    def create_flow_logs(self, call: Call, proceed: Proceed) -> Answer:
        """Delivered by a role that exists."""
        arn = call.get("DeliverLogsPermissionArn")
        if arn and not any(role.arn == arn for role in self.account.iam.roles.values()):
            raise AwsError("InvalidParameter", f"Unable to assume given IAM role: {arn}")
        return proceed()

    def delete_launch_template(self, call: Call, proceed: Proceed) -> Answer:
        """One that exists."""
        self._require_templates(call, [call["LaunchTemplateId"]] if call.get("LaunchTemplateId") else [])
        return proceed()

    def describe_security_groups(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked; those that are named must exist."""
        for group in call.get("GroupIds", []):
            self._require_group(call, group)
        return paged(call, proceed(), "SecurityGroups")

    def describe_vpcs(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked."""
        return paged(call, proceed(), "Vpcs")

    def describe_subnets(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked."""
        return paged(call, proceed(), "Subnets")

    def describe_route_tables(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked."""
        return paged(call, proceed(), "RouteTables")

    def describe_internet_gateways(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked."""
        return paged(call, proceed(), "InternetGateways")

    def describe_network_interfaces(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked."""
        return paged(call, proceed(), "NetworkInterfaces")

    def describe_security_group_rules(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked."""
        return paged(call, proceed(), "SecurityGroupRules")

    def describe_flow_logs(self, call: Call, proceed: Proceed) -> Answer:
        """In pages, where asked; those that are named must exist."""
        for key in call.get("FlowLogIds", []):
            if key not in self._ec2(call).flow_logs:
                raise AwsError("InvalidFlowLogId.NotFound", f"The specified flow log {key} does not exist.")
        return paged(call, proceed(), "FlowLogs")

    def _ec2(self, call: Call) -> Any:
        return self.account.ec2(call.region)

    def _check_target(self, call: Call) -> None:
        nat = call.get("NatGatewayId")
        if nat and nat not in self._ec2(call).nat_gateways:
            raise AwsError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")

    def _require_group(self, call: Call, group: str) -> None:
        if self._ec2(call).get_security_group_from_id(group) is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{group}' does not exist")

    def _require_templates(self, call: Call, ids: list[str]) -> None:
        for key in ids:
            if key not in self._ec2(call).launch_templates:
                raise AwsError(
                    "InvalidLaunchTemplateId.NotFound",
                    f"The specified launch template, with template ID {key}, does not exist.",
                )


def paged(call: Call, answer: Answer, key: str) -> Answer:
    """One page of what moto answers, which never pages: `MaxResults` and `NextToken` as everywhere in EC2."""
    size, token = call.get("MaxResults"), call.get("NextToken")
    if size is None and token is None:
        return answer
    found, after = page(list(answer.result[key]), size, token, default=1000)
    return {**answer.result, key: found, "NextToken": after}
