"""Instance refreshes: the machines of a scaling group, replaced by such as its launch template says now.

Called by the declaration of groups where `instanceRefresh` is set and the template, or its version, changes. The group
takes the new template when the last machine has been replaced, and keeps the old one where that failed: so a run that
was stopped in between finds the change still to be made, and waits for the refresh that is under way instead of
beginning another. Calls and fields: Auto Scaling API reference, 2011-01-01, StartInstanceRefresh; its user guide,
"Undo changes with a rollback" (November 2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.clock import waited_text
from mlinfra.core.errors import ProviderError
from mlinfra.core.property import Property, block, boolean, integer, list_of, text
from mlinfra.providers.aws.aws_type import Item
from mlinfra.providers.aws.template import call, dig
from mlinfra.providers.aws.waiting import cause
from mlinfra.providers.aws.work import Work

_EVERY, _LIMIT = 15.0, 7200.0  # as for the node groups of EKS, whose machines go one after the other likewise
_UNDER_WAY = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")

_NUMBERS = {"instanceWarmup": "InstanceWarmup", "checkpointDelay": "CheckpointDelay"}  # texts in Pulumi's schema
REFRESH: Property = block(
    {
        "strategy": text(required=True, enum=["Rolling"]),
        "preferences": block(
            {
                "minHealthyPercentage": integer(minimum=0, maximum=100),
                "maxHealthyPercentage": integer(minimum=100, maximum=200),
                "instanceWarmup": text(pattern="^[0-9]+$"),
                "checkpointDelay": text(pattern="^[0-9]+$"),
                "checkpointPercentages": list_of(integer(minimum=1, maximum=100)),
                "autoRollback": boolean(),
                "skipMatching": boolean(),
                "scaleInProtectedInstances": text(enum=["Refresh", "Ignore", "Wait"]),
                "standbyInstances": text(enum=["Terminate", "Ignore", "Wait"]),
            }
        ),
    },
    write_only=True,
    default=None,
    description="Replace its machines when its launch template changes, and wait until they are.",
)
# Where AWS says of which template machines are, in each of the two forms that a group has.
_SPECIFICATION = {
    "launchTemplate": "LaunchTemplate",
    "mixedInstancesPolicy": "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification",
}


def change_settings(work: Work, settings: tuple[str, ...]) -> None:
    """Bring `settings` up to date by one call; a new template by a refresh, where one is asked for and there are
    machines to replace."""
    form = _form_to_refresh(work)
    if work.changed_names - {form}:
        work.perform(call("UpdateAutoScalingGroup", "name", *(name for name in settings if name != form)))
    if form:
        _carry_through(work, _desired(work, form))


def _form_to_refresh(work: Work) -> str:
    """The property through which machines are to become others; empty where they stay, or have become them."""
    if work.value("instanceRefresh") is None:
        return ""
    for form in work.changed_names & _SPECIFICATION.keys():
        group = work.describe() or {}
        if group.get("Instances") and not _leads_to(group, _desired(work, form)):
            return form
    return ""


def _desired(work: Work, form: str) -> Item:
    return {f"{form[0].upper()}{form[1:]}": work.api(form)}


def _carry_through(work: Work, desired: Item) -> None:
    """Begin a refresh, or take up the one to the same template, and wait until it succeeded."""
    began = work.clock.monotonic()
    refresh = _newest(work)
    while refresh is not None and _is_under_way(refresh) and not _leads_to(_aim(refresh), desired):
        refresh = _later(work, began, refresh, "another refresh is under way")
    if refresh is None or not _is_under_way(refresh):
        refresh = _begin(work, desired)
    while _is_under_way(refresh):
        refresh = _later(work, began, refresh, f"{refresh.get('PercentageComplete', 0)} % of its machines are replaced")
    if refresh["Status"] != "Successful":
        why = refresh.get("StatusReason") or dig(refresh, "RollbackDetails.RollbackReason") or "no reason was given"
        raise cause(f"{work.target.address}: the refresh of {work.id} ended as {refresh['Status']}: {why}")


def _begin(work: Work, desired: Item) -> Item:
    asked = work.value("instanceRefresh")
    params = {"Strategy": asked["strategy"], "Preferences": _preferences(asked.get("preferences") or {})}
    begun = work.call("StartInstanceRefresh", AutoScalingGroupName=work.id, DesiredConfiguration=desired, **params)
    return {"InstanceRefreshId": begun["InstanceRefreshId"], "Status": "Pending"}


def _newest(work: Work) -> Item | None:
    """The refresh that was begun last, whoever began it."""
    found = work.call("DescribeInstanceRefreshes", AutoScalingGroupName=work.id, MaxRecords=1)["InstanceRefreshes"]
    return found[0] if found else None


def _later(work: Work, began: float, refresh: Item, words: str) -> Item:
    """The same refresh, a while later. One that does not show yet is as it was."""
    if work.clock.monotonic() - began > _LIMIT:
        raise ProviderError(
            f"{work.target.address}: the refresh of {work.id} runs for more than {waited_text(work.clock, _LIMIT)}",
            hint="run the same command again to go on waiting",
        )
    work.pause(_EVERY, words)
    which = [refresh["InstanceRefreshId"]]
    found = work.call("DescribeInstanceRefreshes", AutoScalingGroupName=work.id, InstanceRefreshIds=which)
    return next(iter(found["InstanceRefreshes"]), refresh)


def _is_under_way(refresh: Item) -> bool:
    return refresh["Status"] in _UNDER_WAY


def _aim(refresh: Item) -> Item:
    found = refresh.get("DesiredConfiguration")
    return found if isinstance(found, dict) else {}


def _leads_to(shown: Item, desired: Item) -> bool:
    """Whether machines are of the template that is desired: a name that AWS adds beside an id does not count."""
    for path in _SPECIFICATION.values():
        ours, theirs = dig(desired, path) or {}, dig(shown, path) or {}
        if any(theirs.get(name) != value for name, value in ours.items()):
            return False
    return True


def _preferences(asked: dict[str, Any]) -> Item:
    return {
        _NUMBERS.get(name, f"{name[0].upper()}{name[1:]}"): int(value) if name in _NUMBERS else value
        for name, value in asked.items()
    }
