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
from typing import Any

import msgspec

from mlinfra.core.resource import Resource
from mlinfra.core.value import Concat, Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.conditions import narrows
from mlinfra.policy.patterns import HOLE, NAMES, fits, text_in
from mlinfra.policy.scene import Breach, many, read_document

_COLONS = 5  # before what an ARN calls its resource
_ALL = (1 << len(NAMES)) - 1
_PLACE = re.compile(rf"aws(-[a-z-]+)?|[0-9]{{12}}|{HOLE}")  # of a partition or an account
# IAM's own spelling of what stands in a statement: whether it takes another as well is not for a rule to rely on.
_ELEMENTS = {
    name.lower(): name
    for name in (
        "Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid",
    )
}  # fmt: skip
_STATEMENT = {"statement": "Statement"}


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
        if effect == "Deny":  # what is denied under a condition, whatever it asks, is let through otherwise
            return wide if isinstance(condition, Expression) else not condition
        return narrows(condition) <= (Verdict.UNKNOWN if wide else Verdict.FAIL)

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
    said = many(_spelt(found, _STATEMENT).get("Statement")) if isinstance(found, dict) else None
    if said is None or not all(isinstance(one, dict | Expression) for one in said):
        return Verdict.FAIL
    anything = {"Effect": _ANYTHING, "Action": "*", "Resource": "*", "Principal": _ANYTHING}
    return Document(tuple(Statement(_spelt(one, _ELEMENTS) if isinstance(one, dict) else anything) for one in said))


def _spelt(written: dict[Any, Any], names: Mapping[str, str]) -> dict[Any, Any]:
    """The same with its keys in IAM's spelling; of two that differ by that alone, both cannot be meant."""
    if all(not isinstance(key, str) or names.get(key.lower(), key) == key for key in written):
        return written
    return {names.get(key.lower(), key) if isinstance(key, str) else key: item for key, item in written.items()}


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
