"""What the commands ask of the session: its ports, as the command line sees them.

`mlinfra.session`, a module, implements `Sessions`; tests implement it in memory. Nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from mlinfra.cli.answers import (
    ChartInfo,
    Comparison,
    Estimate,
    Expanded,
    Judgement,
    ModuleInfo,
    Posted,
    Rebuilt,
    RuleInfo,
    SandboxStatus,
)
from mlinfra.core.backend import Holder
from mlinfra.core.capacity import Capacity
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.endpoint import Endpoint
from mlinfra.core.health import Health
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

    def plan(
        self,
        *,
        destroy: bool = False,
        targets: tuple[str, ...] = (),
        refresh: bool = True,
        refresh_facts: bool = False,
        delete_data: bool = False,
        remove_foreign: bool = False,
        on_progress: Progress = ...,
    ) -> Plan:
        """What would be done."""
        ...

    def whereabouts(self) -> Mapping[str, str]:
        """What people must know of the place that is changed, beside the target, by what it is."""
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

    def apply(self, plan: Plan, *, listener: Listener, stop: Any, at_once: bool = ...) -> Report:
        """Do what was planned. at_once: it was planned a moment ago, and nobody was asked since."""
        ...

    def drift(self) -> Plan:
        """What others changed, as a plan that is never applied."""
        ...

    def adopt(self, address: str, id: str) -> Plan:
        """The plan of adopting one object."""
        ...

    def capacity(self) -> Capacity:
        """Whether there is room for it."""
        ...

    def refresh_prices(self) -> tuple[str, tuple[Diagnostic, ...]]:
        """Read its prices anew, and answer the file that keeps them, and what could not be read."""
        ...

    def outputs(self) -> Mapping[str, Value]:
        """What the last apply answered."""
        ...

    def state(self) -> State | None:
        """What is remembered."""
        ...

    def kubeconfig(self, port: int = ...) -> tuple[Mapping[str, Any], str]:
        """How Kubernetes clients reach the stack's cluster, and what they need besides, in words."""
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

    def check_policies(self, options: Any) -> Judgement:
        """What the rules find in what a stack desires; no account is asked. Raises `ConfigError`."""
        ...

    def estimate_cost(self, options: Any) -> Estimate:
        """What a stack comes to; no account is asked. Raises `ConfigError`."""
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

    def stack_name(self, options: Any) -> str:
        """What a stack is called that cannot be read; empty where nobody can tell. Raises nothing."""
        ...

    def check_health(self, options: Any) -> Health:
        """How what a stack made is now. Raises `ConfigError` and `StateError`."""
        ...

    def list_endpoints(self, options: Any) -> Sequence[Endpoint]:
        """Its models as services. Raises `ConfigError`, `StateError` and `ProviderError`."""
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
