"""Rules of EventBridge, on the default bus, and what they send events to.

Calls and fields: EventBridge API reference, 2015-10-07. Names and replacement: Pulumi's AWS schema 7.51, without other
buses, and of the targets those that need no settings of their own beside queues.
"""

from __future__ import annotations

from mlinfra.core.errors import InvalidRequest, NotFound
from mlinfra.core.property import Replace, block, document, integer, map_of, text
from mlinfra.core.resource_type import Exclusive, NameRule, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.services.known_tags import with_known_tags
from mlinfra.providers.aws.template import TAG_KEYS, TAGS, Template, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"

# A rule is put as a whole: what is taken out of the stack is simply not in it any more.
_RULE = {
    "description": text(default=None),
    "eventPattern": document(default=None),
    "scheduleExpression": text(default=None),
    "state": text(default="ENABLED", enum=["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]),
    "roleArn": text(default=None, refers=ROLE),
}


def _rules(reader: Reader, wanted: Wanted) -> list[Item]:
    """Those that services make for themselves are theirs."""
    listed = [rule for rule in reader.pages("events", "ListRules", "Rules") if not rule.get("ManagedBy")]
    return with_known_tags(reader, listed, lambda rule: rule["Arn"])


def _with_tags(reader: Reader, item: Item) -> Item:
    if "Tags" in item:
        return item
    answer = reader.one("events", "ListTagsForResource", {"ResourceARN": item["Arn"]}, item["Name"])
    return {**item, "Tags": answer.get("Tags", [])}


_EVENT_RULE = AwsType(
    about=ResourceType(
        token=EVENT_RULE,
        inputs=block({"name": text(replace=Replace.CREATE_FIRST), **_RULE, "tags": TAGS_PROPERTY}),
        key=("name",),
        name=NameRule("name", longest=64),
    ),
    service="events",
    id="{name}",
    create=call("PutRule", "name", *_RULE),
    reading=Reading(
        source=_rules, details=_with_tags, one=call("DescribeRule", "name"), item=".", outputs={"arn": "Arn"}
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagResource", ResourceARN=prop("arn"), Tags=TAGS),
        remove=call("UntagResource", ResourceARN=prop("arn"), TagKeys=TAG_KEYS),
        arn="arn:{partition}:events:{region}:{account}:rule/{name}",
    ),
    updates=(Update(tuple(_RULE), (call("PutRule", "name", *_RULE),)),),
    delete=call("DeleteRule", "name"),
)

_TARGET = {
    "arn": text(required=True),
    "roleArn": text(default=None, refers=ROLE),
    "input": document(default=None),
    "inputPath": text(default=None),
    "inputTransformer": block(
        {"inputPaths": map_of(text(), default={}), "inputTemplate": text(required=True, default=None)}
    ),
    "deadLetterConfig": block({"arn": text(default=None)}),
    "retryPolicy": block(
        {"maximumEventAgeInSeconds": integer(default=None), "maximumRetryAttempts": integer(default=None)}
    ),
    "sqsTarget": block({"messageGroupId": text(default=None)}),
}
_NAMES = {
    "targetId": "Id",
    "inputTransformer.inputPaths": "InputPathsMap",
    "sqsTarget": "SqsParameters",
}
_ENTRY: Template = {_NAMES.get(name, name[0].upper() + name[1:]): prop(name) for name in ("targetId", *_TARGET)}
_PUT = call("PutTargets", "rule", Targets=[_ENTRY])


def _targets(reader: Reader, wanted: Wanted) -> list[Item]:
    rules = sorted(parents(_EVENT_TARGET, reader, wanted))

    def read(rule: str) -> list[Item]:
        try:
            return reader.pages("events", "ListTargetsByRule", "Targets", {"Rule": rule})
        except NotFound:  # gone meanwhile, and all that it sent to
            return []

    found = zip(rules, reader.each(read, rules), strict=True)
    return [{"Rule": rule, **target} for rule, targets in found for target in targets]


def _target(work: Work) -> Item | None:
    rule, wanted = work.value("rule"), work.value("targetId")
    listed = work.pages("ListTargetsByRule", "Targets", Rule=rule)
    return next(({"Rule": rule, **target} for target in listed if target["Id"] == wanted), None)


def _put(work: Work) -> None:
    """PutTargets tells of single failures in an answer that is a success otherwise."""
    answer = work.perform(_PUT)
    if answer.get("FailedEntryCount"):
        failure = answer["FailedEntries"][0]
        said = f"{failure.get('ErrorMessage')} ({failure.get('ErrorCode')})"
        raise InvalidRequest(f"{work.target.address}: {work.id} cannot be a target: {said}")


def _put_again(work: Work) -> None:
    """A creation that failed in silence is repeated, for the sake of its reason."""
    if _target(work) is None:
        _put(work)


_EVENT_TARGET = AwsType(
    about=ResourceType(
        token=EVENT_TARGET,
        inputs=block(
            {
                "rule": text(required=True, replace=Replace.CREATE_FIRST, refers=EVENT_RULE),
                "targetId": text(replace=Replace.CREATE_FIRST),
                **_TARGET,
            }
        ),
        key=("rule", "targetId"),
        name=NameRule("targetId", longest=64),
        owned_by=OwnedBy.PARENT,
        parent="rule",
        exclusive=Exclusive(
            of=EVENT_RULE, by="{rule}", said=lambda target: f"has the target {target['targetId']}", holds=True
        ),
    ),
    service="events",
    id="{rule}/{targetId}",
    names=_NAMES,
    create=_PUT,
    reading=Reading(source=_targets, one=_target),
    updates=(Update(tuple(_TARGET), _put),),
    after=(_put_again,),
    delete=call("RemoveTargets", "rule", Ids=[prop("targetId")]),
)

TYPES = (_EVENT_RULE, _EVENT_TARGET)
