"""Scaling groups that launch as Auto Scaling does, in place of moto's.

Instances are spread over the group's zones, take the types of a mixed-instances policy in its order, count against the
account's quotas, fail where a fault says that there is no capacity, and are replaced when someone ends them. Each
attempt is an activity: https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html and
https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html (2026).

The backend stands in for moto's within one account; EKS uses it for node groups.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from moto.autoscaling.models import ASG_NAME_TAG, AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import AwsError
from mlinfra.sandbox.aws.damage import refusal
from mlinfra.sandbox.aws.quotas import vcpu_shortage
from mlinfra.sandbox.faults import FaultKind

_FAILING = frozenset({FaultKind.CAPACITY, FaultKind.QUOTA})
_KEPT = 100
_STARTED = "an instance was started in response to a difference between desired and actual capacity."


class Pool(msgspec.Struct, frozen=True):
    """Where an instance may be launched: a subnet (or zone alone), a type, a market."""

    subnet: str | None
    zone: str
    instance_type: str
    spot: bool


class ScalingGroup(FakeAutoScalingGroup):
    """A group of instances. What moto keeps of it stays moto's; launching is ours."""

    account: Account
    activities: list[dict[str, Any]]
    failure: AwsError | None
    refreshes: list[dict[str, Any]]

    def reconcile(self) -> None:
        """Bring the group to its desired capacity again: replace what has ended, and try again what failed."""
        gone = [state for state in self.instance_states if state.instance.state in ("terminated", "shutting-down")]
        self.instance_states = [state for state in self.instance_states if state not in gone]
        for state in gone:
            self._note_end(state.instance.id, "in response to an EC2 health check that found it terminated or stopped")
        if self._capacity() < (self.desired_capacity or 0):
            self.set_desired_capacity(self.desired_capacity)

    def replace_one(self, identity: str) -> bool:
        """Launch an instance in the place of another, which then ends; whether there was one to be had."""
        if not self._launch_one(self._marks(self.get_propagated_tags())):
            return False
        self.autoscaling_backend.ec2_backend.terminate_instances([identity])
        self.instance_states = [state for state in self.instance_states if state.instance.id != identity]
        self._note_end(identity, "in response to an instance refresh")
        return True

    def rebalance(self) -> None:
        """Start one more, where the group balances its capacity: one of its instances is about to be taken back."""
        if self.capacity_rebalance:
            self._launch_one(self._marks(self.get_propagated_tags()))

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Launch or end instances until there is as much capacity as asked for, or as much as can be had.

        moto divides it among the markets first, and loses an instance where the shares are no whole numbers.
        """
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        wanted = self.desired_capacity or 0
        if self._capacity() < wanted:
            self.failure = None
            while self._capacity() < wanted and self._launch_one(self._marks(self.get_propagated_tags())):
                pass
        else:
            self._end_surplus(wanted)
        if self.name in self.autoscaling_backend.autoscaling_groups:
            self.autoscaling_backend.update_attached_elbs(self.name)
            self.autoscaling_backend.update_attached_target_groups(self.name)

    def _end_surplus(self, wanted: int) -> None:
        """End what is not protected, the oldest first, as far as the rest has the capacity."""
        surplus, left = [], self._capacity()
        for state in self.instance_states:
            if not state.protected_from_scale_in and left - _weight(state) >= wanted:
                surplus.append(state)
                left -= _weight(state)
        if surplus:
            self.autoscaling_backend.ec2_backend.terminate_instances([state.instance.id for state in surplus])
            self.instance_states = [state for state in self.instance_states if state not in surplus]
            for state in surplus:
                self._note_end(state.instance.id, f"shrinking the capacity to {wanted}")

    def _capacity(self) -> int:
        return sum(map(_weight, self.active_instances()))

    def _marks(self, propagated: dict[str, str]) -> dict[str, str]:
        return {**propagated, ASG_NAME_TAG: self.name, **self.instance_tags}

    def _launch_one(self, tags: dict[str, str]) -> bool:
        """Launch an instance from the first pool that has one; the last failure is the activity's."""
        error: AwsError | None = None
        for pool in self._pools():
            error = self._obstacle(pool)
            if error is None:
                instance = self._run(pool, tags)
                self._note(f"Launching a new EC2 instance: {instance.id}", _STARTED, "Successful")
                return True
        if error is not None:
            self.failure = error
            why = f"{error.message} Launching EC2 instance failed."
            self._note("Launching a new EC2 instance", _STARTED, "Failed", why)
        return False

    def _pools(self) -> Iterator[Pool]:
        """The pools in the order of preference: the type first, then the zone with the fewest instances."""
        ec2 = self.autoscaling_backend.ec2_backend
        ids = self.vpc_zone_identifier.split(",") if self.vpc_zone_identifier else []
        places: list[tuple[str | None, str]] = [(key, ec2.get_subnet(key).availability_zone) for key in ids] or [
            (None, zone) for zone in self.availability_zones
        ]
        crowd = Counter(state.instance.placement.zone for state in self.instance_states)
        places.sort(key=lambda place: crowd[place[1]])
        for spot in self._markets():
            for instance_type in self._types():
                for subnet, zone in places:
                    yield Pool(subnet, zone, instance_type, spot)

    def _types(self) -> list[str]:
        return [*self._weights()] or [self.instance_type]

    def _weights(self) -> dict[str, str | None]:
        """The types of a mixed-instances policy in its order, and how many units of capacity each counts for."""
        policy = self.mixed_instances_policy or {}
        overrides = policy.get("LaunchTemplate", {}).get("Overrides") or []
        return {one["InstanceType"]: one.get("WeightedCapacity") for one in overrides if one.get("InstanceType")}

    def _markets(self) -> list[bool]:
        """Whether the next instance is a spot instance: as the distribution says, else as the launch template does."""
        policy = self.mixed_instances_policy
        if not policy:
            return [self._template_says_spot()]
        distribution = policy.get("InstancesDistribution", {})
        base = int(distribution.get("OnDemandBaseCapacity") or 0)
        percent = distribution.get("OnDemandPercentageAboveBaseCapacity")
        share = 100 if percent is None else int(percent)
        on_demand = sum(1 for state in self.instance_states if state.instance.lifecycle != "spot")
        above = max(0, len(self.instance_states) + 1 - base)
        return [on_demand >= base + -(-above * share // 100)]

    def _template_says_spot(self) -> bool:
        if self.ec2_launch_template is None:
            return False
        data = self.ec2_launch_template.get_version(self.launch_template_version).data
        return bool((data.get("InstanceMarketOptions") or {}).get("MarketType") == "spot")

    def _obstacle(self, pool: Pool) -> AwsError | None:
        """Why there is no instance to be had from a pool."""
        detail = {
            "InstanceType": pool.instance_type,
            "AvailabilityZone": pool.zone,
            "Market": "spot" if pool.spot else "on-demand",
            "AutoScalingGroupName": self.name,
        }
        rule = self.account.fault(_FAILING, "ec2", "RunInstances", detail)
        if rule is not None and rule.kind is FaultKind.QUOTA:
            return refusal("ec2", "RunInstances", rule)
        if rule is not None:
            return AwsError(
                "UnfulfillableCapacity" if pool.spot else "InsufficientInstanceCapacity",
                f"We currently do not have sufficient {pool.instance_type} capacity in the Availability Zone you "
                f"requested ({pool.zone}). Our system will be working on provisioning additional capacity.",
                status=500,
            )
        return vcpu_shortage(self.account, self.region, pool.instance_type, spot=pool.spot)

    def _run(self, pool: Pool, tags: dict[str, str]) -> Any:
        template = None
        if self.ec2_launch_template:
            template = {"LaunchTemplateId": self.ec2_launch_template.id, "Version": self.launch_template_version}
        public = self.launch_config.associate_public_ip_address if self.launch_config else None
        reservation = self.autoscaling_backend.ec2_backend.run_instances(
            self.image_id,
            1,
            self.user_data,
            self.security_groups,
            instance_type=pool.instance_type,
            tags={"instance": dict(tags)},
            placement=pool.zone,
            launch_config=self.launch_config,
            launch_template=template,
            is_instance_type_default=False,
            associate_public_ip=public,
            subnet_id=pool.subnet,
            region_name=self.region,
            **({"instance_market_options": {"MarketType": "spot"}} if pool.spot else {}),
        )
        instance: Any = reservation.instances[0]
        instance.autoscaling_group = self
        for interface in instance.nics.values():
            interface.delete_on_termination = True  # as EC2 does with interfaces that a launch makes
        protected = self.new_instances_protected_from_scale_in
        state = InstanceState(instance, protected_from_scale_in=protected)
        state.weighted_capacity = self._weights().get(pool.instance_type)  # type: ignore[attr-defined]
        self.instance_states.append(state)
        return instance

    def _note_end(self, identity: str, why: str) -> None:
        self._note(
            f"Terminating EC2 instance: {identity}", f"an instance was taken out of service {why}.", "Successful"
        )

    def _note(self, description: str, cause: str, status: str, message: str = "") -> None:
        now = self.account.now()
        self.activities.insert(
            0,
            {
                "ActivityId": str(uuid.uuid4()),
                "AutoScalingGroupName": self.name,
                "AutoScalingGroupARN": self.arn,
                "Description": description,
                "Cause": f"At {now:%Y-%m-%dT%H:%M:%SZ} {cause}",
                "StartTime": now,
                "EndTime": now,
                "StatusCode": status,
                "StatusMessage": message,
                "Progress": 100,
                "Details": "{}",
            },
        )
        del self.activities[_KEPT:]


def _weight(state: Any) -> int:
    return int(getattr(state, "weighted_capacity", None) or 1)


class ScalingBackend(AutoScalingBackend):
    """moto's backend with our groups."""

    def __init__(self, region_name: str, account_id: str, account: Account) -> None:
        super().__init__(region_name, account_id)
        self._account = account

    def create_auto_scaling_group(self, *args: Any, **asked: Any) -> ScalingGroup:
        """Make a group and launch its instances. The group exists even where none could be launched."""
        wanted = asked.get("desired_capacity")
        if wanted is None:
            wanted = asked.get("min_size")
        group: Any = super().create_auto_scaling_group(*args, **{**asked, "desired_capacity": 0})
        group.__class__ = ScalingGroup  # moto names its class where it makes one: there is no other way in
        group.account = self._account
        group.activities = []
        group.failure = None
        group.refreshes = []
        group.set_desired_capacity(int(wanted or 0))
        made: ScalingGroup = group
        return made
