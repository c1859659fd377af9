"""Queues, and who may use them.

Calls and fields: SQS API reference, 2012-11-05. Names and replacement: Pulumi's AWS schema 7.51, without the policy
within a queue: it is an object of its own.
"""

from __future__ import annotations

import json
from typing import Any

from mlinfra.core.property import Replace, block, boolean, document, integer, text
from mlinfra.core.resource_type import NameRule, OwnedBy, ResourceType
from mlinfra.core.value import canonical_json
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Shape, Tagging, Update
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.attribute_maps import AttributeMap
from mlinfra.providers.aws.services.fifo import fifo_rule
from mlinfra.providers.aws.services.iam_roles import same_policy
from mlinfra.providers.aws.services.known_tags import with_known_tags
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"

# "The change can take up to 60 seconds for most of the attributes" (SetQueueAttributes, November 2026).
_SETTLING = 90.0
_ARN = "arn:{partition}:sqs:{region}:{account}:{name}"


def same_redrive(text: Any) -> Any:
    """AWS takes the count as a number or a text."""
    try:
        policy = json.loads(text)
        return canonical_json({**policy, "maxReceiveCount": int(policy["maxReceiveCount"])})
    except (TypeError, ValueError, KeyError):
        return text


_INPUTS = {
    "name": text(pattern=r"^[A-Za-z0-9_-]{1,80}(\.fifo)?$", replace=Replace.CREATE_FIRST),
    "fifoQueue": boolean(replace=Replace.CREATE_FIRST, default=False),
    "contentBasedDeduplication": boolean(default=False),
    "deduplicationScope": text(default=None, enum=["messageGroup", "queue"]),
    "fifoThroughputLimit": text(default=None, enum=["perQueue", "perMessageGroupId"]),
    "delaySeconds": integer(default=0, minimum=0, maximum=900),
    # A quarter of that for queues from before August 2025.
    "maxMessageSize": integer(default=1048576, floating=True, minimum=1024, maximum=1048576),
    "messageRetentionSeconds": integer(default=345600, minimum=60, maximum=1209600),
    "receiveWaitTimeSeconds": integer(default=0, minimum=0, maximum=20),
    "visibilityTimeoutSeconds": integer(default=30, minimum=0, maximum=43200),
    "redrivePolicy": document(default=None, canonical=same_redrive),
    "redriveAllowPolicy": document(default=None),
    "kmsMasterKeyId": text(default=None, refers="aws:kms/key:Key"),
    "kmsDataKeyReusePeriodSeconds": integer(default=300, minimum=60, maximum=86400),
    "sqsManagedSseEnabled": boolean(default=True, floating=True),  # false where there is a key
    "tags": TAGS_PROPERTY,
}
_ATTRIBUTES = AttributeMap(
    fields=_INPUTS,
    keys={
        "fifoQueue": "FifoQueue",
        "contentBasedDeduplication": "ContentBasedDeduplication",
        "deduplicationScope": "DeduplicationScope",
        "fifoThroughputLimit": "FifoThroughputLimit",
        "delaySeconds": "DelaySeconds",
        "maxMessageSize": "MaximumMessageSize",
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
        "visibilityTimeoutSeconds": "VisibilityTimeout",
        "redrivePolicy": "RedrivePolicy",
        "redriveAllowPolicy": "RedriveAllowPolicy",
        "kmsMasterKeyId": "KmsMasterKeyId",
        "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
        "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    },
    blank=True,
)
# A standard queue does not know this attribute, not even as false.
_FIFO = Shape(outward=lambda value: "true" if value else None, inward=lambda shown: shown == "true")


def _queues(reader: Reader, wanted: Wanted) -> list[Item]:
    """Without a page size ListQueues stops at a thousand queues."""
    urls = reader.pages("sqs", "ListQueues", "QueueUrls", {"MaxResults": 1000})
    stubs = [{"QueueUrl": url, "QueueName": url.rpartition("/")[2]} for url in urls]
    return with_known_tags(reader, stubs, lambda stub: reader.site.spell(_ARN, name=stub["QueueName"]), form="map")


def _whole(reader: Reader, item: Item) -> Item:
    """Attributes and tags are calls of their own."""
    about = {"QueueUrl": item["QueueUrl"]}
    found = dict(item)
    if "QueueArn" not in found:
        answer = reader.one("sqs", "GetQueueAttributes", {**about, "AttributeNames": ["All"]}, item["QueueUrl"])
        found |= _shown(answer["Attributes"])
    if "Tags" not in found:
        found["Tags"] = reader.one("sqs", "ListQueueTags", about, item["QueueUrl"]).get("Tags", {})
    return found


def _shown(attributes: dict[str, str]) -> Item:
    return {**_ATTRIBUTES.shown(attributes), "QueueArn": attributes["QueueArn"], "Policy": attributes.get("Policy")}


def _queue(work: Work) -> Item | None:
    answer = work.call("GetQueueAttributes", QueueUrl=work.id, AttributeNames=["All"])
    return {**_shown(answer["Attributes"]), "QueueUrl": work.id, "QueueName": work.id.rpartition("/")[2]}


def _set(work: Work, attributes: dict[str, str]) -> None:
    work.call("SetQueueAttributes", QueueUrl=work.id, Attributes=attributes)
    _settle(work, attributes)


def _settle(work: Work, attributes: dict[str, str]) -> None:
    """Wait until attributes show, or may be trusted to."""
    began = work.clock.monotonic()
    while work.clock.monotonic() - began < _SETTLING:
        shown = work.call("GetQueueAttributes", QueueUrl=work.id, AttributeNames=["All"])["Attributes"]
        if all(_same(value, shown.get(key, "")) for key, value in attributes.items()):
            return
        work.pause(2.0, "waiting for the attributes to show")


def _update(work: Work) -> None:
    """Set what changed. A queue that loses its key is encrypted with SQS's own again, as a new one is."""
    attributes = _ATTRIBUTES.asked(work)
    if attributes.get("KmsMasterKeyId") == "":
        attributes.setdefault("SqsManagedSseEnabled", "true")
    _set(work, attributes)


def _same(asked: str, shown: str) -> bool:
    return asked == shown or (asked.startswith("{") and bool(shown) and same_policy(asked) == same_policy(shown))


_QUEUE = AwsType(
    about=ResourceType(
        token=QUEUE,
        irreplaceable="the messages in it",
        inputs=block(_INPUTS),
        key=("name",),
        name=NameRule("name", longest=80),
        volatile={"policy": ()},
    ),
    service="sqs",
    id="QueueUrl",
    made="QueueUrl",
    names={**_ATTRIBUTES.names(), "name": "QueueName"},
    shapes={**_ATTRIBUTES.shapes(), "fifoQueue": _FIFO},
    # A name is free again a minute after its queue was deleted.
    create=call("CreateQueue", "name", lag="QueueDeletedRecently", Attributes=_ATTRIBUTES.template()),
    reading=Reading(
        source=_queues,
        details=_whole,
        one=_queue,
        outputs={"arn": "QueueArn", "url": "QueueUrl", "policy": "Policy"},
    ),
    tagging=Tagging(
        form="map",
        creation={"tags": TAGS},
        add=call("TagQueue", QueueUrl=ID, Tags=TAGS),
        remove=call("UntagQueue", QueueUrl=ID, TagKeys=TAG_KEYS),
        arn=_ARN,
    ),
    updates=(Update(_ATTRIBUTES.properties, _update),),
    leaving=Leaving.SOON,
    delete=call("DeleteQueue", QueueUrl=ID),
    against=fifo_rule("fifoQueue", 80, "contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit"),
)


def _policies(reader: Reader, wanted: Wanted) -> list[Item]:
    """Our queues were read with their policies; others are asked for theirs."""
    read = {queue.id: queue.properties.get("policy") for queue in reader.objects(QUEUE).objects}
    ours = [{"QueueUrl": url, "Policy": policy} for url, policy in read.items() if policy]
    return ours + [{"QueueUrl": url} for url in sorted(parents(_QUEUE_POLICY, reader, wanted) - read.keys())]


def _read_policy(reader: Reader, item: Item) -> Item | None:
    if "Policy" in item:
        return item
    params = {"QueueUrl": item["QueueUrl"], "AttributeNames": ["Policy"]}
    policy = reader.one("sqs", "GetQueueAttributes", params, item["QueueUrl"]).get("Attributes", {}).get("Policy")
    return {**item, "Policy": policy} if policy else None


def _policy(work: Work) -> Item | None:
    answer = work.call("GetQueueAttributes", QueueUrl=work.id, AttributeNames=["Policy"])
    policy = answer.get("Attributes", {}).get("Policy")
    return {"QueueUrl": work.id, "Policy": policy} if policy else None


_PUT_POLICY = call("SetQueueAttributes", QueueUrl=prop("queueUrl"), Attributes={"Policy": prop("policy")})

_QUEUE_POLICY = AwsType(
    about=ResourceType(
        token=QUEUE_POLICY,
        inputs=block(
            {
                "queueUrl": text(required=True, replace=Replace.CREATE_FIRST, refers=QUEUE),
                "policy": document(required=True, canonical=same_policy),
            }
        ),
        key=("queueUrl",),
        owned_by=OwnedBy.PARENT,
        parent="queueUrl",
    ),
    service="sqs",
    id="{queueUrl}",
    create=_PUT_POLICY,
    reading=Reading(source=_policies, details=_read_policy, one=_policy),
    updates=(Update(("policy",), lambda work: _set(work, {"Policy": work.api("policy")})),),
    after=(lambda work: _settle(work, {"Policy": work.api("policy")}),),
    delete=call("SetQueueAttributes", QueueUrl=ID, Attributes={"Policy": ""}),
)

TYPES = (_QUEUE, _QUEUE_POLICY)
