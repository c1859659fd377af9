"""Roles that federated identities assume say exactly whose: audience and subject, equal and without wildcards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Concat, Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.iam import Document, Statement, document
from mlinfra.policy.patterns import text_in
from mlinfra.policy.principals import principals
from mlinfra.policy.scene import Breach, Scene, many

_ASSUME = "sts:AssumeRoleWithWebIdentity"
_ASSUME_SAML = "sts:AssumeRoleWithSAML"
_SAML_PROVIDER = ":saml-provider/"
_SAML = "saml:"  # what the keys of an assertion begin with
_EQUAL = frozenset({"StringEquals", "ForAnyValue:StringEquals"})
_PATH = ("assumeRolePolicy",)


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each role that lets in more than one subject and audience, or where that cannot be seen."""
    for role in resources:
        found = document(role.properties.get("assumeRolePolicy"))
        if not isinstance(found, Document):
            words = "the trust policy is not known yet" if found is Verdict.UNKNOWN else "it cannot be read"
            yield Breach(role, words, found, _PATH)
            continue
        for statement in found.statements:
            if _is_saml(statement):
                yield from _of_saml(role, statement)
            elif is_federated(statement):
                yield from _of_statement(role, statement)


def is_federated(statement: Statement) -> bool:
    """Whether it may let in identities of a provider: by its action, however that is written, and its principal."""
    kinds = {kind for kind, _ in principals(statement)}
    return statement.allows_action(_ASSUME) and (not kinds or not kinds <= {"AWS", "Service", "CanonicalUser"})


def _is_saml(statement: Statement) -> bool:
    """Whether it lets in whom a provider of SAML vouches for, and nobody else."""
    found = [one for kind, one in principals(statement) if kind == "Federated"]
    provider = bool(found) and all(_SAML_PROVIDER in text_in(one, wide=False) for one in found)
    return provider and statement.allows_action(_ASSUME_SAML)


def _of_saml(role: Resource, statement: Statement) -> Iterator[Breach]:
    condition = statement.body.get("Condition")
    if isinstance(condition, Expression):
        yield Breach(role, "the condition is not known yet", Verdict.UNKNOWN, _PATH)
    elif not any(isinstance(name, str) and name.lower().startswith(_SAML) for name, _ in _equal(condition)):
        yield Breach(
            role, "the statement asks nothing of the assertion, such as SAML:aud, with StringEquals", path=_PATH
        )


def _of_statement(role: Resource, statement: Statement) -> Iterator[Breach]:
    condition = statement.body.get("Condition")
    if isinstance(condition, Expression):
        yield Breach(role, "the condition is not known yet", Verdict.UNKNOWN, _PATH)
        return
    for claim in ("aud", "sub"):
        values = [value for name, value in _equal(condition) if _ends(name, f":{claim}")]
        if not values:
            yield Breach(role, f"the statement does not ask for one {claim} with StringEquals", path=_PATH)
        if len(values) > 1:
            yield Breach(role, f"{len(values)} values of {claim} are let in", path=_PATH)
        for value in values:
            # StringEquals takes a star for a star: who writes one wanted something else.
            if isinstance(value, str) and "*" in value:
                yield Breach(role, f"{value} is no single {claim}", path=_PATH)
            elif isinstance(value, Expression):
                yield Breach(role, f"the {claim} is not known yet", Verdict.UNKNOWN, _PATH)


def _equal(condition: Value) -> Iterator[tuple[Value, Value]]:
    """Each name and value that must be equal."""
    for operator, asked in condition.items() if isinstance(condition, dict) else ():
        if operator in _EQUAL and isinstance(asked, dict):
            yield from ((name, value) for name, values in asked.items() for value in many(values))


def _ends(name: Value, ending: str) -> bool:
    """Whether a name ends so: the issuer before it is often known only after apply."""
    last = name.parts[-1] if isinstance(name, Concat) and name.parts else name
    return isinstance(last, str) and last.lower().endswith(ending)
