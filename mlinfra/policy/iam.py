"""IAM documents as rules ask about them: what one allows on names that nobody has chosen, and to whom it is open.

The checks on policies ask. A document is judged by what it lets through, not by how it is written: by each wildcard,
`NotAction` and `NotResource`, and by all of its statements together. "Any role" is tried on a list of names that no
stack has: what lets most of them through is open. Where expressions stand in the document it is read twice, once with
the worst that they may become; where that changes the answer, it is not known yet.

How statements are matched: IAM user guide, "IAM JSON policy elements" and "Policy evaluation logic" (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, digits
from typing import Any

import msgspec

from mlinfra.core.value import Concat, Expression, Ref, TrimPrefix, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import many, read_document

_HOLE = "\ue000"  # stands for what is known later, and is some name or other
_LETTERS = ascii_lowercase + digits
# Names that nobody has chosen: one for each first letter, so that `role/a*` meets one of them and `role/*` all.
NAMES = tuple(f"{a}{b}-{b}{a}" for a, b in zip(_LETTERS, _LETTERS[7:] + _LETTERS[:7], strict=True))
# Outputs that are what AWS calls something: they hold no wildcard, whatever they are.
_NAMING = re.compile(r"(^|[a-z])(id|Id|arn|Arn|name|Name|account|bucket|repositoryUrl|endpoint)$")
_STACKS = "stacks"
_PLACE = re.compile(rf"aws(-[a-z-]+)?|[0-9]{{12}}|{_HOLE}")  # of a partition or an account
# What a condition may ask without leaving anything out: how a request comes, and whose account its two sides are in.
_IDLE = frozenset(
    {
        "aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalorgid", "aws:referer",
        "aws:requestedregion", "aws:resourceaccount", "aws:resourceorgid", "aws:securetransport", "aws:useragent",
    }
)  # fmt: skip


class Statement(msgspec.Struct, frozen=True):
    """One statement. `wide` asks what it may let through once all is known, else what it certainly does."""

    body: Mapping[Any, Any]

    def acts(self, effect: str, action: str, *, wide: bool) -> bool:
        """Whether it has that effect on an action, without a condition that leaves anything out."""
        said = self.body.get("Effect")
        has_effect = wide if isinstance(said, Expression) else said == effect
        if not has_effect or not self._names("Action", action, wide=wide):
            return False
        condition = self.body.get("Condition")
        if isinstance(condition, Expression):
            return wide
        # What is denied under a condition, whatever it asks, is let through otherwise.
        return not condition if effect == "Deny" else not any(_leaves_out(*one) for one in conditions(condition))

    def covers(self, resource: str, *, wide: bool) -> bool:
        """Whether it is about a resource."""
        return self._names("Resource", resource, wide=wide)

    @property
    def allows(self) -> Verdict:
        """Whether it allows anything at all."""
        said = self.body.get("Effect")
        return Verdict.UNKNOWN if isinstance(said, Expression) else Verdict.PASS if said == "Allow" else Verdict.FAIL

    def allows_action(self, action: str) -> bool:
        """Whether it may allow an action, on whatever and under whichever conditions."""
        return self.allows is not Verdict.FAIL and self._names("Action", action, wide=True)

    def patterns(self, element: str, *, wide: bool) -> list[str]:
        """The patterns of `Action`, `NotAction`, `Resource` or `NotResource`."""
        return [pattern_of(one, wide=wide) for one in many(self.body.get(element))]

    def _names(self, element: str, name: str, *, wide: bool) -> bool:
        if element in self.body:
            return any(fits(name, one) for one in self.patterns(element, wide=wide))
        opposite = f"Not{element}"
        return opposite in self.body and not any(fits(name, one) for one in self.patterns(opposite, wide=not wide))


class Document(msgspec.Struct, frozen=True):
    """A policy."""

    statements: tuple[Statement, ...]

    def allows(self, action: str, resources: Sequence[str]) -> Verdict:
        """Whether it allows an action on most of these resources, which stand for any."""
        if not self._lets(action, resources, wide=True):
            return Verdict.FAIL
        return Verdict.PASS if self._lets(action, resources, wide=False) else Verdict.UNKNOWN

    def _lets(self, action: str, resources: Sequence[str], *, wide: bool) -> bool:
        granting = [one for one in self.statements if one.acts("Allow", action, wide=wide)]
        if not granting:
            return False
        refusing = [one for one in self.statements if one.acts("Deny", action, wide=not wide)]
        let = sum(
            any(one.covers(resource, wide=wide) for one in granting)
            and not any(one.covers(resource, wide=not wide) for one in refusing)
            for resource in resources
        )
        return 2 * let >= len(resources)


def document(value: Value) -> Document | Verdict:
    """The policy that `value` is; `UNKNOWN` while nobody can read it, `FAIL` where nobody ever will."""
    found = read_document(value)
    if isinstance(found, Expression):
        return Verdict.UNKNOWN
    said = many(found.get("Statement")) if isinstance(found, dict) else None
    if said is None or not all(isinstance(one, dict | Expression) for one in said):
        return Verdict.FAIL
    anything = {"Effect": _ANYTHING, "Action": "*", "Resource": "*", "Principal": _ANYTHING}
    return Document(tuple(Statement(one if isinstance(one, dict) else anything) for one in said))


_ANYTHING = Concat(("",))  # an expression: a statement that is not known yet may be any


def arns(form: str) -> tuple[str, ...]:
    """Resources that stand for any of a form, such as `iam::*:role/{}`."""
    return tuple(f"arn:*:{form.replace('{}', name)}" for name in NAMES)


def pattern_of(value: Value, *, wide: bool) -> str:
    """A text of IAM in one spelling: accounts, regions and partitions are stars, whatever they are."""
    text = text_in(value, wide=wide)
    if text[:4].lower() != "arn:":
        return text
    parts = text.split(":", 5)
    if len(parts) == 6:
        parts[3] = parts[4] = "*"
    return ":".join("*" if _PLACE.fullmatch(part) else part for part in parts)


def text_in(value: Value, *, wide: bool) -> str:
    """A text as far as it is known; what is not, is a name, or where `wide` perhaps a star."""
    match value:
        case str():
            return value
        case Concat(parts):
            return "".join(text_in(part, wide=wide) for part in parts)
        case TrimPrefix(content):
            return text_in(content, wide=wide)
        case Ref() if value.address.section != _STACKS and value.path and _NAMING.search(str(value.path[-1])):
            return _HOLE
    return "*" if wide else _HOLE


def fits(name: str, pattern: str) -> bool:
    """Whether a name is one that a pattern means, case aside."""
    return pattern == "*" or _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    written = re.sub(r"\*+", "*", pattern)
    return re.compile("".join(_FORMS.get(letter) or re.escape(letter) for letter in written), re.IGNORECASE | re.DOTALL)


_FORMS = {"*": ".*", "?": "."}


def conditions(condition: Value) -> Iterator[tuple[str, str, list[Value]]]:
    """What a statement asks besides: operator, key in small letters, and values."""
    for operator, asked in condition.items() if isinstance(condition, dict) else ():
        for key, values in asked.items() if isinstance(asked, dict) else ():
            yield str(operator), key.lower() if isinstance(key, str) else _HOLE, many(values)


def _leaves_out(operator: str, key: str, values: Iterable[Value]) -> bool:
    """Whether a condition leaves anything out. To have a tag at all does, so there a star asks something."""
    if key in _IDLE:
        return False
    any_will_do = "Like" in operator and "Not" not in operator and "tag" not in key
    return not (any_will_do and any(isinstance(one, str) and one.strip("*") == "" for one in values))
