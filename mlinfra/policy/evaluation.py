"""Evaluation: a stack's resources, and the changes of a plan, held to rules.

The session calls it with every plan. Pure: the day comes from outside. Rules are looked up by type, and compiled when
the first resource of such a type is met, so that large stacks are planned no slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path, path_text
from mlinfra.documents.near import suggest
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.checks import check_named
from mlinfra.policy.codes import Code
from mlinfra.policy.finding import Finding, Judgement
from mlinfra.policy.rule import STACK, Pack, Rule
from mlinfra.policy.rulebook import Rulebook
from mlinfra.policy.scene import Breach, Scene, stands_for
from mlinfra.policy.waiver import Lapse, Waiver, waivers_of

_BASELINE = "baseline"


def judge(book: Rulebook, graph: Graph, plan: Plan | None, stack: Stack, today: date) -> Judgement:
    """What the packs that are for `stack` find. Raises `ConfigError` where it names a pack that there is not."""
    packs = book.chosen(stack, graph)
    rules = tuple(rule for pack in packs for rule in pack.rules)
    findings, lapses = evaluate(rules, graph, plan, stack, today)
    return Judgement(
        packs=tuple(pack.name for pack in packs),
        rules=len(rules),
        findings=findings,
        lapses=tuple(_explained(lapse, book, packs) for lapse in lapses),
        notes=(*book.notes, *_unasked(stack)),
    )


def _unasked(stack: Stack) -> tuple[Diagnostic, ...]:
    """A word on a stack that takes itself out of the rules that are for every one: a reviewer must see it."""
    named = stack.policies.get("packs")
    if named is None or _BASELINE in named:
        return ()
    about = Diagnostic(
        severity=Severity.WARNING,
        code=Code.UNASKED,
        summary=f"the stack is not held to the rules of {_BASELINE}: policies.packs leaves them out",
        source=stack.positions.at(("policies", "packs")),
        hint=f"name {_BASELINE} as well, and waive what it shall not be held to, each with its reason and an end",
    )
    return (about,)


def evaluate(
    rules: Sequence[Rule], graph: Graph, plan: Plan | None, stack: Stack, today: date
) -> tuple[tuple[Finding, ...], tuple[Lapse, ...]]:
    """What `rules` find, and which waivers have lapsed. Without a plan, rules on changes find nothing."""
    found = list(Evaluation(rules, Scene(stack, graph)).findings(plan))
    waivers = list(waivers_of(stack))
    valid = [waiver for waiver in waivers if today <= waiver.until]
    waived = [_waived(finding, valid) for finding in found]
    used = {id(finding.waiver) for finding in waived}
    changes = {rule.id for rule in rules if rule.match.actions}
    lapses = [_expired(waiver) for waiver in waivers if waiver.until < today]
    lapses += [
        _unused(waiver)
        for waiver in valid
        if id(waiver) not in used and (plan is not None or waiver.rule not in changes)
    ]
    if plan is None or not plan.partial:
        return tuple(waived), tuple(lapses)
    # A plan of some targets is held to the rules for what it touches.
    touched = {change.address for change in plan.pending()}
    return tuple(one for one in waived if one.address in touched), ()


class Evaluation:
    """One stack, and the rules for its environment."""

    def __init__(self, rules: Iterable[Rule], scene: Scene) -> None:
        self._scene = scene
        self._stack = scene.stack
        rules = [rule for rule in rules if rule.match.fits_environment(self._stack.environment)]
        self._of_changes = [rule for rule in rules if rule.match.actions]
        self._of_resources = [rule for rule in rules if rule.about.must is not None]
        self._checks = [rule for rule in rules if rule.about.check]

    def findings(self, plan: Plan | None) -> Iterator[Finding]:
        """Everything that does not pass."""
        for token, resources in [(STACK, [stack_resource(self._stack)]), *self._scene.types.items()]:
            for rule in self._of_resources:
                if rule.match.fits_type(token):
                    yield from self._of_rule(rule, resources)
        for rule in self._checks:
            yield from self._checked(rule)
        for change in plan.pending() if plan is not None and self._of_changes else ():
            yield from self._changed(change)

    def _of_rule(self, rule: Rule, resources: list[Resource]) -> Iterator[Finding]:
        passes = rule.criterion.passes
        for resource in resources:
            if passes(resource.properties):
                continue
            concerned = _concerned(rule, resource)
            if concerned is not Verdict.FAIL:
                verdict = rule.criterion.verdict(resource.properties)
                verdict = Verdict.UNKNOWN if concerned is Verdict.UNKNOWN else verdict
                yield self._finding(
                    rule, Breach(resource, verdict=verdict), rule.criterion.culprits(resource.properties)
                )

    def _checked(self, rule: Rule) -> Iterator[Finding]:
        every = [(STACK, [stack_resource(self._stack)]), *self._scene.types.items()]
        matched = [
            resource
            for token, resources in every
            if rule.match.fits_type(token)
            for resource in resources
            if _concerned(rule, resource) is not Verdict.FAIL
        ]
        if matched:
            for breach in check_named(rule.about.check)(self._scene, matched, rule.about.given):
                yield self._finding(rule, breach, (breach.path,) if breach.path else ())

    def _changed(self, change: Change) -> Iterator[Finding]:
        for rule in self._of_changes:
            match = rule.match
            if change.action in match.actions and match.fits_type(change.type) and match.fits_address(change.address):
                words = f"the plan would {change.action.value} it" if change.action is not Action.FORGET else ""
                yield Finding(
                    rule=rule,
                    level=rule.level_in(self._stack.environment),
                    verdict=Verdict.FAIL,
                    address=change.address,
                    source=change.source,
                    words=", ".join(filter(None, (words, change.reason))),
                )

    def _finding(self, rule: Rule, breach: Breach, paths: Sequence[Path]) -> Finding:
        where = ", ".join(filter(None, map(path_text, paths)))
        return Finding(
            rule=rule,
            level=rule.level_in(self._stack.environment),
            verdict=breach.verdict,
            address=breach.resource.address,
            source=self._source(breach.resource, paths[0] if paths else ()),
            words=breach.words or (f"see {where}" if where else ""),
        )

    def _source(self, resource: Resource, path: Path) -> Source | None:
        """The line of the property where the stack file has one, or else what caused the resource."""
        own = stands_for(resource.address)
        return self._stack.positions.at((*own, "properties", *path)) if own else resource.source


def stack_resource(stack: Stack) -> Resource:
    """The stack itself, as rules see it."""
    properties: dict[str, Any] = {
        "name": stack.name,
        "owner": stack.owner,
        "environment": stack.environment,
        "tags": dict(stack.tags),
        "lifecycle": dict(stack.lifecycle),
    }
    source = stack.positions.at(("lifecycle",)) or stack.positions.at(("metadata",))
    return Resource(Address(STACK), STACK, properties, Connection(STACK, ""), source=source)


def _concerned(rule: Rule, resource: Resource) -> Verdict:
    """Whether a resource of a fitting type is what the rule is about."""
    if not rule.match.fits_address(resource.address):
        return Verdict.FAIL
    condition = rule.match.condition
    return Verdict.PASS if condition is None else condition.verdict(resource.properties)


def _waived(finding: Finding, waivers: Iterable[Waiver]) -> Finding:
    for waiver in waivers:
        if waiver.covers(finding.rule.id, finding.address):
            return msgspec.structs.replace(finding, waiver=waiver)
    return finding


def _expired(waiver: Waiver) -> Lapse:
    summary = f"the waiver of {waiver.rule} at {waiver.address} ended on {waiver.until}"
    return Lapse(waiver, Code.EXPIRED, summary, "mend what it was for, and delete it; or give it a new date and reason")


def _unused(waiver: Waiver) -> Lapse:
    summary = f"the waiver of {waiver.rule} at {waiver.address} sets nothing aside"
    return Lapse(waiver, Code.UNUSED, summary, "delete it: the rule finds nothing there")


def _explained(lapse: Lapse, book: Rulebook, packs: Iterable[Pack]) -> Lapse:
    """Why a waiver is of no use, as far as its rule can tell."""
    known = {rule.id: rule for rule in book.rules}
    name = lapse.waiver.rule
    if name not in known:
        return Lapse(lapse.waiver, Code.NO_SUCH_RULE, f"there is no rule {name} to be waived", suggest(name, known))
    if lapse.code is Code.UNUSED and known[name].pack not in {pack.name for pack in packs}:
        hint = f"delete it: the stack is not held to the pack {known[name].pack}"
        return msgspec.structs.replace(lapse, hint=hint)
    return lapse
