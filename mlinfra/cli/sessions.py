"""What the commands ask of the session: its ports, as the command line sees them.

`mlinfra.session`, a module, implements `Sessions`; tests implement it in memory. Nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, Protocol

from mlinfra.core.backend import Holder
from mlinfra.core.capacity import Capacity
from mlinfra.core.cost import Cost
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Plan
from mlinfra.core.report import Listener, Report
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.core.value import Value

Progress = Callable[[str], None]


class Stop(Protocol):
    """How a walk is asked to end before its time."""

    def once(self) -> None:
        """Begin nothing more, and finish what is in flight."""
        ...

    def twice(self) -> None:
        """Stop at once; what was begun is looked up by the next run."""
        ...


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

    def diagnostics(self) -> Sequence[Diagnostic]:
        """The findings."""
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


class Session(Protocol):
    """One stack file, read and connected."""

    @property
    def stack(self) -> Stack:
        """The stack."""
        ...

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes of loading."""
        ...

    def refusals(self) -> tuple[Diagnostic, ...]:
        """What the modules have against it, as far as that is known without an account."""
        ...

    def expanded(self) -> Sequence[Expanded]:
        """Every leaf of the stack, defaults included, in the order of the file."""
        ...

    def graph(self) -> Graph:
        """What is desired."""
        ...

    def judgement(self) -> Judgement:
        """What the rules find in it."""
        ...

    def plan(
        self,
        *,
        destroy: bool = False,
        targets: tuple[str, ...] = (),
        refresh: bool = True,
        refresh_facts: bool = False,
        delete_data: bool = False,
        on_progress: Progress = ...,
    ) -> Plan:
        """What would be done."""
        ...

    def recover(self) -> tuple[Diagnostic, ...]:
        """Look up what an interrupted run had begun, and answer what could not be seen."""
        ...

    def save(self, plan: Plan, path: str) -> None:
        """Write a plan file."""
        ...

    def stop(self) -> Stop:
        """A new stop, to be given to `apply`."""
        ...

    def apply(self, plan: Plan, *, listener: Listener, stop: Any) -> Report:
        """Do what was planned."""
        ...

    def drift(self) -> Plan:
        """What others changed, as a plan that is never applied."""
        ...

    def adopt(self, address: str, id: str) -> Plan:
        """The plan of adopting one object."""
        ...

    def cost(self) -> Cost:
        """What the stack comes to."""
        ...

    def capacity(self) -> Capacity:
        """Whether there is room for it."""
        ...

    def refresh_prices(self) -> str:
        """Read its prices anew, and answer the file that keeps them."""
        ...

    def outputs(self) -> Mapping[str, Value]:
        """What the last apply answered."""
        ...

    def state(self) -> State | None:
        """What is remembered."""
        ...

    def kubeconfig(self) -> Mapping[str, Any]:
        """How Kubernetes clients reach the stack's cluster."""
        ...

    def location(self) -> str:
        """Where that is kept."""
        ...

    def holder(self) -> Holder | None:
        """Who holds the lock."""
        ...

    def move(self, origin: str, target: str) -> None:
        """Rename in the state."""
        ...

    def forget(self, address: str) -> None:
        """Drop from the state; the object stays."""
        ...

    def rebuild(self) -> Rebuilt:
        """What a lost state would be."""
        ...

    def accept(self, rebuilt: Any) -> None:
        """Write a rebuilt state."""
        ...

    def unlock(self, token: int) -> None:
        """Break the lock that bears this token."""
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


class Sessions(Protocol):
    """How commands come by a session, and what needs none."""

    @property
    def Options(self) -> Callable[..., Any]:  # noqa: N802 - the session module's own noun
        """Makes the options of `open_session`: file, sets, inputs."""
        ...

    def open_session(self, options: Any) -> Session:
        """Read a stack. Raises `ConfigError` with every diagnostic."""
        ...

    def open_plan(self, path: str) -> tuple[Session, Plan]:
        """Read a plan file."""
        ...

    def compare(self, options: Any, base: str, head: str, *, merge_base: bool) -> Comparison:
        """What two git revisions of a stack desire. Raises `ConfigError` and `PlanError`."""
        ...

    def post_comment(
        self, body: str, environ: Mapping[str, str], *, forge: str, repository: str, number: int | None
    ) -> Posted:
        """Post a comment on a pull request, or bring it up to date. Raises `ProviderError`."""
        ...

    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the stack file."""
        ...

    def token_credential(self, cluster: str, region: str, environ: Mapping[str, str]) -> Mapping[str, Any]:
        """A token for a cluster's API, as the client that speaks through the environment takes it."""
        ...

    def modules(self) -> Sequence[ModuleInfo]:
        """Every module found."""
        ...

    def list_charts(self, options: Any) -> Sequence[ChartInfo]:
        """The charts of a stack; nothing is fetched. Raises `ConfigError`."""
        ...

    def pull_charts(self, options: Any) -> Sequence[ChartInfo]:
        """The same, each fetched where it is not at hand."""
        ...

    def rules(self) -> Sequence[RuleInfo]:
        """Every rule found."""
        ...

    def make_state_bucket(self, platform: Literal["aws", "sandbox"], region: str, bucket: str) -> None:
        """Make a bucket for states, or finish one that was begun."""
        ...

    def sandbox_up(self, port: int | None) -> SandboxStatus:
        """Start the sandbox, or answer the running one."""
        ...

    def sandbox_down(self) -> None:
        """Stop it; its data end with it."""
        ...

    def sandbox_status(self) -> SandboxStatus:
        """How it is."""
        ...

    def sandbox_reset(self) -> None:
        """Empty it."""
        ...
