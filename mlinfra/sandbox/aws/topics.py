"""Topics: attributes that moto keeps and does not show, and subscriptions that somebody must confirm.

https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html and
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html (2026): who is written to confirms first, and until then
the subscription is listed without its ARN.
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension

_CONFIRMED_BY_HAND = ("email", "email-json", "http", "https")
_SHOWN = {"SignatureVersion": "signature_version", "TracingConfig": "tracing_config"}
_PENDING = "PendingConfirmation"


class Topics(Extension):
    """GetTopicAttributes, Subscribe and the listings of subscriptions."""

    service = "sns"

    def get_topic_attributes(self, call: Call, proceed: Proceed) -> Answer:
        """moto's, and those that it leaves out."""
        answer = proceed()
        topic = self._backend(call).get_topic(call["TopicArn"])
        kept = {name: getattr(topic, member, None) for name, member in _SHOWN.items()}
        answer.result["Attributes"] |= {name: value for name, value in kept.items() if value}
        return answer

    def subscribe(self, call: Call, proceed: Proceed) -> Answer:
        """Subscribe somebody; to subscribe him again changes nothing."""
        before = set(self._backend(call).subscriptions)
        answer = proceed()
        arn = answer.result["SubscriptionArn"]
        subscription = self._backend(call).subscriptions[arn]
        if arn not in before and call["Protocol"] in _CONFIRMED_BY_HAND:
            subscription.attributes |= {_PENDING: "true", "ConfirmationWasAuthenticated": "false"}
        if subscription.attributes[_PENDING] == "true" and not call.get("ReturnSubscriptionArn"):
            return {"SubscriptionArn": "pending confirmation"}
        return answer

    def list_subscriptions(self, call: Call, proceed: Proceed) -> Answer:
        """All of them."""
        return _without_pending_arns(proceed())

    def list_subscriptions_by_topic(self, call: Call, proceed: Proceed) -> Answer:
        """Those of one topic."""
        return _without_pending_arns(proceed())

    def _backend(self, call: Call) -> Any:
        return self.account.backend("sns", call.region)


def _without_pending_arns(answer: Any) -> Any:
    answer.result["Subscriptions"] = [
        {
            "SubscriptionArn": _PENDING if subscription.attributes.get(_PENDING) == "true" else subscription.arn,
            "Owner": subscription.owner,
            "Protocol": subscription.protocol,
            "Endpoint": subscription.endpoint,
            "TopicArn": subscription.topic_arn,
        }
        for subscription in answer.result["Subscriptions"]
    ]
    return answer
