"""A session in memory: it answers with the plan it was given and walks it, so that commands can be run for real."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from mlinfra.cli.answers import ChartInfo, Comparison, ModuleInfo, Posted, RuleInfo, SandboxStatus
from mlinfra.cli.main import main
from mlinfra.cli.sessions import Progress, Session
from mlinfra.cli.shell import Shell
from mlinfra.core import codec
from mlinfra.core.backend import Holder
from mlinfra.core.capacity import Capacity
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.endpoint import Endpoint
from mlinfra.core.errors import ApplyIncomplete, ConfigError, MlinfraError
from mlinfra.core.health import Health
from mlinfra.core.plan import Plan, Step
from mlinfra.core.report import Began, Ended, Failed, Listener, Report, Said, Skipped
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.stack import Stack, Target
from mlinfra.core.state import State
from mlinfra.core.value import Value
from mlinfra.policy.finding import Judgement
from mlinfra.session.plans.policies import rules
from mlinfra.session.pull_requests.comments import post_comment
from mlinfra.session.pull_requests.offline import Estimate
from mlinfra.session.state.inventory import LeftBehind, Owned
from tests.cli import advice, plans
from tests.cli.answers import Box, Charted, Compared, Found, Leaf, Module, Nowhere, records


class Given(msgspec.Struct, frozen=True):
    file: str
    sets: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    by_state: bool = False


class Halt:
    def __init__(self) -> None:
        self.asked = 0

    def once(self) -> None:
        self.asked = 1

    def twice(self) -> None:
        self.asked = 2


class FakeSession:
    """One stack. `failing` maps addresses to (code, message); what comes after a failure is not reached."""

    def __init__(
        self,
        plan: Plan = plans.NO_OP,
        *,
        failing: Mapping[str, tuple[str, str]] | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
        outputs: Mapping[str, Value] | None = None,
        left: Sequence[Owned] = (),
        resources: Sequence[Resource] = (),
        lineages: tuple[str, ...] = ("l1",),
        interrupting: str = "",
        name: str = "demo",
    ) -> None:
        self.stack = Stack(
            file="stack.yaml",
            name=name,
            target=Target(platform="aws", region="us-east-1", account="123456789012"),
            sections={"network": {"cidr": "10.0.0.0/16"}, "nodeGroups": {"gpu": {}}},
            positions=Nowhere(),
        )
        self.diagnostics = diagnostics
        self._plan, self._failing, self._left = plan, failing or {}, left
        self._outputs = outputs or {}
        self._resources, self._lineages, self._interrupting = resources, lineages, interrupting
        self._state: State | None = State(stack=name, lineage="l1", serial=4, records=records())
        self.lock: Holder | None = None
        self.asked: list[Any] = []
        self.halt = Halt()

    def refusals(self) -> tuple[Diagnostic, ...]:
        return ()

    def expanded(self) -> Sequence[Leaf]:
        return [
            Leaf("metadata.name", "demo", "stack.yaml:3"),
            Leaf("network.nat", "single", "default"),
            Leaf("nodeGroups.gpu.max", 4, "--set"),
        ]

    def graph(self) -> Graph:
        return Graph.of(self._resources)

    def plan(
        self,
        *,
        destroy: bool = False,
        targets: tuple[str, ...] = (),
        refresh: bool = True,
        refresh_facts: bool = False,
        delete_data: bool = False,
        remove_foreign: bool = False,
        on_progress: Progress = lambda _: None,
    ) -> Plan:
        self.asked.append({"targets": targets, "refresh": refresh, "refresh_facts": refresh_facts})
        on_progress("reading the cloud")
        return msgspec.structs.replace(self._plan, destroy=destroy)

    def recover(self) -> tuple[Diagnostic, ...]:
        self.asked.append("recover")
        return ()

    def save(self, plan: Plan, path: str) -> None:
        with open(path, "wb") as file:  # noqa: PTH123 - as plain as can be
            file.write(codec.encode(plan))

    def stop(self) -> Halt:
        return self.halt

    def apply(self, plan: Plan, *, listener: Listener, stop: Any, at_once: bool = False) -> Report:
        ended: list[Ended] = []
        failed: list[Failed] = []
        skipped: list[Skipped] = []
        for number, step in enumerate(plan.steps, 1):
            if failed or stop.asked:
                skipped.append(Skipped(step, failed[0].step.address if failed else None))
                listener(skipped[-1])
                continue
            listener(Began(step, number, len(plan.steps)))
            if step.address == self._interrupting:
                os.kill(os.getpid(), signal.SIGINT)
            listener(Said(step, "waiting for it to be active"))
            event = self._work(step)
            (failed if isinstance(event, Failed) else ended).append(event)  # type: ignore[arg-type]
            listener(event)
        report = Report(ended=tuple(ended), failed=tuple(failed), skipped=tuple(skipped), stopped=bool(stop.asked))
        if not report.complete:
            raise ApplyIncomplete(report)
        if plan.destroy and self._left:
            raise LeftBehind(self._left)
        return report

    def _work(self, step: Step) -> Ended | Failed:
        if step.address in self._failing:
            code, message = self._failing[step.address]
            return Failed(step, 2.5, code, message, "raise the quota")
        return Ended(step, 1.25, "id-" + step.address.rpartition(".")[2])

    def drift(self) -> Plan:
        return self._plan

    def adopt(self, address: str, id: str) -> Plan:
        self.asked.append((address, id))
        return self._plan

    def capacity(self) -> Capacity:
        return advice.CAPACITY

    def refresh_prices(self) -> tuple[str, tuple[Diagnostic, ...]]:
        self.asked.append("refresh prices")
        return ".mlinfra/prices/us-east-1.json", advice.UNREAD

    def outputs(self) -> Mapping[str, Value]:
        return self._outputs

    def state(self) -> State | None:
        return self._state

    def kubeconfig(self, port: int = 8443) -> tuple[Mapping[str, Any], str]:
        return {"apiVersion": "v1", "kind": "Config"}, f"open the tunnel to port {port}"

    def whereabouts(self) -> Mapping[str, str]:
        return {}

    def location(self) -> str:
        return ".mlinfra/state/demo"

    def holder(self) -> Holder | None:
        return self.lock

    def move(self, origin: str, target: str) -> None:
        self.asked.append(("move", origin, target))

    def forget(self, address: str) -> None:
        assert self._state is not None
        kept = {key: record for key, record in self._state.records.items() if key != address}
        if len(kept) == len(self._state.records):
            raise MlinfraError(f"no record is called {address}", code="MLI6001")
        self._state = msgspec.structs.replace(self._state, records=kept)

    def rebuild(self) -> Found:
        return Found(State(stack="demo", lineage=self._lineages[0], records=records()), self._lineages)

    def accept(self, rebuilt: Any) -> None:
        self.asked.append(("accept", rebuilt.state.lineage))

    def unlock(self, token: int) -> None:
        self.asked.append(("unlock", token))
        self.lock = None

    def inventory(self) -> Sequence[Owned]:
        return self._left


class FakeSessions:
    """Stands where `mlinfra.session` stands."""

    Options = Given

    def __init__(self, session: FakeSession, *, refusing: tuple[Diagnostic, ...] = ()) -> None:
        self.session, self._refusing = session, refusing
        self.opened: list[Given] = []
        self.box = Box(running=False)
        self.charts = [
            Charted(address="components.keda", chart="keda"),
            Charted(
                address="resources.web", chart="oci://r.example.com/web", source="oci://r.example.com", pinned=True
            ),
        ]
        self.health = advice.HEALTH
        self.buckets: list[tuple[str, str, str]] = []

    def open_session(self, options: Given) -> Session:
        self.opened.append(options)
        if self._refusing:
            raise ConfigError(self._refusing)
        return self.session

    def open_plan(self, path: str) -> tuple[Session, Plan]:
        with open(path, "rb") as file:  # noqa: PTH123 - as plain as can be
            return self.session, codec.decode(file.read(), Plan)

    def schema(self) -> Mapping[str, Any]:
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}

    def token_credential(self, cluster: str, region: str, environ: Mapping[str, str]) -> Mapping[str, Any]:
        return {"kind": "ExecCredential", "status": {"token": f"{cluster} in {region}"}}

    def modules(self) -> Sequence[ModuleInfo]:
        schema = {
            "type": "object",
            "required": ["instances"],
            "properties": {
                "instances": {"type": "array", "items": {"type": "string"}, "description": "In order of preference."},
                "min": {"type": "integer", "default": 0, "description": "Fewest nodes."},
            },
        }
        return [
            Module(
                "node-group", "nodeGroups", True, "Machines.", schema, {"name": "Its name."}, True, "modules/node_group"
            ),
            Module("kserve", "runtimes", True, "Model serving.", {}, {}, False, "modules/kserve"),
        ]

    def compare(self, options: Given, base: str, head: str, *, merge_base: bool) -> Comparison:
        return Compared(
            self.session.plan(), self.session.graph(), base, head or "the files as they stand", options.file
        )

    def post_comment(self, body: str, environ: Mapping[str, str], **where: Any) -> Posted:
        return post_comment(body, environ, **where)

    def list_charts(self, options: Given) -> Sequence[ChartInfo]:
        return self.charts

    def pull_charts(self, options: Given) -> Sequence[ChartInfo]:
        return [
            one if one.problem else msgspec.structs.replace(one, path="here", digest="5a" * 32) for one in self.charts
        ]

    def check_policies(self, options: Given) -> Judgement:
        return Judgement(packs=("baseline",), rules=30, notes=self.session.plan().diagnostics)

    def estimate_cost(self, options: Given) -> Estimate:
        return Estimate(self.session.stack, advice.COST, ())

    def stack_name(self, options: Given) -> str:
        return self.session.stack.name

    def check_health(self, options: Given) -> Health:
        self.opened.append(options)
        return self.health

    def list_endpoints(self, options: Given) -> Sequence[Endpoint]:
        return advice.ENDPOINTS

    def rules(self) -> Sequence[RuleInfo]:
        return rules()

    def make_state_bucket(self, platform: str, region: str, bucket: str) -> None:
        self.buckets.append((platform, region, bucket))

    def sandbox_up(self, port: int | None) -> SandboxStatus:
        self.box = Box(True, f"http://127.0.0.1:{port or 4566}", 4711, ".mlinfra/sandbox.log")
        return self.box

    def sandbox_down(self) -> None:
        self.box = Box(running=False)

    def sandbox_status(self) -> SandboxStatus:
        return self.box

    def sandbox_reset(self) -> None:
        if not self.box.running:
            raise MlinfraError("no sandbox is running", code="MLI7001")


class Terminal(io.StringIO):
    """A stream at which someone sits."""

    def isatty(self) -> bool:
        return True


class Run(msgspec.Struct, frozen=True):
    """What a run printed, and how it ended."""

    code: int
    out: str
    err: str


def run(
    *args: str,
    session: FakeSession | None = None,
    sessions: FakeSessions | None = None,
    typed: str | None = None,
    environ: Mapping[str, str] | None = None,
    before: Callable[[Shell], None] = lambda _: None,
) -> Run:
    """Run the command line; with `typed`, at a terminal where that is typed."""
    made = sessions or FakeSessions(session or FakeSession())
    out, err = (io.StringIO(), io.StringIO()) if typed is None else (Terminal(), Terminal())
    stdin = io.StringIO() if typed is None else Terminal(typed)
    plain = {"TERM": "dumb", "COLUMNS": "100"}
    shell = Shell(stdin=stdin, stdout=out, stderr=err, environ=environ or plain, sessions=lambda: made)
    before(shell)
    code = main(args, shell)
    return Run(code, out.getvalue(), err.getvalue())
