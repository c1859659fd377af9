"""Lodgers: other stacks, and clusters, that stand in a network which a plan deletes.

Whoever uses a network that another stack owns names it by its ids alone, so that no file of the owner's tells. What
stands there has security groups, and those bear the tags of the stack, or of the cluster that EKS made them for: one
call for all. Called by the adviser. Whoever may not ask is told so, and not stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mlinfra.advice.tokens import CLUSTER, VPC
from mlinfra.aws.calls import Calls
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ProviderError
from mlinfra.core.ownership import STACK
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.state import State
from mlinfra.session.codes import Code

_OF_CLUSTER = "aws:eks:cluster-name"  # EKS's own tag (EKS user guide, "View Amazon EKS security group requirements")
_GOES = frozenset({Action.DELETE, Action.REPLACE})


def networks_that_go(plan: Plan) -> dict[str, Change]:
    """The networks that a plan deletes, by their ids."""
    return {change.id: change for change in plan.pending() if change.type == VPC and change.action in _GOES}


def lodgers(networks: Mapping[str, Change], stack: str, state: State, calls: Calls) -> tuple[Diagnostic, ...]:
    """A warning for each other stack, or cluster of nobody's, in one of `networks`."""
    own = {record.id for record in state.every_record() if record.type == CLUSTER}
    filters = [{"Name": "vpc-id", "Values": sorted(networks)}]
    try:
        pages = list(calls.pages("ec2", "DescribeSecurityGroups", {"Filters": filters}))
    except ProviderError as error:
        return (_unasked(networks, error),)
    found: dict[tuple[str, str], list[str]] = {}
    for group in (one for page in pages for one in page["SecurityGroups"]):
        if who := _whose(group, stack, own):
            found.setdefault((group["VpcId"], who), []).append(group["GroupId"])
    return tuple(_told(networks[vpc], who, groups) for (vpc, who), groups in sorted(found.items()))


def _whose(group: Mapping[str, Any], stack: str, own: Collection[str]) -> str:
    """The name of another stack, or cluster, that a security group is of; empty for all others."""
    tags = {tag["Key"]: tag["Value"] for tag in group.get("Tags", ())}
    name = tags.get(STACK) or tags.get(_OF_CLUSTER, "")
    return "" if name == stack or name in own else str(name)


def _told(network: Change, who: str, groups: list[str]) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.LODGERS,
        summary=f"{who} stands in {network.address} ({network.id}), which this plan deletes",
        detail="Its ways out go before the network does, which AWS then keeps because of it. "
        f"Seen by its security group{'s' if len(groups) > 1 else ''} {_named(groups)}.",
        address=network.address,
        source=network.source,
        hint=f"destroy {who} first, or keep the network: name it under lifecycle.protect",
    )


def _named(groups: list[str]) -> str:
    return ", ".join([*groups[:3], *([f"and {len(groups) - 3} more"] if len(groups) > 3 else [])])


def _unasked(networks: Mapping[str, Change], error: ProviderError) -> Diagnostic:
    where: Iterator[str] = (str(one.address) for one in networks.values())
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.LODGERS,
        summary=f"whether other stacks stand in {', '.join(where)} could not be seen: {error}",
        hint="see to it that nobody uses the network before it is deleted",
    )
