"""Principals: who a statement of IAM is for, and whether its conditions leave anybody out.

The checks on trust and on the policies of resources ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlinfra.core.value import Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.conditions import narrows
from mlinfra.policy.iam import Statement
from mlinfra.policy.patterns import text_in
from mlinfra.policy.scene import many

_ACCOUNT = re.compile(r"[0-9]{12}|arn:[^:]*:iam::[0-9]{12}:root")


def is_for_everybody(statement: Statement) -> Verdict:
    """Whether anybody at all is meant: `PASS` where that is certain."""
    if "NotPrincipal" in statement.body:
        return Verdict.PASS
    found = [_is_everybody(kind, one) for kind, one in principals(statement)]
    return max(found, default=Verdict.FAIL)


def whole_accounts(statement: Statement) -> Iterator[str]:
    """The accounts that are meant as a whole."""
    for kind, one in principals(statement):
        if kind == "AWS" and isinstance(one, str) and _ACCOUNT.fullmatch(one):
            yield one


def principals(statement: Statement) -> Iterator[tuple[str, Value]]:
    """Each principal with its kind: `AWS`, `Service`, `Federated`; an empty one where there is none."""
    said = statement.body.get("Principal")
    if not isinstance(said, dict):
        yield from (("", one) for one in many(said))
        return
    for kind, values in said.items():
        yield from ((kind if isinstance(kind, str) else "", one) for one in many(values))


def _is_everybody(kind: str, principal: Value) -> Verdict:
    if _means_many(kind, text_in(principal, wide=False)):
        return Verdict.PASS
    return Verdict.UNKNOWN if _means_many(kind, text_in(principal, wide=True)) else Verdict.FAIL


def _means_many(kind: str, text: str) -> bool:
    """A star, or a star in the place of the account. IAM takes no other in a principal."""
    if kind == "*" or (text and not text.strip("*")):
        return True
    return kind == "AWS" and text.startswith("arn:") and "*" in text.split(":", 5)[4:5]


def shows_whose(condition: Value) -> Verdict:
    """Whether a condition leaves out all but those whom it names: `PASS` where it certainly does."""
    return narrows(condition, strangers=True)
