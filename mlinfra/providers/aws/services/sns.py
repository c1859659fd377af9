"""Topics, who may publish to them, and who is told.

Calls and fields: SNS API reference, 2010-03-31. Names and replacement: Pulumi's AWS schema 7.51, without archives, the
logging of deliveries, and the policy within a topic: it is an object of its own.
"""

from __future__ import annotations

import json
from typing import Any

from mlinfra.core.property import Replace, block, boolean, document, integer, text
from mlinfra.core.resource_type import NameRule, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Tagging, Update
from mlinfra.providers.aws.forms import SUBSCRIPTION
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.attribute_maps import AttributeMap
from mlinfra.providers.aws.services.fifo import fifo_rule
from mlinfra.providers.aws.services.iam_roles import same_policy
from mlinfra.providers.aws.services.known_tags import with_known_tags
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
TOPIC_SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"

_INPUTS = {
    "name": text(pattern=r"^[A-Za-z0-9_-]{1,256}(\.fifo)?$", replace=Replace.CREATE_FIRST),
    "fifoTopic": boolean(replace=Replace.CREATE_FIRST, default=False),
    "contentBasedDeduplication": boolean(default=False),
    "displayName": text(maxLength=100, default=""),
    "deliveryPolicy": document(default=None),
    "kmsMasterKeyId": text(default=None, refers="aws:kms/key:Key"),
    "signatureVersion": integer(default=1, enum=[1, 2]),
    "tracingConfig": text(default="PassThrough", enum=["PassThrough", "Active"]),
    "tags": TAGS_PROPERTY,
}
_ATTRIBUTES = AttributeMap(
    fields=_INPUTS,
    keys={
        "fifoTopic": "FifoTopic",
        "contentBasedDeduplication": "ContentBasedDeduplication",
        "displayName": "DisplayName",
        "deliveryPolicy": "DeliveryPolicy",
        "kmsMasterKeyId": "KmsMasterKeyId",
        "signatureVersion": "SignatureVersion",
        "tracingConfig": "TracingConfig",
    },
    blank=True,
)
# A standard topic does not know this attribute, not even as false.
_FIFO = Shape(outward=lambda value: "true" if value else None, inward=lambda shown: shown == "true")


def _topics(reader: Reader, wanted: Wanted) -> list[Item]:
    topics = reader.pages("sns", "ListTopics", "Topics")
    return [_named(topic) for topic in with_known_tags(reader, topics, lambda topic: topic["TopicArn"])]


def _named(topic: Item) -> Item:
    return {**topic, "Name": topic["TopicArn"].rpartition(":")[2]}


def _shown(answer: Item) -> Item:
    attributes = answer["Attributes"]
    about = {name: attributes.get(name) for name in ("TopicArn", "Owner", "Policy")}
    return _named({**_ATTRIBUTES.shown(attributes), **about})


def _whole_topic(reader: Reader, item: Item) -> Item:
    """Attributes and tags are calls of their own."""
    found, arn = dict(item), item["TopicArn"]
    if "Policy" not in found:
        found |= _shown(reader.one("sns", "GetTopicAttributes", {"TopicArn": arn}, arn))
    if "Tags" not in found:
        found["Tags"] = reader.one("sns", "ListTagsForResource", {"ResourceArn": arn}, arn).get("Tags", [])
    return found


def _set_each(work: Work, operation: str, holder: str, attributes: dict[str, str]) -> None:
    """SNS sets one attribute at a time."""
    for name, value in attributes.items():
        work.call(operation, **{holder: work.id, "AttributeName": name, "AttributeValue": value})


_TOPIC = AwsType(
    about=ResourceType(
        token=TOPIC,
        inputs=block(_INPUTS),
        key=("name",),
        name=NameRule("name", longest=256),
        volatile={"policy": ()},
    ),
    service="sns",
    id="TopicArn",
    made="TopicArn",
    names={**_ATTRIBUTES.names(), "name": "Name"},
    shapes={**_ATTRIBUTES.shapes(), "fifoTopic": _FIFO},
    create=call("CreateTopic", "name", Attributes=_ATTRIBUTES.template()),
    reading=Reading(
        source=_topics,
        details=_whole_topic,
        one=lambda work: _shown(work.call("GetTopicAttributes", TopicArn=work.id)),
        outputs={"arn": "TopicArn", "owner": "Owner", "policy": "Policy"},
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagResource", ResourceArn=ID, Tags=TAGS),
        remove=call("UntagResource", ResourceArn=ID, TagKeys=TAG_KEYS),
        arn="arn:{partition}:sns:{region}:{account}:{name}",
    ),
    updates=(
        Update(
            _ATTRIBUTES.properties,
            lambda work: _set_each(work, "SetTopicAttributes", "TopicArn", _ATTRIBUTES.asked(work)),
        ),
    ),
    delete=call("DeleteTopic", TopicArn=ID),
    against=fifo_rule("fifoTopic", 256, "contentBasedDeduplication"),
)


def _own_policy(work: Work) -> str:
    """What a topic has where nobody gave it another: "Overview of managing access in Amazon SNS", November 2026."""
    actions = "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe"
    statement = {
        "Sid": _OWN_STATEMENT,
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in (*actions.split(), "ListSubscriptionsByTopic", "Publish")],
        "Resource": work.id,
        "Condition": {"StringEquals": {"AWS:SourceOwner": work.site.account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


_OWN_STATEMENT = "__default_statement_ID"


def _given(policy: Any) -> bool:
    """Whether somebody gave a topic this policy."""
    if not policy:
        return False
    statements = json.loads(policy).get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return [statement.get("Sid") for statement in listed] != [_OWN_STATEMENT]


def _policies(reader: Reader, wanted: Wanted) -> list[Item]:
    """Our topics were read with their policies; others are asked for theirs."""
    read = {topic.id: topic.properties.get("policy") for topic in reader.objects(TOPIC).objects}
    ours = [{"TopicArn": arn, "Policy": policy} for arn, policy in read.items() if _given(policy)]
    return ours + [{"TopicArn": arn} for arn in sorted(parents(_TOPIC_POLICY, reader, wanted) - read.keys())]


def _read_policy(reader: Reader, item: Item) -> Item | None:
    if "Policy" in item:
        return item
    arn = item["TopicArn"]
    shown = _shown(reader.one("sns", "GetTopicAttributes", {"TopicArn": arn}, arn))
    return shown if _given(shown["Policy"]) else None


def _policy(work: Work) -> Item | None:
    shown = _shown(work.call("GetTopicAttributes", TopicArn=work.id))
    return shown if _given(shown["Policy"]) else None


_PUT_POLICY = call("SetTopicAttributes", TopicArn=prop("arn"), AttributeName="Policy", AttributeValue=prop("policy"))

_TOPIC_POLICY = AwsType(
    about=ResourceType(
        token=TOPIC_POLICY,
        inputs=block(
            {
                "arn": text(required=True, replace=Replace.CREATE_FIRST, refers=TOPIC),
                "policy": document(required=True, canonical=same_policy),
            }
        ),
        key=("arn",),
        owned_by=OwnedBy.PARENT,
        parent="arn",
    ),
    service="sns",
    id="{arn}",
    names={"arn": "TopicArn"},
    create=_PUT_POLICY,
    reading=Reading(source=_policies, details=_read_policy, one=_policy, outputs={"owner": "{account}"}),
    updates=(Update(("policy",), (_PUT_POLICY,)),),
    delete=lambda work: _set_each(work, "SetTopicAttributes", "TopicArn", {"Policy": _own_policy(work)}),
)

_SUBSCRIPTION_INPUTS = {
    "topic": text(required=True, replace=Replace.CREATE_FIRST, refers=TOPIC),
    "protocol": text(
        rules=SUBSCRIPTION,
        required=True,
        replace=Replace.CREATE_FIRST,
    ),
    "endpoint": text(required=True, replace=Replace.CREATE_FIRST),
    "filterPolicyScope": text(default="MessageAttributes", enum=["MessageAttributes", "MessageBody"]),
    "filterPolicy": document(default=None),
    "rawMessageDelivery": boolean(default=False),
    "redrivePolicy": document(default=None),
    "deliveryPolicy": document(default=None),
    "subscriptionRoleArn": text(default=None, refers="aws:iam/role:Role"),
}
_SUBSCRIPTION_ATTRIBUTES = AttributeMap(
    fields=_SUBSCRIPTION_INPUTS,
    keys={
        "filterPolicyScope": "FilterPolicyScope",
        "filterPolicy": "FilterPolicy",
        "rawMessageDelivery": "RawMessageDelivery",
        "redrivePolicy": "RedrivePolicy",
        "deliveryPolicy": "DeliveryPolicy",
        "subscriptionRoleArn": "SubscriptionRoleArn",
    },
    blank=True,
)


def _subscriptions(reader: Reader, wanted: Wanted) -> list[Item]:
    """Until it is confirmed a subscription is listed without its ARN: those on record are asked for by that."""
    listed = reader.pages("sns", "ListSubscriptions", "Subscriptions")
    found = [one for one in listed if one["SubscriptionArn"].startswith("arn:")]
    known = {one["SubscriptionArn"] for one in found}
    return found + [{"SubscriptionArn": arn} for arn in sorted(wanted.interest.ids - known)]


def _shown_subscription(answer: Item) -> Item:
    attributes = answer["Attributes"]
    settings = {name: value for name, value in attributes.items() if value != "{}"}  # how filters are taken away
    return {**attributes, **_SUBSCRIPTION_ATTRIBUTES.shown(settings)}


def _whole_subscription(reader: Reader, item: Item) -> Item:
    if "Owner" in item and "PendingConfirmation" in item:
        return item
    arn = item["SubscriptionArn"]
    return _shown_subscription(reader.one("sns", "GetSubscriptionAttributes", {"SubscriptionArn": arn}, arn))


def _update_subscription(work: Work) -> None:
    asked = _SUBSCRIPTION_ATTRIBUTES.asked(work)
    if asked.get("FilterPolicy") == "":
        asked["FilterPolicy"] = "{}"
    _set_each(work, "SetSubscriptionAttributes", "SubscriptionArn", asked)


def _unsubscribe(work: Work) -> None:
    """One that nobody confirmed cannot be removed: SNS forgets it by itself, or with its topic."""
    answer = work.call("GetSubscriptionAttributes", SubscriptionArn=work.id)
    if answer["Attributes"].get("PendingConfirmation") == "true":
        work.id = ""  # nothing is left to wait for
    else:
        work.call("Unsubscribe", SubscriptionArn=work.id)


def _subscription(work: Work) -> Item | None:
    return _shown_subscription(work.call("GetSubscriptionAttributes", SubscriptionArn=work.id)) if work.id else None


def _flag(name: str) -> Any:
    return lambda item: item.get(name) == "true"


_TOPIC_SUBSCRIPTION = AwsType(
    about=ResourceType(
        token=TOPIC_SUBSCRIPTION,
        inputs=block(_SUBSCRIPTION_INPUTS),
        key=("topic", "protocol", "endpoint"),
        owned_by=OwnedBy.PARENT,
        parent="topic",
        volatile={"pendingConfirmation": (), "confirmationWasAuthenticated": ()},
    ),
    service="sns",
    id="SubscriptionArn",
    made="SubscriptionArn",
    names={**_SUBSCRIPTION_ATTRIBUTES.names(), "topic": "TopicArn"},
    shapes=_SUBSCRIPTION_ATTRIBUTES.shapes(),
    create=call(
        "Subscribe",
        "topic",
        "protocol",
        "endpoint",
        Attributes=_SUBSCRIPTION_ATTRIBUTES.template(),
        ReturnSubscriptionArn=True,
    ),
    reading=Reading(
        source=_subscriptions,
        details=_whole_subscription,
        one=_subscription,
        outputs={"arn": "SubscriptionArn", "ownerId": "Owner"},
        derived={
            "pendingConfirmation": _flag("PendingConfirmation"),
            "confirmationWasAuthenticated": _flag("ConfirmationWasAuthenticated"),
        },
    ),
    updates=(Update(_SUBSCRIPTION_ATTRIBUTES.properties, _update_subscription),),
    delete=_unsubscribe,
)

TYPES = (_TOPIC, _TOPIC_POLICY, _TOPIC_SUBSCRIPTION)
