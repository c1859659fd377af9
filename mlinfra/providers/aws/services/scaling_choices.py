"""Which of the types that it may have a scaling group got, where that is not the first, and why.

Node groups and scaling groups say so once they are made: a fallback costs another price, and serves another way.
Shapes: Auto Scaling API reference, DescribeAutoScalingGroups and DescribeScalingActivities (November 2026).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mlinfra.core.errors import ProviderError
from mlinfra.providers.aws.work import Work

_PADDING = " Launching EC2 instance failed."


def fallback(work: Work, name: str, types: Sequence[str]) -> str:
    """In words, what the group `name` has in place of the first of `types`; empty where it has that alone."""
    if len(types) < 2:
        return ""
    try:
        found = work.call("DescribeAutoScalingGroups", service="autoscaling", AutoScalingGroupNames=[name])
        machines = [one for group in found["AutoScalingGroups"] for one in group.get("Instances") or ()]
        others = Counter(one["InstanceType"] for one in machines if one.get("InstanceType") not in (None, types[0]))
        return _told(len(machines), others, types[0], _why(work, name)) if others else ""
    except ProviderError:  # what it got is worth knowing, and no reason to call what was made a failure
        return ""


def _told(every: int, others: Counter[str], first: str, why: str) -> str:
    got = " and ".join(f"{number} {name}" for name, number in sorted(others.items()))
    reason = why or "AWS chose so, by its strategy or for lack of the other"
    return f"of {every} machine{'' if every == 1 else 's'} it got {got} in place of {first}: {reason}"


def _why(work: Work, name: str) -> str:
    """Why its newest try that failed did; empty where all succeeded."""
    told = work.call("DescribeScalingActivities", service="autoscaling", AutoScalingGroupName=name, MaxRecords=20)
    failed = [one for one in told["Activities"] if one.get("StatusCode") in ("Failed", "Cancelled")]
    return str(failed[0].get("StatusMessage") or "").replace(_PADDING, "") if failed else ""
