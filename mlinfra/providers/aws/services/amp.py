"""Managed Prometheus: workspaces, their rules, and whom their alerts go to.

Calls and fields: Amazon Managed Service for Prometheus API reference, 2020-08-01. Names and replacement: Pulumi's AWS
schema 7.51.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.errors import InvalidRequest, NotFound
from mlinfra.core.property import Replace, block, text
from mlinfra.core.resource_type import NameRule, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Tagging, Update, Waiting
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, dig, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

WORKSPACE = "aws:amp/workspace:Workspace"
RULE_GROUP_NAMESPACE = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
ALERT_MANAGER = "aws:amp/alertManagerDefinition:AlertManagerDefinition"

_TAGGING = Tagging(
    form="map",
    creation={"tags": TAGS},
    add=call("TagResource", resourceArn=prop("arn"), tags=TAGS),
    remove=call("UntagResource", resourceArn=prop("arn"), tagKeys=TAG_KEYS),
    path="tags",
)
_ANY_STREAM = ":*"  # what Prometheus wants behind the ARN of a log group, and log groups do not say


def _without_stream(arn: Any) -> Any:
    return arn.removesuffix(_ANY_STREAM) if isinstance(arn, str) else arn


def _with_stream(arn: Any) -> Any:
    return _without_stream(arn) + _ANY_STREAM


def _workspace(reader: Reader, item: Item) -> Item:
    """Listings leave out where it is reached; logging is a call of its own."""
    about = {"workspaceId": item["workspaceId"]}
    found = item
    if "prometheusEndpoint" not in item:
        found = reader.one("amp", "DescribeWorkspace", about, item["workspaceId"])["workspace"]
    try:
        answer = reader.one("amp", "DescribeLoggingConfiguration", about, item["workspaceId"])
    except NotFound:
        return found
    return {**found, "loggingConfiguration": answer["loggingConfiguration"]}


def _log(work: Work) -> None:
    """Begin to log, log elsewhere, or log no more."""
    desired = (work.api("loggingConfiguration") or {}).get("logGroupArn")
    had = work.prior is not None and bool(work.prior.properties.get("loggingConfiguration"))
    if desired:
        operation = "UpdateLoggingConfiguration" if had else "CreateLoggingConfiguration"
        work.call(operation, workspaceId=work.id, logGroupArn=desired)
    elif had:
        work.call("DeleteLoggingConfiguration", workspaceId=work.id)


def _why(item: Item) -> str:
    return str(dig(item, "status.statusReason") or "")


_WORKSPACE = AwsType(
    about=ResourceType(
        token=WORKSPACE,
        irreplaceable="the metrics in it",
        inputs=block(
            {
                "alias": text(default=None),
                "kmsKeyArn": text(replace=Replace.CREATE_FIRST, refers="aws:kms/key:Key"),
                "loggingConfiguration": block(
                    {
                        "logGroupArn": text(
                            required=True,
                            default=None,
                            refers="aws:cloudwatch/logGroup:LogGroup",
                            canonical=_without_stream,
                        )
                    }
                ),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="amp",
    upper=False,
    id="workspaceId",
    made="workspaceId",
    shapes={"loggingConfiguration.logGroupArn": Shape(outward=_with_stream, inward=_without_stream)},
    create=call("CreateWorkspace", "alias", "kmsKeyArn"),
    reading=Reading(
        listing=call("ListWorkspaces"),
        items="workspaces",
        details=_workspace,
        one=call("DescribeWorkspace", workspaceId=ID),
        item="workspace",
        outputs={"arn": "arn", "prometheusEndpoint": "prometheusEndpoint"},
    ),
    tagging=_TAGGING,
    updates=(
        Update(("alias",), (call("UpdateWorkspaceAlias", "alias", workspaceId=ID),)),
        Update(("loggingConfiguration",), _log),
    ),
    waiting=Waiting(
        state="status.statusCode", ready=("ACTIVE",), failed=("CREATION_FAILED",), why=_why, every=3.0, limit=600.0
    ),
    delete=call("DeleteWorkspace", workspaceId=ID),
    conflicts=r"ConflictException",
)


# AWS shows as bytes what it takes as a text.
_TEXT = Shape(outward=lambda told: told, inward=lambda shown: shown.decode() if isinstance(shown, bytes) else shown)


def _existing(reader: Reader, told: set[str]) -> list[str]:
    """Our workspaces, and of `told` those that there are."""
    listing = reader.objects(WORKSPACE)
    if listing.incomplete:
        raise InvalidRequest(f"the workspaces could not all be read: {listing.incomplete}")
    there = {one["workspaceId"] for one in reader.pages("amp", "ListWorkspaces", "workspaces")}
    return sorted(({present.id for present in listing.objects} | told) & there)


def _namespaces(reader: Reader, wanted: Wanted) -> list[Item]:
    """Those of our workspaces, and of those that ids and keys of interest name."""
    told = {_NAMESPACE.parts_of(identity).get("workspaceId", "") for identity in wanted.interest.ids}
    workspaces = _existing(reader, told | wanted.interest.names)

    def read(workspace: str) -> list[Item]:
        try:
            return reader.pages("amp", "ListRuleGroupsNamespaces", "ruleGroupsNamespaces", {"workspaceId": workspace})
        except NotFound:  # gone meanwhile, and all that was in it
            return []

    found = zip(workspaces, reader.each(read, workspaces), strict=True)
    return [{"workspaceId": workspace, **one} for workspace, namespaces in found for one in namespaces]


def _with_data(reader: Reader, item: Item) -> Item:
    if "data" in item:
        return item
    names = {name: item[name] for name in ("workspaceId", "name")}
    answer = reader.one("amp", "DescribeRuleGroupsNamespace", names, item["name"])
    return {**answer["ruleGroupsNamespace"], "workspaceId": item["workspaceId"]}


def _namespace(work: Work) -> Item | None:
    names = {name: work.value(name) for name in ("workspaceId", "name")}
    answer = work.call("DescribeRuleGroupsNamespace", **names)
    return {**answer["ruleGroupsNamespace"], "workspaceId": names["workspaceId"]}


# Rule groups and alert managers take the same way; a change that failed leaves what was there before.
_WAITING = Waiting(
    state="status.statusCode",
    ready=("ACTIVE",),
    failed=("CREATION_FAILED",),
    ill=("UPDATE_FAILED",),
    why=_why,
    every=3.0,
    limit=600.0,
)

_NAMESPACE = AwsType(
    about=ResourceType(
        token=RULE_GROUP_NAMESPACE,
        inputs=block(
            {
                "workspaceId": text(required=True, replace=Replace.CREATE_FIRST, refers=WORKSPACE),
                "name": text(replace=Replace.CREATE_FIRST),
                "data": text(required=True, description="Rules, in Prometheus's YAML; compared as written."),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("workspaceId", "name"),
        name=NameRule("name", longest=64),
    ),
    service="amp",
    upper=False,
    id="{workspaceId}/{name}",
    shapes={"data": _TEXT},
    create=call("CreateRuleGroupsNamespace", "workspaceId", "name", "data"),
    reading=Reading(source=_namespaces, details=_with_data, one=_namespace, outputs={"arn": "arn"}),
    tagging=_TAGGING,
    updates=(Update(("data",), (call("PutRuleGroupsNamespace", "workspaceId", "name", "data"),)),),
    waiting=_WAITING,
    delete=call("DeleteRuleGroupsNamespace", "workspaceId", "name"),
    conflicts=r"ConflictException",
)


def _alert_managers(reader: Reader, wanted: Wanted) -> list[Item]:
    """A workspace has one or none, under its own identity."""
    workspaces = _existing(reader, {*wanted.interest.ids, *wanted.interest.names})
    found = reader.each(lambda workspace: _described_alerts(reader, workspace), workspaces)
    return [item for item in found if item is not None]


def _described_alerts(reader: Reader, workspace: str) -> Item | None:
    try:
        answer = reader.one("amp", "DescribeAlertManagerDefinition", {"workspaceId": workspace}, workspace)
    except NotFound:
        return None
    return {"workspaceId": workspace, **answer["alertManagerDefinition"]}


def _alert_manager(work: Work) -> Item | None:
    answer = work.call("DescribeAlertManagerDefinition", workspaceId=work.id)
    return {"workspaceId": work.id, **answer["alertManagerDefinition"]}


_ALERT_MANAGER = AwsType(
    about=ResourceType(
        token=ALERT_MANAGER,
        inputs=block(
            {
                "workspaceId": text(required=True, replace=Replace.CREATE_FIRST, refers=WORKSPACE),
                "definition": text(required=True, description="Alertmanager's YAML; compared as written."),
            }
        ),
        key=("workspaceId",),
        owned_by=OwnedBy.PARENT,
        parent="workspaceId",
    ),
    service="amp",
    upper=False,
    id="{workspaceId}",
    names={"definition": "data"},
    shapes={"definition": _TEXT},
    create=call("CreateAlertManagerDefinition", "workspaceId", "definition"),
    reading=Reading(source=_alert_managers, one=_alert_manager),
    updates=(Update(("definition",), (call("PutAlertManagerDefinition", "workspaceId", "definition"),)),),
    waiting=_WAITING,
    delete=call("DeleteAlertManagerDefinition", "workspaceId"),
    conflicts=r"ConflictException",
)

TYPES = (_WORKSPACE, _NAMESPACE, _ALERT_MANAGER)
