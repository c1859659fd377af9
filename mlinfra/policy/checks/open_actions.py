"""No policy allows an action, of those that the rule lists, on whatever there is of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.iam import Document, judged
from mlinfra.policy.scene import Breach, Scene

_PATH = ("policy",)


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each policy that allows an action of `given.actions`, by the form of the ARN that it is about."""
    return judged(resources, "policy", partial(_of_document, actions=given["actions"]))


def _of_document(resource: Resource, found: Document, actions: Mapping[str, list[str]]) -> Iterator[Breach]:
    named = found.named(tuple(action for names in actions.values() for action in names))
    allowed: dict[Verdict, list[str]] = {Verdict.PASS: [], Verdict.UNKNOWN: [], Verdict.FAIL: []}
    for form, names in actions.items():
        for action in (name for name in names if name in named):
            allowed[found.allows(action, form)].append(action)
    if some := allowed[Verdict.PASS]:
        yield Breach(resource, f"{_listed(some)} on any resource", path=_PATH)
    elif some := allowed[Verdict.UNKNOWN]:
        yield Breach(resource, f"{_listed(some)} on what is not known yet", Verdict.UNKNOWN, _PATH)


def _listed(actions: list[str]) -> str:
    more = f" and {len(actions) - 3} more" if len(actions) > 3 else ""
    return f"it allows {', '.join(actions[:3])}{more}"
