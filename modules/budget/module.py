"""What the stack may cost, as AWS watches it: a budget of its own costs, and who hears when it runs out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from mlinfra.core.facts import Facts
from mlinfra.core.language import LIFECYCLE
from mlinfra.core.ownership import STACK
from mlinfra.core.value import Properties, Value
from mlinfra.library import Block, Place, Scope
from mlinfra.library.outputs import Cluster, Monitoring

SECTION = Place(LIFECYCLE, entry="budget")
NEEDS = (Cluster, Monitoring)

# What is spent already, in percent of the budget; what is expected by the end of the month.
_WARNINGS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
# Bills of GovCloud are those of an account elsewhere: there are no budgets (AWS GovCloud user guide, November 2026).
_WITHOUT_BILLS = "aws-us-gov"


class Inputs(Block, frozen=True, kw_only=True):
    """What the stack may cost."""

    monthly_usd: Annotated[float, Meta(description="US dollars a month", gt=0)] = field(name="monthlyUSD")
    on_breach: Annotated[
        Literal["warn", "fail"], Meta(description="whether a plan that is expected to cost more warns or fails")
    ] = "warn"
    on_unknown: Annotated[
        Literal["warn", "fail"] | None,
        Meta(description="whether a plan of which a price is not known warns or fails; unset, as `onBreach` says"),
    ] = None


class Outputs(Struct, frozen=True):
    """Nothing that others could refer to."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the budget."""
    if facts.partition == _WITHOUT_BILLS:
        return Outputs()
    subscribers = dict(_subscribers(scope))
    properties: Properties = {
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": f"{inputs.monthly_usd:.2f}".removesuffix(".00"),
        "limitUnit": "USD",
        "costFilters": [{"name": "TagKeyValue", "values": list(_tags(scope))}],
        **({"notifications": [_notification(*one, subscribers) for one in _WARNINGS]} if subscribers else {}),
    }
    scope.add("", "aws:budgets/budget:Budget", properties)
    return Outputs()


def _tags(scope: Scope) -> Iterator[str]:
    """What the stack makes bears the first; machines that join its cluster, whoever starts them, bear EKS's own.

    Cost Management user guide, "Budget filters"; EKS user guide, "Tagging your resources for billing" (November 2026).
    """
    yield f"user:{STACK}${scope.stack.name}"
    if scope.every(Cluster):
        yield f"aws:eks:cluster-name${scope.stack.name}"


def _subscribers(scope: Scope) -> Iterator[tuple[str, Value]]:
    """The stack's owner, where that is an address, and its topic for alerts: AWS takes one topic, no more."""
    if _ADDRESS.fullmatch(scope.stack.owner):
        yield "subscriberEmailAddresses", [scope.stack.owner]
    topics = [one.alerts_topic_arn for one in scope.every(Monitoring) if one.alerts_topic_arn is not None]
    if topics:
        yield "subscriberSnsTopicArns", topics[:1]


def _notification(kind: str, percent: int, subscribers: Properties) -> Properties:
    return {
        "notificationType": kind,
        "comparisonOperator": "GREATER_THAN",
        "threshold": float(percent),
        "thresholdType": "PERCENTAGE",
        **subscribers,
    }
