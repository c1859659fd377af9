"""Managed policies and instance profiles.

Policies are read from one paged GetAccountAuthorizationDetails, which has no tags; the tagging API knows them in one
region alone. Those of stacks lie under `/mlinfra/<region>/`, so tags are read there. Calls and
fields: IAM API reference, 2010-05-08. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, document, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.iam_roles import ROLE, same_policy
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, dig, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

POLICY = "aws:iam/policy:Policy"
INSTANCE_PROFILE = "aws:iam/instanceProfile:InstanceProfile"

_VERSIONS = 5  # of one policy; quota of IAM that cannot be raised (November 2026)


def _policies(reader: Reader, wanted: Wanted) -> list[Item]:
    """The account's own, with the tags of those that lie where stacks put theirs."""
    params = {"Filter": ["LocalManagedPolicy"]}
    listed = reader.pages("iam", "GetAccountAuthorizationDetails", "Policies", params)
    place = f"/mlinfra/{reader.site.region}/"
    theirs = [policy for policy in listed if policy["Path"].startswith(place)]
    tags = dict(zip((one["Arn"] for one in theirs), reader.each(lambda one: _tags(reader, one), theirs), strict=True))
    return [{**one, **({"Tags": tags[one["Arn"]]} if one["Arn"] in tags else {})} for one in listed]


def _tags(reader: Reader, policy: Item) -> list[Item]:
    arn = policy["Arn"]
    return list(reader.one("iam", "ListPolicyTags", {"PolicyArn": arn}, arn).get("Tags", []))


def _whole_policy(reader: Reader, item: Item) -> Item:
    """The document of the version in force; GetPolicy has no documents, the account's details no tags."""
    found = dict(item)
    arn, version = item["Arn"], item["DefaultVersionId"]
    if "PolicyVersionList" in item:
        found["Document"] = next(one["Document"] for one in item["PolicyVersionList"] if one["IsDefaultVersion"])
    else:
        answer = reader.one("iam", "GetPolicyVersion", {"PolicyArn": arn, "VersionId": version}, arn)
        found["Document"] = answer["PolicyVersion"]["Document"]
    if "Tags" not in item:
        found["Tags"] = _tags(reader, item)
    return found


def _add_version(work: Work) -> None:
    """The new document comes into force at once; room is made for it by forgetting the oldest."""
    versions = work.pages("ListPolicyVersions", "Versions", PolicyArn=work.id)
    old = sorted((one for one in versions if not one["IsDefaultVersion"]), key=lambda one: one["CreateDate"])
    if len(versions) >= _VERSIONS:
        work.call("DeletePolicyVersion", PolicyArn=work.id, VersionId=old[0]["VersionId"])
    work.call("CreatePolicyVersion", PolicyArn=work.id, PolicyDocument=work.api("policy"), SetAsDefault=True)


def _delete_policy(work: Work) -> None:
    """IAM deletes no policy that has old versions."""
    for version in work.pages("ListPolicyVersions", "Versions", PolicyArn=work.id):
        if not version["IsDefaultVersion"]:
            work.call("DeletePolicyVersion", PolicyArn=work.id, VersionId=version["VersionId"])
    work.call("DeletePolicy", PolicyArn=work.id)


_POLICY = AwsType(
    about=ResourceType(
        token=POLICY,
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST),
                "path": text(replace=Replace.CREATE_FIRST, default="/"),
                "description": text(replace=Replace.CREATE_FIRST, default=""),
                "policy": document(required=True, canonical=same_policy),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=128, regional=False),
        volatile={"attachmentCount": ()},
    ),
    service="iam",
    id="Arn",
    made="Policy.Arn",
    names={"name": "PolicyName"},
    create=call("CreatePolicy", "name", "path", "description", PolicyDocument=prop("policy")),
    reading=Reading(
        source=_policies,
        details=_whole_policy,
        one=call("GetPolicy", PolicyArn=ID),
        item="Policy",
        outputs={"policy": "Document", "arn": "Arn", "policyId": "PolicyId", "attachmentCount": "AttachmentCount"},
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagPolicy", PolicyArn=ID, Tags=TAGS),
        remove=call("UntagPolicy", PolicyArn=ID, TagKeys=TAG_KEYS),
        arn="arn:{partition}:iam::{account}:policy{path}{name}",
    ),
    updates=(Update(("policy",), _add_version),),
    delete=_delete_policy,
)


def _put_role(work: Work) -> None:
    """A profile holds one role; the one that it has must go first."""
    desired = work.value("role")
    if _remove_role(work, keep=desired) != desired and desired:
        work.perform(_ADD_ROLE)


def _remove_role(work: Work, keep: str | None = None) -> str | None:
    """Take its role away, unless it is `keep`. The role that it had."""
    held: str | None = dig(work.describe(), "Roles[0].RoleName")
    if held and held != keep:
        work.call("RemoveRoleFromInstanceProfile", InstanceProfileName=work.id, RoleName=held)
    return held


# A role or profile that was made a moment ago is not known everywhere yet.
_ADD_ROLE = call("AddRoleToInstanceProfile", "name", RoleName=prop("role"), lag="NoSuchEntity")


def _delete_profile(work: Work) -> None:
    _remove_role(work)
    work.call("DeleteInstanceProfile", InstanceProfileName=work.id)


_INSTANCE_PROFILE = AwsType(
    about=ResourceType(
        token=INSTANCE_PROFILE,
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST),
                "path": text(replace=Replace.CREATE_FIRST, default="/"),
                "role": text(default=None, refers=ROLE),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=128, regional=False),
    ),
    service="iam",
    id="{name}",
    names={"name": "InstanceProfileName"},
    create=call("CreateInstanceProfile", "name", "path"),
    reading=Reading(
        listing=call("ListInstanceProfiles"),
        items="InstanceProfiles",
        one=call("GetInstanceProfile", "name"),
        item="InstanceProfile",
        outputs={
            "role": "Roles[0].RoleName",
            "arn": "Arn",
            "uniqueId": "InstanceProfileId",
            "createDate": "CreateDate",
        },
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagInstanceProfile", "name", Tags=TAGS),
        remove=call("UntagInstanceProfile", "name", TagKeys=TAG_KEYS),
        path="",
        read=call("ListInstanceProfileTags", InstanceProfileName=prop("name")),
        found="Tags",
        arn="arn:{partition}:iam::{account}:instance-profile{path}{name}",
    ),
    updates=(Update(("role",), _put_role),),
    delete=_delete_profile,
)

TYPES = (_POLICY, _INSTANCE_PROFILE)
