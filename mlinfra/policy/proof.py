"""Proofs: the cases within a rule's file, tried on the rule.

Our tests prove every rule of ours, `mlinfra policy explain` shows how each case of any rule comes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.errors import ConfigError
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.resource import Connection, Graph, Lifecycle, Ownership, Resource
from mlinfra.core.stack import Stack, Target
from mlinfra.core.value import Base64, Json, Path, Ref, Secret, Value
from mlinfra.documents import apart
from mlinfra.documents.apart import CheckFaultError
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.evaluation import evaluate
from mlinfra.policy.rule import STACK, Case, Rule

_SUBJECT = "resources.subject"
_CONNECTION = Connection("aws", "123456789012/us-east-1")
_REFERENCE = re.compile(r"\$\{([A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*)\.(\w+)\}")
_SECRET = re.compile(r"\$\{secret\.(sm|ssm|env):([^#}]+)(?:#([^}]+))?\}")


class Proof(msgspec.Struct, frozen=True):
    """One case: which one of how many of its kind, what it expects and what the rule says."""

    number: int
    expected: Verdict
    found: Verdict

    @property
    def holds(self) -> bool:
        """Whether the rule does what its file says."""
        return self.expected is self.found


def proofs(rule: Rule) -> Iterator[Proof]:
    """Every case of a rule, tried. Levels and environments apply as they do to stacks. Raises `CheckFaultError`."""
    if rule.may_hang:
        told = apart.ask(
            lambda: [(a, int(b), int(c)) for a, b, c in _tried(rule)], list[tuple[int, int, int]], script=rule.script
        )
        yield from (Proof(number, Verdict(expected), Verdict(found)) for number, expected, found in told)
        return
    yield from (Proof(*one) for one in _tried(rule))


def _tried(rule: Rule) -> Iterator[tuple[int, Verdict, Verdict]]:
    cases = rule.about.cases
    for expected, group in (
        (Verdict.PASS, cases.passing),
        (Verdict.FAIL, cases.failing),
        (Verdict.UNKNOWN, cases.unknown),
    ):
        for number, case in enumerate(group, 1):
            yield number, expected, _verdict(rule, case)


def _verdict(rule: Rule, case: Case) -> Verdict:
    stack = Stack(
        file="case.yaml",
        name=case.name,
        target=Target(platform="aws"),
        owner=case.owner,
        tags=case.tags,
        inputs=value_of(case.inputs),
        outputs=value_of(case.outputs),
        environment=case.environment or (*rule.match.environments, "production")[0],
        lifecycle=case.lifecycle,
        positions=_Nowhere(),
    )
    graph = Graph.of(_resources(rule, case))
    try:
        found, _ = evaluate((rule,), graph, _plan(rule, case), stack, date.min)
    except ConfigError as error:
        if isinstance(error.__cause__, CheckFaultError):
            raise error.__cause__ from error
        raise
    return min((finding.verdict for finding in found), default=Verdict.PASS)


def _resources(rule: Rule, case: Case) -> Iterator[Resource]:
    if case.properties is not None and _type(rule, case) != STACK:
        yield _resource(_address(rule, case), _type(rule, case), case.properties, case)
    for name, example in case.resources.items():
        yield _resource(Address(name), example.type, example.properties, case)


def _resource(address: Address, token: str, properties: dict[str, Any], case: Case) -> Resource:
    protect = any(address.is_within(one) for one in case.protected)
    return Resource(address, token, value_of(properties), _CONNECTION, lifecycle=Lifecycle(protect=protect))


def _address(rule: Rule, case: Case) -> Address:
    """Where the thing stands that a case is about."""
    match = rule.match
    known = case.address or (_SUBJECT if match.fits_address(_SUBJECT) else match.addresses[0].replace("*", "subject"))
    return Address(known)


def _type(rule: Rule, case: Case) -> str:
    return case.type or rule.match.types[0]


def _plan(rule: Rule, case: Case) -> Plan | None:
    if not case.action:
        return None
    change = Change(address=_address(rule, case), type=_type(rule, case), action=Action(case.action), lost=case.lost)
    return Plan(ownership=Ownership("case", "0"), serial=0, steps=(), changes=(change,))


def value_of(written: Any) -> Value:
    """What is written in a case as the value that it stands for (`Case`)."""
    match written:
        case {"$json": content}:
            return Json(value_of(content))
        case {"$base64": content}:
            return Base64(value_of(content))
        case dict():
            return {value_of(key): value_of(item) for key, item in written.items()}
        case list() | tuple():
            return [value_of(item) for item in written]
        case str() if found := _SECRET.fullmatch(written):
            return Secret(found[1], found[2], found[3] or "")
        case str() if found := _REFERENCE.fullmatch(written):
            return Ref(Address(found[1]), (found[2],))
    return written


class _Nowhere:
    def at(self, path: Path) -> None:
        """A case has no lines that anybody looks for."""
