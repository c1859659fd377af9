"""Workflows of GitHub assume a role for one repository and one branch, tag, environment or kind of event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Value, canonical_json, is_known
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, Scene, many, statements

_ISSUER = "token.actions.githubusercontent.com"
# GitHub documentation, "OpenID Connect reference": example subject claims.
_SUBJECT = re.compile(
    r"repo:[\w.-]+/[\w.-]+:(ref:refs/(heads|tags)/[\w./-]+|environment:[^*?]+|pull_request)", re.ASCII
)
_PATH = ("assumeRolePolicy",)


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each role that GitHub's workflows assume by a subject that is not pinned."""
    for role in resources:
        for statement in statements(role.properties.get("assumeRolePolicy")) or ():
            if statement.get("Effect") == "Allow" and _is_of_github(statement):
                yield from _of_statement(role, statement)


def _is_of_github(statement: Mapping[Any, Any]) -> bool:
    """By the provider's ARN, or by the names that its conditions begin with."""
    principal = statement.get("Principal")
    federated = many(principal.get("Federated")) if isinstance(principal, dict) else []
    condition = statement.get("Condition")
    names = (
        [name for asked in condition.values() if isinstance(asked, dict) for name in asked]
        if isinstance(condition, dict)
        else []
    )
    return any(_ISSUER in canonical_json(one) for one in (*federated, *names) if is_known(one))


def _of_statement(role: Resource, statement: Mapping[Any, Any]) -> Iterator[Breach]:
    subjects = list(_subjects(statement.get("Condition")))
    if not subjects:
        yield Breach(role, "no subject is asked for: every workflow on GitHub may assume it", path=_PATH)
    for subject in subjects:
        if isinstance(subject, Expression):
            yield Breach(role, "the subject is not known yet", Verdict.UNKNOWN, _PATH)
        elif not _SUBJECT.fullmatch(str(subject)):
            yield Breach(role, f"{subject} is more than one branch, tag or environment of one repository", path=_PATH)


def _subjects(condition: Value) -> Iterator[Value]:
    for operator, asked in condition.items() if isinstance(condition, dict) else ():
        if str(operator).endswith(("StringEquals", "StringLike")) and isinstance(asked, dict):
            for name, values in asked.items():
                if isinstance(name, str) and name.lower() == f"{_ISSUER}:sub":
                    yield from many(values)
