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
        faults = list(dict.fromkeys(fault for statement in found.statements for fault in _faults(statement)))
        # What is wrong goes before what is not known; the role is one thing to mend, however many faults it has.
        verdict = min((verdict for _, verdict in faults), default=Verdict.PASS)
        if faults:
            yield Breach(role, "; ".join(words for words, one in faults if one is verdict), verdict, _PATH)


def is_federated(statement: Statement) -> bool:
    """Whether it may let in identities of a provider: by its action, however that is written, and its principal."""
    kinds = {kind for kind, _ in principals(statement)}
    return statement.allows_action(_ASSUME) and (not kinds or not kinds <= {"AWS", "Service", "CanonicalUser"})


def _is_saml(statement: Statement) -> bool:
    """Whether it lets in whom a provider of SAML vouches for, and nobody else."""
    found = [one for kind, one in principals(statement) if kind == "Federated"]
    provider = bool(found) and all(_SAML_PROVIDER in text_in(one, wide=False) for one in found)
    return provider and statement.allows_action(_ASSUME_SAML)


def _faults(statement: Statement) -> Iterator[tuple[str, Verdict]]:
    """What is wrong with a statement, or not known."""
    if not (saml := _is_saml(statement)) and not is_federated(statement):
        return
    condition = statement.body.get("Condition")
    if isinstance(condition, Expression):
        yield "the condition is not known yet", Verdict.UNKNOWN
    elif not saml:
        yield from _of_tokens(condition)
    elif not any(isinstance(name, str) and name.lower().startswith(_SAML) for name, _ in _equal(condition)):
        yield "the statement asks nothing of the assertion, such as SAML:aud, with StringEquals", Verdict.FAIL


def _of_tokens(condition: Value) -> Iterator[tuple[str, Verdict]]:
    asked = {
        claim: [value for name, value in _equal(condition) if _ends(name, f":{claim}")] for claim in ("aud", "sub")
    }
    if missing := [f"one {claim}" for claim, values in asked.items() if not values]:
        yield f"the statement does not ask for {' and '.join(missing)} with StringEquals", Verdict.FAIL
    for claim, values in asked.items():
        if len(values) > 1:
            yield f"{len(values)} values of {claim} are let in", Verdict.FAIL
        for value in values:
            # StringEquals takes a star for a star: who writes one wanted something else.
            if isinstance(value, str) and "*" in value:
                yield f"{value} is no single {claim}", Verdict.FAIL
            elif isinstance(value, Expression):
                yield f"the {claim} is not known yet", Verdict.UNKNOWN


def _equal(condition: Value) -> Iterator[tuple[Value, Value]]:
    """Each name and value that must be equal."""
    for operator, asked in condition.items() if isinstance(condition, dict) else ():
        if operator in _EQUAL and isinstance(asked, dict):
            yield from ((name, value) for name, values in asked.items() for value in many(values))


def _ends(name: Value, ending: str) -> bool:
    """Whether a name ends so: the issuer before it is often known only after apply."""
    last = name.parts[-1] if isinstance(name, Concat) and name.parts else name
    return isinstance(last, str) and last.lower().endswith(ending)
