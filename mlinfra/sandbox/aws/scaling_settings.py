"""Settings of scaling groups that moto forgets when a group is made or changed.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html (2026): what a call does not
name stays as it is.
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension

_KEPT = {
    "CapacityRebalance": "capacity_rebalance",
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "PlacementGroup": "placement_group",
    "TerminationPolicies": "termination_policies",
}
_NOTHING: tuple[Any, ...] = (
    -1,
    "",
    {"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1},
)  # how they are taken away


class ScalingSettings(Extension):
    """CreateAutoScalingGroup, UpdateAutoScalingGroup, DisableMetricsCollection."""

    service = "autoscaling"

    def create_auto_scaling_group(self, call: Call, proceed: Proceed) -> Answer:
        """Keep all settings. Health is looked at from the first second on, where the call does not say otherwise.

        https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html (2026): default 0.
        """
        answer = proceed()
        group = self._groups(call)[call["AutoScalingGroupName"]]
        group.health_check_grace_period = int(call.get("HealthCheckGracePeriod") or 0)
        self._keep(call)
        return answer

    def update_auto_scaling_group(self, call: Call, proceed: Proceed) -> Answer:
        """Keep all settings, and the instances' types where the call does not name any."""
        group = self._groups(call).get(call["AutoScalingGroupName"])
        mixed = group.mixed_instances_policy if group is not None else None
        answer = proceed()
        if not any(call.get(name) for name in ("MixedInstancesPolicy", "LaunchTemplate", "LaunchConfigurationName")):
            group.mixed_instances_policy = mixed
        self._keep(call)
        return answer

    def disable_metrics_collection(self, call: Call, proceed: Proceed) -> Answer:
        """Measure less."""
        group = self._groups(call)[call["AutoScalingGroupName"]]
        group.metrics = [name for name in group.metrics if name not in call.get("Metrics", group.metrics)]
        return {}

    def _groups(self, call: Call) -> Any:
        return self.account.backend("autoscaling", call.region).autoscaling_groups

    def _keep(self, call: Call) -> None:
        group = self._groups(call)[call["AutoScalingGroupName"]]
        for name, attribute in _KEPT.items():
            if (value := call.get(name)) is not None:
                setattr(group, attribute, None if value in _NOTHING else value)
