"""No statement is for everybody, nor, where the rule says so, for a whole account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Path
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.iam import Document, Statement, judged
from mlinfra.policy.principals import is_for_everybody, shows_whose, whole_accounts
from mlinfra.policy.scene import Breach, Scene


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each statement of the document in `given.property`.

    `given.conditions`: a condition that names those who may come is enough. `given.accounts`: whole accounts are looked
    for instead.
    """
    name = given["property"]
    return judged((one for one in resources if name in one.properties), name, partial(_of_document, given=given))


def _of_document(resource: Resource, found: Document, given: Mapping[str, Any]) -> Iterator[Breach]:
    for statement in found.statements:
        if statement.allows is not Verdict.FAIL:
            yield from _of_statement(resource, statement, (given["property"],), given)


def _of_statement(resource: Resource, statement: Statement, path: Path, given: Mapping[str, Any]) -> Iterator[Breach]:
    if given.get("accounts"):
        yield from (
            Breach(resource, f"{account} is a whole account", path=path) for account in whole_accounts(statement)
        )
        return
    open_to_all = min(is_for_everybody(statement), statement.allows)
    if given.get("conditions"):
        open_to_all = min(open_to_all, Verdict(Verdict.PASS - shows_whose(statement.body.get("Condition"))))
    if open_to_all is not Verdict.FAIL:
        words = "a statement is for everybody" if open_to_all is Verdict.PASS else "who is let in is not known yet"
        yield Breach(resource, words, Verdict(Verdict.PASS - open_to_all), path)
