"""Workflows of GitHub assume a role for one repository and one branch, tag, environment or kind of event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Concat, Expression, Value, canonical_json, is_known
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.iam import Document, Statement, document
from mlinfra.policy.principals import principals
from mlinfra.policy.scene import Breach, Scene, many

_ISSUER = "token.actions.githubusercontent.com"
# GitHub documentation, "OpenID Connect reference": example subject claims.
_SUBJECT = re.compile(
    r"repo:[\w.-]+/[\w.-]+:(ref:refs/(heads|tags)/[\w./-]+|environment:[^*?]+|pull_request)", re.ASCII
)
_PATH = ("assumeRolePolicy",)


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each role that GitHub's workflows assume by a subject that is not pinned."""
    for role in resources:
        found = document(role.properties.get("assumeRolePolicy"))
        for statement in found.statements if isinstance(found, Document) else ():
            if statement.allows is not Verdict.FAIL and _is_of_github(scene, statement):
                yield from _of_statement(role, statement.body)


def _is_of_github(scene: Scene, statement: Statement) -> bool:
    """By the provider, its ARN or its own resource, or by the names that the conditions begin with."""
    providers = [one for kind, one in principals(statement) if kind == "Federated"]
    urls = [named.properties.get("url") for one in providers if (named := scene.named(one)) is not None]
    condition = statement.body.get("Condition")
    asked = condition.values() if isinstance(condition, dict) else ()
    names = [name for one in asked if isinstance(one, dict) for name in one]
    return any(_ISSUER in canonical_json(one) for one in (*providers, *urls, *names) if is_known(one))


def _of_statement(role: Resource, statement: Mapping[Any, Any]) -> Iterator[Breach]:
    condition = statement.get("Condition")
    if isinstance(condition, Expression):
        yield Breach(role, "the condition is not known yet", Verdict.UNKNOWN, _PATH)
        return
    subjects = list(_subjects(condition))
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
                if _is_subject(name):
                    yield from many(values)


def _is_subject(name: Value) -> bool:
    """The claim, of GitHub itself or of an enterprise there (`.../acme:sub`); the issuer may be a reference."""
    last = name.parts[-1] if isinstance(name, Concat) and name.parts else name
    return isinstance(last, str) and last.lower().endswith(":sub")
