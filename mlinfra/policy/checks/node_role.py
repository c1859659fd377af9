"""The role of nodes has what joining a cluster needs, and nothing that pods could borrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, Scene

_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_AWS = re.compile(r"arn:[a-z-]+:iam::aws:policy/")  # of AWS's own: anybody may call one of his likewise
_INLINE = "aws:iam/rolePolicy:RolePolicy"


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each policy of a node group's role that is not among `given.policies` (names without ARN)."""
    found = (scene.named(group.properties.get("nodeRoleArn")) for group in resources)
    roles = {role.address: role for role in found if role is not None}
    names = {role.properties["name"] for role in roles.values() if isinstance(role.properties.get("name"), str)}
    for policy in scene.of(_ATTACHMENT, _INLINE):
        holder = policy.properties.get("role")
        of_nodes = (named := scene.named(holder)) is not None and named.address in roles
        if of_nodes or (isinstance(holder, str) and holder in names):
            yield from _of_policy(policy, frozenset(given.get("policies", ())))


def _of_policy(policy: Resource, allowed: frozenset[str]) -> Iterator[Breach]:
    if policy.type == _INLINE:
        yield Breach(policy, "an inline policy of the nodes' role is every pod's")
        return
    arn = policy.properties.get("policyArn")
    if isinstance(arn, Expression):
        yield Breach(policy, "a policy of this stack's own is every pod's", Verdict.FAIL, ("policyArn",))
    elif not _AWS.match(str(arn)) or str(arn).rpartition("/")[2] not in allowed:
        yield Breach(policy, f"{arn} is every pod's", path=("policyArn",))
