"""Add-ons.

Calls and fields: EKS API reference, 2017-11-01. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, boolean, list_of, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws import wire
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Update, Waiting
from mlinfra.providers.aws.forms import ADDON_NAME, CONFLICTS, DNS_NAME
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.eks_children import children, clusters_of
from mlinfra.providers.aws.services.eks_cluster import CLUSTER
from mlinfra.providers.aws.services.eks_updates import carry_through, health
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.tags import eks_tags
from mlinfra.providers.aws.template import call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

ADDON = "aws:eks/addon:Addon"

_CHANGEABLE = ("addonVersion", "configurationValues", "serviceAccountRoleArn", "podIdentityAssociations")


# An update that leaves the configuration out keeps the one that is there, so none is said as one of nothing.
# Sources: github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1913, and
# github.com/cookpad/terraform-aws-eks/pull/331 ("null found, object expected"), 25 November 2026.
_NO_CONFIGURATION = "{}"


def _configuration(values: str) -> str:
    """Two ways to say that there is none are one."""
    return "" if values == _NO_CONFIGURATION else values


def _update(work: Work) -> None:
    """All that is desired, whatever changed: what an update leaves out is not always kept."""
    desired = {name: work.api(name) for name in ("clusterName", "addonName", *_CHANGEABLE)}
    if desired["configurationValues"] == "":
        desired["configurationValues"] = _NO_CONFIGURATION
    params = {wire.api_name(work.kind, (name,)): value for name, value in desired.items() if value is not None}
    resolve = work.value("resolveConflictsOnUpdate")
    carry_through(work, "UpdateAddon", **params, **({"resolveConflicts": resolve} if resolve else {}))


def _addons(reader: Reader, wanted: Wanted) -> list[Item]:
    return children(reader, clusters_of(_ADDON, reader, wanted), "ListAddons", "addons", "addonName")


def _describe(reader: Reader, item: Item) -> Item:
    if "addonArn" in item:
        return item
    names = {"clusterName": item["clusterName"], "addonName": item["addonName"]}
    found: Item = reader.one("eks", "DescribeAddon", names, item["addonName"])["addon"]
    return found


_ADDON = AwsType(
    about=ResourceType(
        token=ADDON,
        inputs=block(
            {
                "clusterName": text(required=True, replace=Replace.CREATE_FIRST, refers=CLUSTER),
                "addonName": text(rules=ADDON_NAME, required=True, replace=Replace.CREATE_FIRST),
                "addonVersion": text(pattern="^v[0-9][A-Za-z0-9._+-]*$"),
                # JSON or YAML, as the user likes: compared as written.
                "configurationValues": text(default="", canonical=_configuration),
                "serviceAccountRoleArn": text(refers=ROLE),
                # Shown as the ids of associations only.
                "podIdentityAssociations": list_of(
                    block(
                        {
                            "roleArn": text(required=True, refers=ROLE),
                            "serviceAccount": text(rules=DNS_NAME, required=True),
                        }
                    ),
                    write_only=True,
                    default=[],
                ),
                "resolveConflictsOnCreate": text(write_only=True, default="NONE"),
                "resolveConflictsOnUpdate": text(rules=CONFLICTS, write_only=True, default="NONE"),
                "preserve": boolean(write_only=True, default=False, description="Delete it, keep what runs."),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("clusterName", "addonName"),
        volatile={"modifiedAt": ()},
    ),
    service="eks",
    upper=False,
    id="{clusterName}:{addonName}",
    create=call(
        "CreateAddon",
        "clusterName",
        "addonName",
        *_CHANGEABLE,
        resolveConflicts=prop("resolveConflictsOnCreate"),
        lag=r"(?i)InvalidParameter.*role.*(not exist|not found|assumed|trust)",
    ),
    reading=Reading(
        source=_addons,
        details=_describe,
        one=call("DescribeAddon", "clusterName", "addonName"),
        item="addon",
        outputs={"arn": "addonArn", "createdAt": "createdAt", "modifiedAt": "modifiedAt"},
    ),
    tagging=eks_tags(),
    updates=(
        Update(_CHANGEABLE, _update),
        Update(("resolveConflictsOnCreate", "resolveConflictsOnUpdate", "preserve"), ()),
    ),
    # An add-on is DEGRADED for as long as there is no node to run on, and mends when there is one.
    waiting=Waiting(
        state="status",
        ready=("ACTIVE",),
        failed=("CREATE_FAILED",),
        ill=("DELETE_FAILED",),
        why=health,
        every=5.0,
        limit=1200.0,
    ),
    leaving=Leaving.SLOWLY,
    delete=call("DeleteAddon", "clusterName", "addonName", preserve=prop("preserve")),
    conflicts=r"ResourceInUse",
)

TYPES = (_ADDON,)
