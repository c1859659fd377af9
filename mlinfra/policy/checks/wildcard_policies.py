"""No policy allows all actions, all of a service on everything, or all but some."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.iam import Document, Statement, judged
from mlinfra.policy.patterns import NAMES, fits
from mlinfra.policy.scene import Breach, Scene

_PATH = ("policy",)
_WILD = re.compile(r"[*?]+")
_KIND = re.compile(r"[a-zA-Z-]+[:/]")
_NAME_FIRST = frozenset({"s3", "execute-api"})  # what stands before the first slash is no kind there, but a name


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each statement, whatever its conditions are."""
    return judged(resources, "policy", _of_document)


def _of_document(resource: Resource, found: Document) -> Iterator[Breach]:
    for statement in found.statements:
        if statement.allows is not Verdict.FAIL:
            yield from _of_statement(resource, statement)


def _of_statement(resource: Resource, statement: Statement) -> Iterator[Breach]:
    certain = _wildcard(statement, wide=False) if statement.allows is Verdict.PASS else ""
    if certain:
        yield Breach(resource, certain, path=_PATH)
    elif possible := _wildcard(statement, wide=True):
        yield Breach(resource, f"perhaps {possible}", Verdict.UNKNOWN, _PATH)


def _wildcard(statement: Statement, *, wide: bool) -> str:
    """What it allows too much of, in words; empty where it does not."""
    for opposite in ("NotAction", "NotResource"):
        if opposite in statement.body:
            return f"it allows whatever {opposite} does not name"
    for pattern in statement.patterns("Action", wide=wide):
        service, _, name = pattern.partition(":")
        if _WILD.search(service):
            return f"it allows {pattern}"
        if _WILD.fullmatch(name) and _is_everything(service, statement.patterns("Resource", wide=wide)):
            return f"it allows {pattern} on everything"
    return ""


def _is_everything(service: str, patterns: list[str]) -> bool:
    """Whether these are all that a service has, or all of one kind of it."""
    kinds = {""}
    if service.lower() not in _NAME_FIRST:
        kinds |= {found[0] for one in patterns if (found := _KIND.match(one.split(":", 5)[-1]))}
    forms = [f"arn:*:{service}:*:*:{kind}{tail}" for kind in kinds for tail in ("{}", "{0}/{0}")]
    return any(_covers(patterns, form) for form in forms)


def _covers(patterns: list[str], form: str) -> bool:
    return 2 * sum(any(fits(form.format(name), one) for one in patterns) for name in NAMES) >= len(NAMES)
