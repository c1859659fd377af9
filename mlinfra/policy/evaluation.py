"""Evaluation: a stack's resources, and the changes of a plan, held to rules.

The session calls it with every plan. Pure: the day comes from outside. Rules are looked up by type, and compiled when
the first resource of such a type is met, so that large stacks are planned no slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from mlinfra.core.address import Address, meant_by
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path, path_text
from mlinfra.documents import apart
from mlinfra.documents.apart import CheckFaultError
from mlinfra.documents.near import suggest
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.codes import Code
from mlinfra.policy.finding import Finding, Judgement
from mlinfra.policy.rule import STACK, Pack, Rule, has_pattern
from mlinfra.policy.scene import Breach, Scene, stands_for
from mlinfra.policy.scripts import breaches
from mlinfra.policy.waiver import Lapse, Waiver, waivers_of

if TYPE_CHECKING:  # which proves its rules with what is here
    from mlinfra.policy.rulebook import Rulebook

_BASELINE = "baseline"
_YEAR = 366  # days

# What does not pass a rule on properties: its number among those asked, the verdict, and where it shows.
Wrong = tuple[int, int, list[list[Any]]]


def judge(
    book: Rulebook, graph: Graph, plan: Plan | None, stack: Stack, today: date, brought: Sequence[Resource] = ()
) -> Judgement:
    """What the packs that are for `stack` find. Raises `ConfigError` where it names a pack that there is not.

    brought: the objects of charts, each at the address of its release.
    """
    packs = book.chosen(stack, graph)
    rules = tuple(rule for pack in packs for rule in pack.rules)
    findings, lapses = evaluate(rules, graph, plan, stack, today, brought)
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
    rules: Sequence[Rule],
    graph: Graph,
    plan: Plan | None,
    stack: Stack,
    today: date,
    brought: Sequence[Resource] = (),
) -> tuple[tuple[Finding, ...], tuple[Lapse, ...]]:
    """What `rules` find, and which waivers have lapsed. Without a plan, rules on changes find nothing."""
    found = list(Evaluation(rules, Scene(stack, graph, brought)).findings(plan))
    waivers = list(waivers_of(stack))
    valid = [waiver for waiver in waivers if today <= waiver.until]
    waived = [_waived(finding, valid) for finding in found]
    used = {id(finding.waiver) for finding in waived}
    changes = {rule.id for rule in rules if rule.match.actions}
    lapses = [_expired(waiver) for waiver in waivers if waiver.until < today]
    lapses += [_far(waiver) for waiver in valid if (waiver.until - today).days > _YEAR]
    lapses += [
        _unused(waiver, graph)
        for waiver in valid
        if id(waiver) not in used
        and (_is_there(waiver, graph, plan) if plan is not None else waiver.rule not in changes)
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
        musts = [rule for rule in rules if rule.about.must is not None]
        self._of_resources = [rule for rule in musts if not rule.may_hang]
        self._apart = [rule for rule in musts if rule.may_hang]
        self._checks = [rule for rule in rules if rule.about.check]

    def findings(self, plan: Plan | None) -> Iterator[Finding]:
        """Everything that does not pass."""
        for token, resources in self._every():
            for rule in self._of_resources:
                if rule.match.fits_type(token):
                    yield from self._broken(rule, resources, _held_to(rule, resources))
        for rule in self._of_resources if self._scene.brought else ():
            brought = self._in_charts(rule)
            yield from self._broken(rule, brought, _held_to(rule, brought))
        faults: list[tuple[Rule, CheckFaultError]] = []
        for rule in (*self._apart, *self._checks):
            try:
                yield from self._checked(rule) if rule.about.check else self._judged_apart(rule)
            except CheckFaultError as fault:
                faults.append((rule, fault))
        if faults:
            raise ConfigError(faulty(rule, fault) for rule, fault in faults) from faults[0][1]
        for change in plan.pending() if plan is not None and self._of_changes else ():
            yield from self._changed(change)

    def _every(self) -> Iterator[tuple[str, list[Resource]]]:
        """The stack itself, and all its resources, by type."""
        yield STACK, [stack_resource(self._stack)]
        yield from self._scene.types.items()

    def _fitting(self, rule: Rule) -> list[Resource]:
        """All whose type a rule is about."""
        fitting = [one for token, resources in self._every() if rule.match.fits_type(token) for one in resources]
        return [*fitting, *self._in_charts(rule)]

    def _broken(self, rule: Rule, resources: list[Resource], wrong: Iterable[Wrong]) -> Iterator[Finding]:
        for index, verdict, paths in wrong:
            yield self._finding(rule, Breach(resources[index], verdict=Verdict(verdict)), list(map(tuple, paths)))

    def _judged_apart(self, rule: Rule) -> Iterator[Finding]:
        resources = self._fitting(rule)
        if resources:
            yield from self._broken(rule, resources, apart.ask(lambda: list(_held_to(rule, resources)), list[Wrong]))

    def _checked(self, rule: Rule) -> Iterator[Finding]:
        fitting = self._fitting(rule)

        def concerned() -> list[int]:
            return [index for index, one in enumerate(fitting) if _concerned(rule, one) is not Verdict.FAIL]

        doubtful = rule.own and has_pattern(rule.match.where)
        matched = [fitting[index] for index in (apart.ask(concerned, list[int]) if doubtful else concerned())]
        if matched:
            for breach in breaches(rule.about.check, rule.script, self._scene, matched, rule.about.given):
                yield self._finding(rule, breach, (breach.path,) if breach.path else ())

    def _in_charts(self, rule: Rule) -> list[Resource]:
        """What charts bring, as far as the rule is about that."""
        return [one for one in self._scene.brought if rule.match.charts and rule.match.fits_type(one.type)]

    def _changed(self, change: Change) -> Iterator[Finding]:
        for rule in self._of_changes:
            if rule.match.fits_change(change):
                yield Finding(
                    rule=rule,
                    level=rule.level_in(self._stack.environment),
                    verdict=Verdict.FAIL,
                    address=change.address,
                    source=change.source,
                    words=_told(change),
                )

    def _finding(self, rule: Rule, breach: Breach, paths: Sequence[Path]) -> Finding:
        where = ", ".join(filter(None, map(path_text, paths)))
        return Finding(
            rule=rule,
            level=rule.level_in(self._stack.environment),
            verdict=breach.verdict,
            address=breach.resource.address,
            source=self._source(breach.resource, paths[0] if paths else ()),
            words=f"{self._title(breach.resource)}{breach.words or (f'see {where}' if where else '')}",
        )

    def _title(self, resource: Resource) -> str:
        """Which object of its chart it is, where it is one."""
        if not self._scene.is_brought(resource):
            return ""
        metadata = resource.properties["metadata"]
        names = [one for one in (metadata.get("namespace"), metadata.get("name")) if isinstance(one, str) and one]
        return f"{resource.type.rpartition(':')[2]} {'/'.join(names)} of its chart: "

    def _source(self, resource: Resource, path: Path) -> Source | None:
        """The line of the property where the stack file has one, or else what caused the resource."""
        if resource.type == STACK and path[:1] in (("inputs",), ("outputs",)):
            return self._stack.positions.at(path) or resource.source
        own = () if self._scene.is_brought(resource) else stands_for(resource.address)
        return self._stack.positions.at((*own, "properties", *path)) if own else resource.source


def _told(change: Change) -> str:
    """What a change does, why, and what goes for good."""
    verb = "lose it and create it anew" if change.loses else f"{change.action.value} it"
    words = f"the plan would {verb}" if change.action is not Action.FORGET else ""
    lost = f"lost with it: {change.lost}" if change.lost else ""
    return ", ".join(filter(None, (words, change.reason, lost)))


def _held_to(rule: Rule, resources: list[Resource]) -> Iterator[Wrong]:
    """Which of the resources do not pass a rule on properties."""
    passes = rule.criterion.passes
    for index, resource in enumerate(resources):
        if passes(resource.properties):
            continue
        concerned = _concerned(rule, resource)
        if concerned is not Verdict.FAIL:
            verdict = rule.criterion.verdict(resource.properties)
            verdict = Verdict.UNKNOWN if concerned is Verdict.UNKNOWN else verdict
            yield index, int(verdict), list(map(list, rule.criterion.culprits(resource.properties)))


def faulty(rule: Rule, fault: CheckFaultError) -> Diagnostic:
    """An error, whatever the rule's level is: nobody knows whether it is kept."""
    check = rule.about.check
    return Diagnostic(
        code=Code.CHECK_FAULT,
        summary=f"{rule.id}: {f'its check {check}' if check else 'it'} cannot be asked: {fault.words}",
        source=fault.source or rule.source,
        hint="mend the check, or what the rule gives it; docs/policies.md says what a check is"
        if check
        else "mend its pattern: a repetition within another, as in (a+)+, can take for ever",
    )


def stack_resource(stack: Stack) -> Resource:
    """The stack itself, as rules see it."""
    properties: dict[str, Any] = {
        "name": stack.name,
        "owner": stack.owner,
        "environment": stack.environment,
        "tags": dict(stack.tags),
        "lifecycle": dict(stack.lifecycle),
        "inputs": dict(stack.inputs),
        "outputs": dict(stack.outputs),
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


def _far(waiver: Waiver) -> Lapse:
    summary = f"the waiver of {waiver.rule} at {waiver.address} ends on {waiver.until}, in more than a year"
    return Lapse(waiver, Code.FAR_AWAY, summary, "let it end within a year, so that somebody looks at it again")


def _is_there(waiver: Waiver, graph: Graph, plan: Plan) -> bool:
    """Whether a plan is about anything at its address. Where not, all names that mean nothing are told of together."""
    addresses = {STACK, *graph.resources, *(change.address for change in plan.changes)}
    return any(Address(address).is_within(waiver.address) for address in addresses)


def _unused(waiver: Waiver, graph: Graph) -> Lapse:
    summary = f"the waiver of {waiver.rule} at {waiver.address} sets nothing aside"
    if waiver.address == STACK or any(address.is_within(waiver.address) for address in graph.resources):
        return Lapse(waiver, Code.UNUSED, summary, "delete it: the rule finds nothing there")
    near = meant_by(waiver.address, graph.resources) or "delete it, or name what is meant"
    return Lapse(waiver, Code.UNUSED, f"{summary}: the stack has nothing of that name", near)


def unknown_rule(waiver: Waiver, book: Rulebook) -> Lapse | None:
    """What is said of a waiver of a rule that there is not: an error, since who wrote it relies on it."""
    known = [rule.id for rule in book.rules]
    if waiver.rule in known:
        return None
    summary = f"there is no rule {waiver.rule} to be waived"
    hint = suggest(waiver.rule, known) or "`mlinfra policy list` shows every rule"
    return Lapse(waiver, Code.NO_SUCH_RULE, summary, hint, Severity.ERROR)


def _explained(lapse: Lapse, book: Rulebook, packs: Iterable[Pack]) -> Lapse:
    """Why a waiver is of no use, as far as its rule can tell."""
    known = {rule.id: rule for rule in book.rules}
    name = lapse.waiver.rule
    if unknown := unknown_rule(lapse.waiver, book):
        return unknown
    if lapse.code is Code.UNUSED and known[name].pack not in {pack.name for pack in packs}:
        hint = f"delete it: the stack is not held to the pack {known[name].pack}"
        return msgspec.structs.replace(lapse, hint=hint)
    return lapse
