"""Instance refreshes: the instances of a scaling group replaced one after the other, or put back where that fails.

moto has none. The group takes the desired configuration once the last has been replaced, and a launch that fails ends
the refresh, with a rollback where one was asked for:
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html and
https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html (2026). How many are replaced at
once, and how long each is watched, is not played.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.scaling import ScalingGroup

_UNDER_WAY = ("Pending", "InProgress")
_VAGUE = ("$Latest", "$Default", None)


class InstanceRefreshes(Extension):
    """StartInstanceRefresh, DescribeInstanceRefreshes, CancelInstanceRefresh."""

    service = "autoscaling"

    def start_instance_refresh(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to replace the instances that are not as desired."""
        group, desired = self._group(call), call.get("DesiredConfiguration") or {}
        if any(one["Status"] in _UNDER_WAY for one in group.refreshes):
            raise AwsError(
                "InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks this one"
            )
        preferences = call.get("Preferences") or {}
        if preferences.get("AutoRollback") and _template(desired).get("Version") in _VAGUE:
            message = (
                "AutoRollback cannot be set to true without a desired configuration that names a template's version"
            )
            raise AwsError("ValidationError", message)
        refresh = {
            "InstanceRefreshId": str(uuid.uuid4()),
            "AutoScalingGroupName": group.name,
            "Status": "Pending",
            "StartTime": self.account.now(),
            "PercentageComplete": 0,
            "InstancesToUpdate": len(group.instance_states),
            "Strategy": call.get("Strategy", "Rolling"),
            "DesiredConfiguration": desired,
            "Preferences": preferences,
        }
        group.refreshes.insert(0, refresh)
        old = [state.instance.id for state in group.instance_states]
        self.account.timeline.after(self.account.pace.update, lambda: self._go_on(group, refresh, old))
        return {"InstanceRefreshId": refresh["InstanceRefreshId"]}

    def describe_instance_refreshes(self, call: Call, proceed: Proceed) -> Answer:
        """Those of a group, the newest first."""
        wanted = call.get("InstanceRefreshIds")
        found = [one for one in self._group(call).refreshes if not wanted or one["InstanceRefreshId"] in wanted]
        return {"InstanceRefreshes": found[: call.get("MaxRecords", 50)]}

    def cancel_instance_refresh(self, call: Call, proceed: Proceed) -> Answer:
        """Stop; what was replaced stays replaced."""
        found = next((one for one in self._group(call).refreshes if one["Status"] in _UNDER_WAY), None)
        if found is None:
            raise AwsError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found")
        found["Status"] = "Cancelled"
        return {"InstanceRefreshId": found["InstanceRefreshId"]}

    def _group(self, call: Call) -> ScalingGroup:
        found = self.account.backend("autoscaling", call.region).autoscaling_groups.get(call["AutoScalingGroupName"])
        if found is None:
            raise AwsError("ValidationError", "AutoScalingGroup name not found - null")
        group: ScalingGroup = found
        return group

    def _go_on(self, group: ScalingGroup, refresh: dict[str, Any], old: list[str]) -> None:
        """Replace one more; at the end, have the group as it is desired."""
        if refresh["Status"] not in _UNDER_WAY:
            return
        refresh["Status"] = "InProgress"
        there = {state.instance.id for state in group.instance_states}
        left = [identity for identity in old if identity in there]
        if not left:
            _configure(group, refresh["DesiredConfiguration"])
            refresh |= {"Status": "Successful", "PercentageComplete": 100, "EndTime": self.account.now()}
            return
        with _as_desired(group, refresh["DesiredConfiguration"]):
            replaced = group.replace_one(left[0])
        if not replaced:
            self._fail(group, refresh, set(old))
            return
        refresh["InstancesToUpdate"] = len(left) - 1
        refresh["PercentageComplete"] = 100 * (len(old) - len(left) + 1) // len(old)
        self.account.timeline.after(self.account.pace.update, lambda: self._go_on(group, refresh, old))

    def _fail(self, group: ScalingGroup, refresh: dict[str, Any], old: set[str]) -> None:
        why = f"{group.failure.message if group.failure else ''} Launching EC2 instance failed."
        status = "Failed"
        if refresh["Preferences"].get("AutoRollback"):
            new = [state.instance.id for state in group.instance_states if state.instance.id not in old]
            status = "RollbackSuccessful" if all(group.replace_one(one) for one in new) else "RollbackFailed"
        refresh |= {"Status": status, "StatusReason": why, "EndTime": self.account.now()}


def _template(desired: dict[str, Any]) -> dict[str, Any]:
    mixed = desired.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    found: dict[str, Any] = mixed.get("LaunchTemplateSpecification") or desired.get("LaunchTemplate") or {}
    return found


def _configure(group: ScalingGroup, desired: dict[str, Any]) -> None:
    mixed = deepcopy(desired.get("MixedInstancesPolicy"))  # moto writes into what it is given
    if not desired:
        return
    group.mixed_instances_policy = mixed
    group._set_launch_configuration("", desired.get("LaunchTemplate") or {}, mixed)


@contextmanager
def _as_desired(group: ScalingGroup, desired: dict[str, Any]) -> Iterator[None]:
    """While an instance is launched; the group itself stays as it was."""
    names = (
        "mixed_instances_policy",
        "ec2_launch_template",
        "launch_template_version",
        "provided_launch_template_version",
    )
    kept = {name: getattr(group, name, None) for name in names}
    try:
        _configure(group, desired)
        yield
    finally:
        for name, value in kept.items():
            setattr(group, name, value)
