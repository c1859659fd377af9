"""What a cluster and its parts refer to, looked up in the simulated account and refused where it is not there.

Codes are those of EKS; messages say the same as the service's, which are not documented word for word.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.eks.store import invalid_parameter


def require_role(account: Account, arn: str, principal: str) -> Any:
    """The role of that ARN, which must trust `principal`.

    https://docs.aws.amazon.com/eks/latest/userguide/security-iam-troubleshoot.html: a role that cannot be assumed is
    refused when it is given.
    """
    role = next((role for role in account.iam.roles.values() if role.arn == arn), None)
    if role is None or not _trusts(role.assume_role_policy_document, principal):
        raise invalid_parameter(
            f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct"
        )
    return role


def require_existing_role(account: Account, arn: str) -> None:
    """A role of that ARN, whatever it trusts."""
    if not any(role.arn == arn for role in account.iam.roles.values()):
        raise invalid_parameter(f"The role {arn} does not exist")


def require_principal(account: Account, arn: str) -> None:
    """A role or user of that ARN; those of other accounts cannot be checked, as in AWS."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith(("role/", "user/")):
        raise invalid_parameter(f"The principalArn {arn} is not valid: it must be the ARN of an IAM role or user")
    if parts[4] != account.id or arn == account.caller:
        return
    known = [*account.iam.roles.values(), *account.iam.users.values()]
    if not any(principal.arn == arn for principal in known):
        raise invalid_parameter(f"The specified principalArn is invalid: invalid principal: {arn}")


def _trusts(document: Any, principal: str) -> bool:
    policy = document if isinstance(document, dict) else json.loads(unquote(document or "{}"))
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        services = (statement.get("Principal") or {}).get("Service", [])
        if principal in (services if isinstance(services, list) else [services]):
            return True
    return False


def require_subnets(account: Account, region: str, ids: Sequence[str], *, zones: int = 0) -> list[Any]:
    """The subnets of those ids: of one VPC, in at least so many zones."""
    known = {key: subnet for by_zone in account.ec2(region).subnets.values() for key, subnet in by_zone.items()}
    missing = [key for key in ids if key not in known]
    if missing:
        raise invalid_parameter(f"The subnet ID '{missing[0]}' does not exist")
    subnets = [known[key] for key in ids]
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise invalid_parameter("Subnets specified must belong to the same VPC")
    if len({subnet.availability_zone for subnet in subnets}) < zones:
        raise invalid_parameter("Subnets specified must be in at least two different AZs")
    return subnets


def require_security_groups(account: Account, region: str, ids: Sequence[str], vpc: str) -> None:
    """Security groups of those ids in that VPC."""
    known = account.ec2(region).groups.get(vpc, {})
    if missing := [key for key in ids if key not in known]:
        raise invalid_parameter(f"The security group '{missing[0]}' does not exist in VPC '{vpc}'")


def require_key(account: Account, region: str, arn: str) -> None:
    """A KMS key of that ARN that can be used."""
    keys = account.backend("kms", region).keys
    key = keys.get(arn.rpartition("/")[2])
    if key is None or key.key_state != "Enabled":
        raise invalid_parameter(f"The KMS key {arn} does not exist, or is not enabled")


def require_instance_types(account: Account, names: Sequence[str]) -> None:
    """Instance types of those names."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # a large table: read at first use

    if missing := [name for name in names if name not in INSTANCE_TYPES]:
        raise invalid_parameter(f"The following supplied instance types do not exist: [{', '.join(missing)}]")


def require_launch_template(account: Account, region: str, asked: dict[str, Any]) -> tuple[Any, Any]:
    """The launch template asked for, and the version of it."""
    templates = account.ec2(region).launch_templates
    found = next(
        (lt for lt in templates.values() if lt.id == asked.get("id") or lt.name == asked.get("name")),
        None,
    )
    if found is None:
        raise invalid_parameter(f"Launch template {asked.get('id') or asked.get('name')} does not exist")
    wanted = str(asked.get("version") or "$Default")
    number = {"$Default": found.default_version_number, "$Latest": found.latest_version_number}.get(wanted, wanted)
    version = next((v for v in found.versions if str(v.number) == str(number)), None)
    if version is None:
        raise invalid_parameter(f"Launch template {found.id} has no version {wanted}")
    return found, version
