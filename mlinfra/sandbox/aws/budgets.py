"""Budgets: changes, tags and those who hear of a budget, all of which moto lacks.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_UpdateBudget.html and its neighbours (2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page, tag_list, tag_map


@dataclass
class BudgetTags:
    """The tags of budgets, by ARN."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)


class Budgets(Extension):
    """UpdateBudget, tags and subscribers."""

    service = "budgets"

    def create_budget(self, call: Call, proceed: Proceed) -> Answer:
        """Make a budget."""
        budget = call["Budget"]
        amount = budget.get("BudgetLimit", {}).get("Amount")
        answer = proceed()
        made = self._find(call, budget["BudgetName"])
        self._settle(made.budget, amount)
        if tags := call.get("ResourceTags"):
            self._tags()[self._arn(budget["BudgetName"])] = tag_map(tags)
        return answer

    def update_budget(self, call: Call, proceed: Proceed) -> Answer:
        """Change a budget: what is not named has its default again."""
        asked = call["NewBudget"]
        budget = self._find(call, asked["BudgetName"])
        kept = {name: budget.budget[name] for name in ("TimePeriod", "LastUpdatedTime") if name in budget.budget}
        period = {**kept.get("TimePeriod", {}), **_seconds(asked.get("TimePeriod", {}))}
        budget.budget = {**asked, **kept, "TimePeriod": period}
        self._settle(budget.budget, asked.get("BudgetLimit", {}).get("Amount"))
        return {}

    def delete_budget(self, call: Call, proceed: Proceed) -> Answer:
        """Delete a budget, and all that hangs on it."""
        answer = proceed()
        self._tags().pop(self._arn(call["BudgetName"]), None)
        return answer

    def describe_budgets(self, call: Call, proceed: Proceed) -> Answer:
        """The budgets, in pages."""
        budgets = [budget.to_dict() for budget in self._budgets().values()]
        found, token = page(budgets, call.get("MaxResults"), call.get("NextToken"))
        return {"Budgets": found, "NextToken": token}

    def describe_notifications_for_budget(self, call: Call, proceed: Proceed) -> Answer:
        """The notifications of one budget, which must exist."""
        found = [one.details for one in self._find(call, call["BudgetName"]).notifications]
        return {"Notifications": [{"NotificationState": "OK", **details} for details in found]}

    def describe_subscribers_for_notification(self, call: Call, proceed: Proceed) -> Answer:
        """Those who hear of one notification."""
        notification = self._notification(call)
        return {"Subscribers": notification.subscribers}

    def delete_notification(self, call: Call, proceed: Proceed) -> Answer:
        """Delete a notification, which must exist."""
        self._find(call, call["BudgetName"]).notifications.remove(self._notification(call))
        return {}

    def tag_resource(self, call: Call, proceed: Proceed) -> Answer:
        """Add tags."""
        self._tags().setdefault(call["ResourceARN"], {}).update(tag_map(call["ResourceTags"]))
        return {}

    def untag_resource(self, call: Call, proceed: Proceed) -> Answer:
        """Take tags away."""
        for key in call["ResourceTagKeys"]:
            self._tags().get(call["ResourceARN"], {}).pop(key, None)
        return {}

    def list_tags_for_resource(self, call: Call, proceed: Proceed) -> Answer:
        """The tags of a budget, which must exist."""
        self._find(call, call["ResourceARN"].partition("budget/")[2])
        return {"ResourceTags": tag_list(self._tags().get(call["ResourceARN"], {}))}

    def _tags(self) -> dict[str, dict[str, str]]:
        return self.account.store(BudgetTags, self.account.region).tags

    def _arn(self, name: str) -> str:
        return self.account.arn("budgets", f"budget/{name}")

    def _budgets(self) -> Any:
        return self.account.backend("budgets", self.account.region).budgets[self.account.id]

    def _find(self, call: Call, name: str) -> Any:
        if name not in self._budgets():
            raise AwsError("NotFoundException", f"Unable to find the budget: {name} - the budget doesn't exist.")
        return self._budgets()[name]

    def _notification(self, call: Call) -> Any:
        asked = _meaning(call["Notification"])
        for one in self._find(call, call["BudgetName"]).notifications:
            if _meaning(one.details) == asked:
                return one
        raise AwsError("NotFoundException", "Unable to find the notification.")

    def _settle(self, budget: dict[str, Any], amount: Any) -> None:
        """Amounts are shown with a fraction; periods have an end."""
        if amount is not None:
            budget["BudgetLimit"] = {**budget["BudgetLimit"], "Amount": str(float(amount))}
        period = budget.setdefault("TimePeriod", {})
        period.update(_seconds(period))
        period.setdefault("End", 3706473600)  # 15 June 2087
        period.setdefault("Start", self.account.now().replace(day=1, hour=0, minute=0, second=0).timestamp())


def _seconds(period: dict[str, Any]) -> dict[str, Any]:
    """Times as moto keeps them."""
    return {name: moment.timestamp() if hasattr(moment, "timestamp") else moment for name, moment in period.items()}


def _meaning(notification: dict[str, Any]) -> tuple[Any, ...]:
    names = ("NotificationType", "ComparisonOperator", "ThresholdType")
    return (*(notification.get(name) for name in names), float(notification["Threshold"]))
