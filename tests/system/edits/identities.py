"""Roles, policies, keys: who may do what."""

from __future__ import annotations

import json
from typing import Any

from ..things import Thing
from .table import IDENTITY, IMMUTABLE, Along, Deletes, Edits, Exceptions, edit, of

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY = "aws:iam/policy:Policy"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"


def document(action: str, **who: Any) -> str:
    """A policy document of one statement."""
    what = {} if who.get("Principal", {}).get("Service") else {"Resource": "*"}
    statement = {"Effect": "Allow", "Action": action, **what, **who}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_TAGS = [{"Key": "team", "Value": "edited"}]


def _swap_role(thing: Thing) -> None:
    iam = thing.client("iam")
    iam.remove_role_from_instance_profile(InstanceProfileName=thing.id, RoleName=thing.inputs["role"])
    iam.add_role_to_instance_profile(InstanceProfileName=thing.id, RoleName=thing.other("resources.role-spare").id)


def _delete_profile(thing: Thing) -> None:
    iam = thing.client("iam")
    if thing.inputs.get("role"):
        iam.remove_role_from_instance_profile(InstanceProfileName=thing.id, RoleName=thing.inputs["role"])
    iam.delete_instance_profile(InstanceProfileName=thing.id)


EDITS: Edits = {
    ROLE: {
        "assumeRolePolicy": edit(
            "iam",
            "update_assume_role_policy",
            "RoleName",
            PolicyDocument=document("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}),
        ),
        "description": edit("iam", "update_role", "RoleName", Description="by hand", MaxSessionDuration=7200),
        "maxSessionDuration": edit("iam", "update_role", "RoleName", Description="of nodes", MaxSessionDuration=43200),
        "permissionsBoundary": edit("iam", "delete_role_permissions_boundary", "RoleName"),
        "tags": edit("iam", "tag_role", "RoleName", Tags=_TAGS),
    },
    ROLE_POLICY: {
        "policy": edit(
            "iam",
            "put_role_policy",
            RoleName=of("role"),
            PolicyName=lambda thing: thing.id.split(":")[1],
            PolicyDocument=document("*"),
        )
    },
    POLICY: {
        "policy": edit("iam", "create_policy_version", "PolicyArn", PolicyDocument=document("*"), SetAsDefault=True),
        "tags": edit("iam", "tag_policy", "PolicyArn", Tags=_TAGS),
    },
    PROFILE: {"role": _swap_role, "tags": edit("iam", "tag_instance_profile", "InstanceProfileName", Tags=_TAGS)},
    OIDC_PROVIDER: {
        "clientIdLists": edit(
            "iam", "add_client_id_to_open_id_connect_provider", "OpenIDConnectProviderArn", ClientID="edited"
        ),
        "thumbprintLists": edit(
            "iam",
            "update_open_id_connect_provider_thumbprint",
            "OpenIDConnectProviderArn",
            ThumbprintList=["0" * 40],
        ),
        "tags": edit("iam", "tag_open_id_connect_provider", "OpenIDConnectProviderArn", Tags=_TAGS),
    },
    KEY: {
        "description": edit("kms", "update_key_description", "KeyId", Description="by hand"),
        "policy": edit(
            "kms",
            "put_key_policy",
            "KeyId",
            PolicyName="default",
            Policy=document("kms:*", Principal={"AWS": "*"}),
        ),
        "enableKeyRotation": edit("kms", "disable_key_rotation", "KeyId"),
        "rotationPeriodInDays": edit("kms", "enable_key_rotation", "KeyId", RotationPeriodInDays=400),
        "isEnabled": edit("kms", "disable_key", "KeyId"),
        "tags": edit("kms", "tag_resource", "KeyId", Tags=[{"TagKey": "team", "TagValue": "edited"}]),
    },
    ALIAS: {
        "targetKeyId": edit(
            "kms", "update_alias", "AliasName", TargetKeyId=lambda thing: thing.other("resources.key-spare").id
        )
    },
}

ALONG: Along = {KEY: {"enableKeyRotation": ("rotationPeriodInDays",)}}

EXCEPTIONS: Exceptions = {
    ROLE: {"name": IDENTITY, "path": IMMUTABLE},
    ROLE_POLICY: {"role": IDENTITY, "name": IDENTITY},
    ATTACHMENT: {"role": IDENTITY, "policyArn": IDENTITY},
    POLICY: {"name": IMMUTABLE, "path": IMMUTABLE, "description": IMMUTABLE},
    PROFILE: {"name": IDENTITY, "path": IMMUTABLE},
    OIDC_PROVIDER: {"url": IMMUTABLE},
    KEY: {"keyUsage": IMMUTABLE, "customerMasterKeySpec": IMMUTABLE, "multiRegion": IMMUTABLE},
    ALIAS: {"name": IDENTITY},
}

DELETES: Deletes = {
    ROLE: edit("iam", "delete_role", "RoleName"),
    ROLE_POLICY: edit(
        "iam", "delete_role_policy", RoleName=of("role"), PolicyName=lambda thing: thing.id.split(":")[1]
    ),
    ATTACHMENT: edit("iam", "detach_role_policy", RoleName=of("role"), PolicyArn=of("policyArn")),
    POLICY: edit("iam", "delete_policy", "PolicyArn"),
    PROFILE: _delete_profile,
    OIDC_PROVIDER: edit("iam", "delete_open_id_connect_provider", "OpenIDConnectProviderArn"),
    KEY: edit("kms", "schedule_key_deletion", "KeyId", PendingWindowInDays=7),
    ALIAS: edit("kms", "delete_alias", "AliasName"),
}
