"""Operations of Auto Scaling that see, or bring about, what became of a group's instances."""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class ScalingOperations(Extension):
    """DescribeAutoScalingGroups, DescribeScalingActivities, and the references and deletions that AWS refuses.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html,
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html (2026).
    """

    service = "autoscaling"

    def create_auto_scaling_group(self, call: Call, proceed: Proceed) -> Answer:
        """Refuse a group that refers to nothing."""
        self._check_subnets(call)
        self._check_targets(call)
        sizes = call.get("MinSize", 0), call.get("DesiredCapacity", call.get("MinSize", 0)), call.get("MaxSize", 0)
        if not sizes[0] <= sizes[1] <= sizes[2]:
            raise AwsError(
                "ValidationError",
                f"Desired capacity:{sizes[1]} must be between the specified min size:{sizes[0]} and "
                f"max size:{sizes[2]}",
            )
        return proceed()

    def update_auto_scaling_group(self, call: Call, proceed: Proceed) -> Answer:
        """Refuse a change that refers to nothing."""
        self._check_subnets(call)
        return proceed()

    def describe_auto_scaling_groups(self, call: Call, proceed: Proceed) -> Answer:
        """Replace what has ended first, as the service does by itself."""
        for group in self._groups(call.region).values():
            group.reconcile()
        return proceed()

    def describe_scaling_activities(self, call: Call, proceed: Proceed) -> Answer:
        """The attempts to launch instances, newest first."""
        groups, name = self._groups(call.region), call.get("AutoScalingGroupName")
        if name and name not in groups:
            raise AwsError("ValidationError", "AutoScalingGroup name not found - null")
        found = [activity for group in groups.values() if name in (None, group.name) for activity in group.activities]
        return {"Activities": found}

    def delete_auto_scaling_group(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while the group has instances, unless forced."""
        group = self._groups(call.region).get(call["AutoScalingGroupName"])
        if group is not None and group.instance_states and not call.get("ForceDelete"):
            raise AwsError(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
                "still in the group.",
            )
        return proceed()

    def _groups(self, region: str) -> Any:
        return self.account.backend("autoscaling", region).autoscaling_groups

    def _check_subnets(self, call: Call) -> None:
        known = {key for by_zone in self.account.ec2(call.region).subnets.values() for key in by_zone}
        for subnet in filter(None, call.get("VPCZoneIdentifier", "").split(",")):
            if subnet not in known:
                raise AwsError("ValidationError", f"The subnet ID '{subnet}' does not exist")

    def _check_targets(self, call: Call) -> None:
        known = self.account.backend("elbv2", call.region).target_groups
        if missing := [arn for arn in call.get("TargetGroupARNs", []) if arn not in known]:
            raise AwsError("ValidationError", f"Provided Target Group(s) {missing} are not valid")
