"""What the session answers with, as commands and renderers see it. Nothing here does anything.

The ports of `sessions` give them; `mlinfra.session` has the classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from mlinfra.core.cost import Cost
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.core.value import Value


class Expanded(Protocol):
    """One leaf of a stack with all its defaults. `origin` is file:line, `default` or `--set`."""

    @property
    def path(self) -> str:
        """Where it stands, dotted."""
        ...

    @property
    def value(self) -> Value:
        """What it is."""
        ...

    @property
    def origin(self) -> str:
        """Who said so."""
        ...


class Rebuilt(Protocol):
    """A state made from what the cloud holds. More than one lineage cannot be taken up."""

    @property
    def state(self) -> State:
        """The state found."""
        ...

    @property
    def lineages(self) -> Sequence[str]:
        """Every lineage that bears the stack's name."""
        ...


class ModuleInfo(Protocol):
    """One module of the library."""

    @property
    def name(self) -> str:
        """Its name, kebab-case."""
        ...

    @property
    def section(self) -> str:
        """The section of the stack file that it implements."""
        ...

    @property
    def many(self) -> bool:
        """Whether that section holds named entries."""
        ...

    @property
    def summary(self) -> str:
        """What it makes, in one sentence."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The JSON Schema of its inputs."""
        ...

    @property
    def outputs(self) -> Mapping[str, str]:
        """What it answers, with a description each."""
        ...

    @property
    def built(self) -> bool:
        """Whether it can be planned yet."""
        ...

    @property
    def path(self) -> str:
        """The folder that it lies in."""
        ...

    @property
    def contract(self) -> Mapping[str, Any] | None:
        """What it brings onto a cluster; `None` where that is nothing of its own."""
        ...

    @property
    def contract_lines(self) -> Sequence[tuple[str, str]]:
        """The same in words, each with a label."""
        ...


class Proof(Protocol):
    """One case of a rule, tried. Verdicts are FAIL, UNKNOWN and PASS."""

    @property
    def number(self) -> int:
        """Which of its kind."""
        ...

    @property
    def expected(self) -> Enum:
        """What its file says."""
        ...

    @property
    def found(self) -> Enum:
        """What the rule says."""
        ...


class RuleInfo(Protocol):
    """One rule that stacks may be held to."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What its file says, with pack, path and whether it is the project's."""
        ...

    def proofs(self) -> Sequence[Proof]:
        """Its cases, tried."""
        ...

    def check_words(self) -> str:
        """What its check demands, in a sentence; empty where it has none."""
        ...

    def examples(self) -> Mapping[str, Any]:
        """A case that passes and one that fails, as they are written, by what to call them."""
        ...


class Judgement(Protocol):
    """What the rules find in a stack."""

    @property
    def packs(self) -> Sequence[str]:
        """Those that were asked."""
        ...

    @property
    def rules(self) -> int:
        """How many rules they hold."""
        ...

    @property
    def waived(self) -> int:
        """How many findings are set aside."""
        ...

    @property
    def undecided(self) -> int:
        """Of how many things nobody knows yet."""
        ...

    def diagnostics(self) -> Sequence[Diagnostic]:
        """The findings."""
        ...


class Estimate(Protocol):
    """What a stack costs."""

    @property
    def stack(self) -> Stack:
        """The stack."""
        ...

    @property
    def cost(self) -> Cost:
        """The figures."""
        ...

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What should be known of them."""
        ...


class SandboxStatus(Protocol):
    """The simulated cloud in the background."""

    @property
    def running(self) -> bool:
        """Whether it answers."""
        ...

    @property
    def endpoint(self) -> str:
        """Its URL."""
        ...

    @property
    def pid(self) -> int:
        """Its process."""
        ...

    @property
    def log(self) -> str:
        """The file that it logs to."""
        ...


class Comparison(Protocol):
    """What two revisions of a stack desire."""

    @property
    def plan(self) -> Plan:
        """What the newer one would change; never applied."""
        ...

    @property
    def graph(self) -> Graph:
        """What the newer one desires."""
        ...

    @property
    def base(self) -> str:
        """The older revision, for people."""
        ...

    @property
    def head(self) -> str:
        """The newer one."""
        ...

    @property
    def file(self) -> str:
        """The stack file."""
        ...


class Posted(Protocol):
    """A comment on a pull request."""

    @property
    def done(self) -> str:
        """What was done with it."""
        ...

    @property
    def place(self) -> str:
        """The pull request."""
        ...


class ChartInfo(Protocol):
    """One chart that a release of a stack names."""

    @property
    def address(self) -> str:
        """Of the release."""
        ...

    @property
    def chart(self) -> str:
        """As the stack names it."""
        ...

    @property
    def version(self) -> str:
        """Which one."""
        ...

    @property
    def source(self) -> str:
        """The repository, registry or folder that it comes from."""
        ...

    @property
    def digest(self) -> str:
        """Of what is at hand."""
        ...

    @property
    def pinned(self) -> bool:
        """Whether the stack says which digest it must have."""
        ...

    @property
    def path(self) -> str:
        """Where it is at hand; empty where it is not."""
        ...

    @property
    def problem(self) -> str:
        """Why it cannot be used."""
        ...
