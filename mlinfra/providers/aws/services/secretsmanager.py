"""Secrets: what is around their values, never the values themselves.

Calls and fields: Secrets Manager API reference, 2017-10-17. Names and replacement: Pulumi's AWS schema 7.51, without
the policy within a secret and without replicas.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, integer, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Tagging, Update
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call
from mlinfra.providers.aws.work import Work

SECRET = "aws:secretsmanager/secret:Secret"

# A name is taken until the window of its last bearer is over (API reference, CreateSecret, November 2026).
_AWAITED = (
    "to have the one of that name back with its values: `aws secretsmanager restore-secret --secret-id {name}`, then "
    "`mlinfra state rebuild STACK` where this stack made it, or `mlinfra adopt STACK {address} ARN` where nobody's "
    "marks are on it, then apply again. To make it anew, its values being lost for good: `aws secretsmanager "
    "delete-secret --secret-id {name} --force-delete-without-recovery`, then apply again"
)


def _look(work: Work) -> Item | None:
    """One that awaits its deletion is still described, and no longer listed: it counts as gone."""
    found = work.call("DescribeSecret", SecretId=work.id)
    return None if "DeletedDate" in found else found


def _describe_anew(work: Work) -> None:
    """Only what changed; an empty key is AWS's own."""
    asked = {"Description": work.value("description"), "KmsKeyId": work.value("kmsKeyId") or ""}
    changed = {"Description": "description", "KmsKeyId": "kmsKeyId"}
    params = {name: value for name, value in asked.items() if changed[name] in work.changed_names}
    work.call("UpdateSecret", SecretId=work.id, **params)


def _delete(work: Work) -> None:
    """At once where there is no window; not twice, since AWS refuses that."""
    if work.describe() is None:
        return
    window = work.value("recoveryWindowInDays")
    how = {"ForceDeleteWithoutRecovery": True} if window == 0 else {"RecoveryWindowInDays": window or 30}
    work.call("DeleteSecret", SecretId=work.id, **how)


_SECRET = AwsType(
    about=ResourceType(
        token=SECRET,
        irreplaceable="the values in it",
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST, pattern="^[A-Za-z0-9/_+=.@-]+$"),
                "description": text(default=""),
                "kmsKeyId": text(default=None, refers="aws:kms/key:Key"),
                "recoveryWindowInDays": integer(write_only=True, default=30, enum=[0, *range(7, 31)]),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=512),
    ),
    service="secretsmanager",
    id="ARN",
    made="ARN",
    create=call("CreateSecret", "name", "description", "kmsKeyId"),
    reading=Reading(
        listing=call("ListSecrets"),
        items="SecretList",
        one=_look,
        outputs={"arn": "ARN"},
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagResource", SecretId=ID, Tags=TAGS),
        remove=call("UntagResource", SecretId=ID, TagKeys=TAG_KEYS),
    ),
    updates=(
        Update(("description", "kmsKeyId"), _describe_anew),
        # Ours alone: it matters when the secret is deleted.
        Update(("recoveryWindowInDays",), ()),
    ),
    advice={r"scheduled for deletion": _AWAITED},
    leaving=Leaving.SOON,
    delete=_delete,
)

TYPES = (_SECRET,)
