"""Policies as a session applies them: a rulebook for the project, plans held to it, and rules shown to people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.core.diagnostic import Diagnostic, errors_in
from mlinfra.core.errors import ConfigError, NoCredentials, PolicyViolation
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.stack import Stack
from mlinfra.policy.codes import VIOLATIONS, Code
from mlinfra.policy.evaluation import judge, unknown_rule
from mlinfra.policy.proof import Proof, proofs
from mlinfra.policy.rule import Case, Rule
from mlinfra.policy.rulebook import Rulebook, unknown_types
from mlinfra.policy.scripts import words_of
from mlinfra.policy.waiver import waivers_of
from mlinfra.session.reading.kinds import Kinds


class RuleInfo:
    """One rule, for people."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    @property
    def data(self) -> Mapping[str, Any]:
        """All that its file says but for the cases, with the pack, the path, and whether it is the project's."""
        about = msgspec.to_builtins(self._rule.about)
        del about["cases"]
        level = about["level"]
        return {
            **about,
            "level": dict.fromkeys(("production", "development", "ephemeral"), level)
            if isinstance(level, str)
            else level,
            "pack": self._rule.pack,
            "own": self._rule.own,
            "path": self._rule.source.file,
        }

    def check_words(self) -> str:
        """What its check demands, in a sentence; empty where it has none."""
        return words_of(self._rule.about.check, self._rule.script) if self._rule.about.check else ""

    def examples(self) -> Mapping[str, Any]:
        """A case that passes and one that fails, as they are written, by what to call them."""
        cases = self._rule.about.cases
        shown = (("passes", cases.passing[0]), ("fails", cases.failing[0]))
        return {title: _as_written(case) for title, case in shown}

    def proofs(self) -> tuple[Proof, ...]:
        """Its cases, tried."""
        return tuple(proofs(self._rule))


def _as_written(case: Case) -> Any:
    """A case without what it leaves to the defaults."""
    data = msgspec.to_builtins(case)
    plain = msgspec.to_builtins(Case())
    return {name: value for name, value in data.items() if value != plain[name]}


def rules(project: Path | None = None) -> tuple[RuleInfo, ...]:
    """Every rule that stacks of the project may be held to. Raises `ConfigError` where one cannot be used."""
    here = project or Path()
    return tuple(RuleInfo(rule) for rule in Rulebook.of_project(*_folders(here, here)).rules)


def rulebook_of(stack: Stack, here: Path, *, top: Path | None = None) -> Rulebook:
    """The rules that a stack may be held to: ours and its project's. Raises `ConfigError` where one cannot be used.

    here: the directory that paths are relative to. top: of a repository that was put elsewhere, its root.
    """
    if stack.policies == {"packs": []}:
        return Rulebook({})
    book = Rulebook.of_project(*_folders(here, (here / stack.file).parent, top))
    if not any(rule.own for rule in book.rules):
        return book
    kinds = Kinds()
    unknown = unknown_types(book, kinds, [*kinds, *kinds.in_every_cluster()])
    return msgspec.structs.replace(book, notes=(*book.notes, *unknown))


def _folders(here: Path, beside: Path, top: Path | None = None) -> Iterator[Path]:
    """What has rules of its own: the working directory, the stack's, and what is above that in its repository.

    That a command runs elsewhere, as jobs do, must not let a stack off any rule.
    """
    yield here
    beside = beside.resolve()
    above = (beside, *beside.parents)
    roots = [folder for folder in above if (folder == top.resolve() if top else (folder / ".git").exists())]
    yield from above[: above.index(roots[0]) + 1] if roots else (beside,)


def refusals(stack: Stack, book: Rulebook) -> tuple[Diagnostic, ...]:
    """What is wrong with `policies` as it is written: packs that there are not, waivers of rules that there are not."""
    if stack.policies == {"packs": []}:
        return ()
    wrong = (lapse.diagnostic() for waiver in waivers_of(stack) if (lapse := unknown_rule(waiver, book)))
    return (*book.unknown_packs(stack), *wrong)


@contextmanager
def told_besides(stack: Stack, book: Callable[[], Rulebook]) -> Iterator[None]:
    """Where a stack is refused for its mistakes, what is wrong with `policies` is said along with them."""
    try:
        yield
    except NoCredentials:
        raise
    except ConfigError as error:
        try:
            more = refusals(stack, book())
        except ConfigError as broken:  # rules of the project's own that cannot be used
            more = broken.diagnostics
        if not more:
            raise
        raise ConfigError(dict.fromkeys((*error.diagnostics, *more))) from error


def held(
    plan: Plan,
    book: Rulebook,
    graph: Graph,
    stack: Stack,
    today: date,
    brought: Callable[[], Sequence[Resource]] = tuple,
) -> Plan:
    """The plan, with what the rules find. One that leaves nothing is held to none: `protect` is what keeps things.

    brought: asked where rules look into charts, what these bring.
    """
    if plan.destroy:
        return plan
    looks = any(rule.match.charts for rule in book.rules)
    found = judge(book, graph, plan, stack, today, brought() if looks else ()).diagnostics()
    if plan.partial:  # what is not touched by it is no reason against it
        touched = {change.address for change in plan.pending()}
        found = tuple(one for one in found if one.address is None or one.address in touched)
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found))


def without_findings(plan: Plan) -> Plan:
    """The plan as it was before it was held to rules."""
    left = tuple(one for one in plan.diagnostics if one.code not in frozenset(Code))
    return msgspec.structs.replace(plan, diagnostics=left)


def refuse_violations(plan: Plan) -> None:
    """Raise `PolicyViolation` where mandatory rules, and nothing else, keep the plan from being applied."""
    errors = errors_in(plan.diagnostics)
    if errors and all(error.code in VIOLATIONS for error in errors):
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise PolicyViolation(f"{first.summary}{more}", code=first.code, hint=first.hint)
