"""No policy allows an action, of those that the rule lists, on whatever there is of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.iam import Document, arns, document
from mlinfra.policy.scene import Breach, Scene

_PATH = ("policy",)


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each policy that allows an action of `given.actions`, by the form of the ARN that it is about."""
    for resource in resources:
        found = document(resource.properties.get("policy"))
        if not isinstance(found, Document):
            words = "the policy is not known yet" if found is Verdict.UNKNOWN else "the policy cannot be read"
            yield Breach(resource, words, found, _PATH)
            continue
        yield from _of_document(resource, found, given["actions"])


def _of_document(resource: Resource, found: Document, actions: Mapping[str, list[str]]) -> Iterator[Breach]:
    allowed: dict[Verdict, list[str]] = {Verdict.PASS: [], Verdict.UNKNOWN: [], Verdict.FAIL: []}
    for form, names in actions.items():
        for action in names:
            allowed[found.allows(action, _arns(form))].append(action)
    if some := allowed[Verdict.PASS]:
        yield Breach(resource, f"{_listed(some)} on any resource", path=_PATH)
    elif some := allowed[Verdict.UNKNOWN]:
        yield Breach(resource, f"{_listed(some)} on what is not known yet", Verdict.UNKNOWN, _PATH)


def _listed(actions: list[str]) -> str:
    more = f" and {len(actions) - 3} more" if len(actions) > 3 else ""
    return f"it allows {', '.join(actions[:3])}{more}"


@lru_cache
def _arns(form: str) -> tuple[str, ...]:
    return arns(form)
