"""IAM documents as rules ask about them: what one allows on names that nobody has chosen, and to whom it is open.

The checks on policies ask. A document is judged by what it lets through, not by how it is written: by each wildcard,
`NotAction` and `NotResource`, and by all of its statements together. "Any role" is tried on a list of names that no
stack has: what lets most of them through is open. Where expressions stand in the document it is read twice, once with
the worst that they may become; where that changes the answer, it is not known yet.

How statements are matched: IAM user guide, "IAM JSON policy elements" and "Policy evaluation logic" (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from string import ascii_lowercase, digits
from typing import Any

import msgspec

from mlinfra.core.resource import Resource
from mlinfra.core.value import Concat, Expression, Ref, TrimPrefix, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, many, read_document

_HOLE = "\ue000"  # stands for what is known later, and is some name or other
_COLONS = 5  # before what an ARN calls its resource
_LETTERS = ascii_lowercase + digits
# Names that nobody has chosen: one for each first letter, so that `role/a*` meets one of them and `role/*` all.
NAMES = tuple(f"{a}{b}-{b}{a}" for a, b in zip(_LETTERS, _LETTERS[7:] + _LETTERS[:7], strict=True))
_ALL = (1 << len(NAMES)) - 1
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


class Statement(msgspec.Struct, frozen=True, dict=True):
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

    def covers(self, form: str, *, wide: bool) -> int:
        """Which of the resources of a form it is about, as bits."""
        if "Resource" in self.body:
            return _any_of(self.patterns("Resource", wide=wide), form)
        if "NotResource" in self.body:
            return _ALL & ~_any_of(self.patterns("NotResource", wide=not wide), form)
        return 0

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
        found = self._read.get((element, wide))
        if found is None:
            found = self._read[element, wide] = [pattern_of(one, wide=wide) for one in many(self.body.get(element))]
        return found

    @cached_property
    def _read(self) -> dict[tuple[str, bool], list[str]]:
        """The patterns that were asked for: every action that a rule lists asks for the same ones."""
        return {}

    def _names(self, element: str, name: str, *, wide: bool) -> bool:
        if element in self.body:
            return any(fits(name, one) for one in self.patterns(element, wide=wide))
        opposite = f"Not{element}"
        return opposite in self.body and not any(fits(name, one) for one in self.patterns(opposite, wide=not wide))


class Document(msgspec.Struct, frozen=True):
    """A policy."""

    statements: tuple[Statement, ...]

    def allows(self, action: str, form: str) -> Verdict:
        """Whether it allows an action on any resource of a form, such as `iam::*:role/{}`: on most of those tried."""
        if not self._lets(action, form, wide=True):
            return Verdict.FAIL
        return Verdict.PASS if self._lets(action, form, wide=False) else Verdict.UNKNOWN

    def named(self, actions: tuple[str, ...]) -> frozenset[str]:
        """Those of some actions that any statement may allow on anything: of most policies none, quickly told."""
        allowing = [one for one in self.statements if one.allows is not Verdict.FAIL]
        if any("Action" not in one.body for one in allowing):
            return frozenset(actions)
        found = (_named(tuple(one.patterns("Action", wide=True)), actions) for one in allowing)
        return frozenset[str]().union(*found)

    def _lets(self, action: str, form: str, *, wide: bool) -> bool:
        granted = refused = 0
        for one in self.statements:
            if one.acts("Allow", action, wide=wide):
                granted |= one.covers(form, wide=wide)
        if 2 * granted.bit_count() < len(NAMES):
            return False
        for one in self.statements:
            if one.acts("Deny", action, wide=not wide):
                refused |= one.covers(form, wide=not wide)
        return 2 * (granted & ~refused).bit_count() >= len(NAMES)


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


def judged(
    resources: Iterable[Resource], name: str, judge: Callable[[Resource, Document], Iterable[Breach]]
) -> Iterator[Breach]:
    """What `judge` has against the document in the property `name` of each; a breach where nobody can read it."""
    for resource in resources:
        found = document(resource.properties.get(name))
        if isinstance(found, Document):
            yield from judge(resource, found)
        else:
            words = "the policy is not known yet" if found is Verdict.UNKNOWN else "the policy cannot be read"
            yield Breach(resource, words, found, (name,))


@lru_cache(maxsize=1 << 12)
def _named(patterns: tuple[str, ...], actions: tuple[str, ...]) -> frozenset[str]:
    return frozenset(action for action in actions if any(fits(action, pattern) for pattern in patterns))


@lru_cache
def _tried(form: str) -> tuple[str, ...]:
    """Resources that stand for any of a form."""
    return tuple(f"arn:*:{form.replace('{}', name)}" for name in NAMES)


def _any_of(patterns: Iterable[str], form: str) -> int:
    found = 0
    for pattern in patterns:
        found |= _meant(pattern, form)
    return found


@lru_cache(maxsize=1 << 14)
def _meant(pattern: str, form: str) -> int:
    """Which of the resources that are tried a pattern means, as bits."""
    begins = re.split(r"[*?]", _last(pattern))[0].lower() if pattern.count(":") >= _COLONS else ""
    return sum(
        1 << index
        for index, name in enumerate(_tried(form))
        if _last(name).lower().startswith(begins) and fits(name, pattern)
    )


def _last(arn: str) -> str:
    """What stands after account and region."""
    return arn.split(":", _COLONS)[-1]


def pattern_of(value: Value, *, wide: bool) -> str:
    """A text of IAM in one spelling: accounts, regions and partitions are stars, whatever they are."""
    text = text_in(value, wide=wide)
    if text[:4].lower() != "arn:":
        return text
    parts = text.split(":", _COLONS)
    if len(parts) > _COLONS:
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


@lru_cache(maxsize=1 << 14)
def fits(name: str, pattern: str) -> bool:
    """Whether a name is one that a pattern means, case aside."""
    if pattern == "*":
        return True
    if "*" not in pattern and "?" not in pattern:
        return name.lower() == pattern.lower()
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1 << 10)
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
