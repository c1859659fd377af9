"""Roles, their inline policies and the managed policies attached to them.

All three are read from one paged GetAccountAuthorizationDetails; ListRoles adds what that leaves out. Calls and
fields: IAM API reference, 2010-05-08. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mlinfra.core.property import Replace, block, document, integer, text
from mlinfra.core.resource_type import Exclusive, NameRule, OwnedBy, ResourceType
from mlinfra.core.value import canonical_json
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Holding, Item, Reading, Tagging, Update
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.template import TAG_KEYS, TAGS, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROLE_POLICY_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def same_policy(text: Any) -> Any:
    """A policy document in the spelling that IAM gives back: principals as ARNs, lists of one as their element."""
    try:
        policy = json.loads(text)
    except (TypeError, ValueError):
        return text
    return canonical_json(_spelt(policy))


def _spelt(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _spelt(item, name) for name, item in value.items()}
    if isinstance(value, list):
        items = [_spelt(item, key) for item in value]
        if key in ("Action", "NotAction", "Resource", "NotResource", "AWS", "Service", "Federated"):
            items = sorted(items, key=str)
        return items[0] if len(items) == 1 and key != "Statement" else items
    if key == "AWS" and isinstance(value, str) and value.isdigit() and len(value) == 12:
        return f"arn:aws:iam::{value}:root"
    return value


def _roles(reader: Reader) -> list[Item]:
    return reader.pages("iam", "GetAccountAuthorizationDetails", "RoleDetailList", {"Filter": ["Role"]})


def _with_listed(reader: Reader, item: Item) -> Item:
    """Description and session length stand in ListRoles alone; GetRole has it all."""
    if "MaxSessionDuration" in item:
        return item
    listed = {role["RoleName"]: role for role in reader.pages("iam", "ListRoles", "Roles")}
    more = listed.get(item["RoleName"], {})
    return {**item, **{name: more[name] for name in ("Description", "MaxSessionDuration") if name in more}}


_ROLE = AwsType(
    about=ResourceType(
        token=ROLE,
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST),
                "path": text(replace=Replace.CREATE_FIRST, default="/"),
                "assumeRolePolicy": document(required=True, canonical=same_policy),
                "description": text(default=""),
                "maxSessionDuration": integer(default=3600),
                "permissionsBoundary": text(default=None, refers="aws:iam/policy:Policy"),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=64, regional=False),
    ),
    service="iam",
    id="{name}",
    names={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    create=call(
        "CreateRole",
        "name",
        "path",
        "assumeRolePolicy",
        "description",
        "maxSessionDuration",
        "permissionsBoundary",
        # A principal that was made a moment ago is not known everywhere yet.
        lag=r"MalformedPolicyDocument.*[Ii]nvalid principal",
    ),
    reading=Reading(
        source=lambda reader, wanted: _roles(reader),
        details=_with_listed,
        one=call("GetRole", "name"),
        item="Role",
        outputs={
            "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
            "arn": "Arn",
            "uniqueId": "RoleId",
        },
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagRole", "name", Tags=TAGS),
        remove=call("UntagRole", "name", TagKeys=TAG_KEYS),
    ),
    updates=(
        Update(
            ("assumeRolePolicy",),
            (
                call(
                    "UpdateAssumeRolePolicy",
                    "name",
                    PolicyDocument=prop("assumeRolePolicy"),
                    lag=r"MalformedPolicyDocument.*[Ii]nvalid principal",
                ),
            ),
        ),
        Update(
            ("description", "maxSessionDuration"), (call("UpdateRole", "name", "description", "maxSessionDuration"),)
        ),
        Update(("permissionsBoundary",), lambda work: _set_boundary(work)),
    ),
    delete=call("DeleteRole", "name"),
    held=Holding(
        by=lambda work: _holders(work),
        hint="take that away (aws iam detach-role-policy, delete-role-policy, remove-role-from-instance-profile), or "
        "let --remove-foreign take policies away that others gave it; then run the same command again",
        limit=60.0,  # IAM's propagation; a policy that somebody attached stays
    ),
)


def _holders(work: Work) -> Iterator[str]:
    """What others gave it. What the stack gave it is gone by then."""
    for policy in work.pages("ListAttachedRolePolicies", "AttachedPolicies", RoleName=work.id):
        yield f"the policy {policy['PolicyArn']} is attached to it"
    for name in work.pages("ListRolePolicies", "PolicyNames", RoleName=work.id):
        yield f"the inline policy {name} is in it"
    for profile in work.pages("ListInstanceProfilesForRole", "InstanceProfiles", RoleName=work.id):
        yield f"it is in the instance profile {profile['InstanceProfileName']}"


def _set_boundary(work: Work) -> None:
    boundary = work.api("permissionsBoundary")
    if boundary:
        work.call("PutRolePermissionsBoundary", RoleName=work.id, PermissionsBoundary=boundary)
    else:
        work.call("DeleteRolePermissionsBoundary", RoleName=work.id)


def _inline_policies(reader: Reader, wanted: Wanted) -> list[Item]:
    owned = parents(_ROLE_POLICY, reader, wanted)
    return [
        {"RoleName": role["RoleName"], **policy}
        for role in _roles(reader)
        if role["RoleName"] in owned
        for policy in role.get("RolePolicyList", [])
    ]


_ROLE_POLICY = AwsType(
    about=ResourceType(
        token=ROLE_POLICY,
        inputs=block(
            {
                "role": text(required=True, replace=Replace.CREATE_FIRST, refers=ROLE),
                "name": text(replace=Replace.CREATE_FIRST),
                "policy": document(required=True, canonical=same_policy),
            }
        ),
        key=("role", "name"),
        name=NameRule("name", longest=128),
        owned_by=OwnedBy.PARENT,
        parent="role",
        exclusive=Exclusive(
            of=ROLE, by="{role}", said=lambda policy: f"has the inline policy {policy['name']}", holds=True
        ),
    ),
    service="iam",
    id="{role}:{name}",
    names={"role": "RoleName", "name": "PolicyName", "policy": "PolicyDocument"},
    create=call("PutRolePolicy", "role", "name", "policy"),
    reading=Reading(source=_inline_policies, one=call("GetRolePolicy", "role", "name"), item="."),
    updates=(Update(("policy",), (call("PutRolePolicy", "role", "name", "policy"),)),),
    delete=call("DeleteRolePolicy", "role", "name"),
)


def _attachments(reader: Reader, wanted: Wanted) -> list[Item]:
    owned = parents(_ROLE_POLICY_ATTACHMENT, reader, wanted)
    return [
        {"RoleName": role["RoleName"], **policy}
        for role in _roles(reader)
        if role["RoleName"] in owned
        for policy in role.get("AttachedManagedPolicies", [])
    ]


def _attachment(work: Work) -> Item | None:
    role, arn = work.value("role"), work.value("policyArn")
    attached = work.pages("ListAttachedRolePolicies", "AttachedPolicies", RoleName=role)
    return next(({"RoleName": role, **policy} for policy in attached if policy["PolicyArn"] == arn), None)


_ROLE_POLICY_ATTACHMENT = AwsType(
    about=ResourceType(
        token=ROLE_POLICY_ATTACHMENT,
        inputs=block(
            {
                "role": text(required=True, replace=Replace.CREATE_FIRST, refers=ROLE),
                "policyArn": text(required=True, replace=Replace.CREATE_FIRST, refers="aws:iam/policy:Policy"),
            }
        ),
        key=("role", "policyArn"),
        owned_by=OwnedBy.PARENT,
        parent="role",
        exclusive=Exclusive(
            of=ROLE, by="{role}", said=lambda policy: f"has {policy['policyArn']} attached", holds=True
        ),
    ),
    service="iam",
    id="{role}/{policyArn}",
    names={"role": "RoleName"},
    create=call("AttachRolePolicy", "role", "policyArn"),
    reading=Reading(source=_attachments, one=_attachment),
    delete=call("DetachRolePolicy", "role", "policyArn"),
)

TYPES = (_ROLE, _ROLE_POLICY, _ROLE_POLICY_ATTACHMENT)
