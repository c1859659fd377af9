"""Planning alone: from a resolved stack to a sealed plan, modules and input validation included, no cloud involved.

    python benchmarks/planning.py [--json] [COUNT ...]

Builds stacks of node groups, registries and raw resources until they have COUNT resources (1,000, 10,000 and 100,000
by default), and measures in a process of its own for each: a first plan, in which everything is created, and a second
plan over the same account as if everything had been made, in which nothing is to be done. Exits with 1 where a target
of docs/performance.md is missed.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import resource as accounting
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients
from mlinfra.core.address import Address
from mlinfra.core.clock import SystemClock
from mlinfra.core.facts import Facts, InstanceType
from mlinfra.core.naming import derive_name
from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.core.stack import RawResource, Stack, Target
from mlinfra.core.state import Record, State
from mlinfra.core.value import Expression, Properties, Ref, at, refs, resolve
from mlinfra.engine.decision import merged
from mlinfra.engine.planner import Request, make_plan
from mlinfra.engine.survey import Survey
from mlinfra.library import assembly
from mlinfra.library.library import Library
from mlinfra.providers.aws.provider import AwsProvider

COUNTS = (1_000, 10_000, 100_000)
TARGET_COUNT, TARGET_SECONDS = 10_000, 1.0
OWNERSHIP = Ownership("benchmark", "0123456789abcdef")
REGION = "us-east-1"
FACTS = Facts(
    account="123456789012",
    region=REGION,
    zones=("us-east-1a", "us-east-1b", "us-east-1c"),
    cluster_versions=("1.32", "1.33"),
    instance_types={
        name: InstanceType(name=name, vcpus=4, memory_mib=16384, gpus=gpus)
        for name, gpus in (("m6i.large", 0), ("g5.xlarge", 1))
    },
)


class Nowhere:
    """A stack that was made here has no file."""

    def at(self, path: Any) -> None:
        """Nowhere."""


def stack_of(groups: int) -> Stack:
    """A stack with a network, a cluster, and as many node groups, registries and raw buckets."""
    names = [f"n{number}" for number in range(groups)]
    return Stack(
        file="benchmark.yaml",
        name="benchmark",
        target=Target(platform="aws", region=REGION),
        sections={
            "network": {"zones": 3},
            "cluster": {"version": "1.33"},
            "nodeGroups": {
                "system": {"instances": ["m6i.large"], "min": 2, "max": 3},
                **{name: {"instances": ["g5.xlarge"], "max": 4, "labels": {"pool": name}} for name in names},
            },
            "registries": {name: {"keepLast": 10} for name in names},
        },
        resources={
            name: RawResource(type="aws:ecr/repository:Repository", properties={"name": f"raw/{name}"})
            for name in names
        },
        tags={"team": "recsys", "cost-center": "4411"},
        positions=Nowhere(),
    )


class Bench:
    """One size, measured in this process."""

    def __init__(self, count: int) -> None:
        self._library = Library.of_project(Path())
        clock = SystemClock()
        calls = Calls(Clients(REGION), clock)  # none is made: validation reads the SDK's models
        self._provider = AwsProvider(f"{FACTS.account}/{REGION}", calls, clock, lambda secret: secret.name)
        self._kinds: dict[str, ResourceType] = dict(self._provider.types())
        self._taggable = frozenset(token for token, kind in self._kinds.items() if kind.taggable)
        one, two = len(self._build(stack_of(1)).resources), len(self._build(stack_of(2)).resources)
        self._stack = stack_of(max(1, round((count - one) / (two - one)) + 1))
        make_plan(self._request(self._build(stack_of(1)), State(stack="benchmark", lineage="l"), Survey({})))

    def first(self) -> tuple[int, float]:
        """Everything is to be created: the number of steps, and seconds."""
        gc.collect()
        began = time.process_time()
        plan = self._plan(State(stack="benchmark", lineage=OWNERSHIP.lineage), Survey({}))
        return len(plan.steps), time.process_time() - began

    def second(self) -> tuple[int, float]:
        """Nothing is to be done: the number of pending changes, and seconds."""
        state, survey = self._made()
        gc.collect()
        began = time.process_time()
        plan = self._plan(state, survey)
        return len(plan.pending()), time.process_time() - began

    def _plan(self, state: State, survey: Survey) -> Plan:
        plan = make_plan(self._request(self._build(self._stack), state, survey))
        for step in plan.steps:
            for wrong in self._provider.validate(step.type, step.properties):
                raise SystemExit(f"{step.address}: {wrong}")
        return plan

    def _build(self, stack: Stack) -> Graph:
        return assembly.build(stack, self._library, FACTS, self._taggable)

    def _request(self, graph: Graph, state: State, survey: Survey) -> Request:
        return Request(graph=graph, state=state, survey=survey, types=self._kinds, ownership=OWNERSHIP, region=REGION)

    def _made(self) -> tuple[State, Survey]:
        """A state and an account in which everything is as the stack says."""
        graph = self._build(self._stack)
        made: dict[Address, Properties] = {}

        def lookup(expression: Expression) -> Any:
            if not isinstance(expression, Ref):
                return expression
            # Whatever output is referred to is a text of its own, the same each time.
            try:
                return resolve(at(made.get(expression.address, {}), expression.path), lookup)
            except LookupError:
                return f"{expression.address}:{expression.path}"

        for one in graph:
            made[one.address] = dict(self._named(one.address, self._kinds[one.type], one.properties))
        records, seen = {}, {}
        for one in graph:
            inputs = resolve(made[one.address], lookup)
            outputs = merged(_referred(graph, one.address), inputs)
            identity = str(outputs.get("id", f"id-{one.address}"))
            records[one.address] = Record(
                address=one.address,
                type=one.type,
                id=identity,
                generation=1,
                connection=one.connection,
                inputs=inputs,
                outputs=outputs,
                dependencies=tuple(sorted(one.dependencies())),
            )
            owner = Owner.under(OWNERSHIP, one.address, 1, protect=False)
            tagged = self._kinds[one.type].owned_by is OwnedBy.TAGS
            seen[(one.address, 1)] = Present(identity, outputs, owner if tagged else None)
        return State(stack="benchmark", lineage=OWNERSHIP.lineage, records=records), Survey(seen)

    def _named(self, address: Address, kind: ResourceType, properties: Properties) -> Properties:
        rule = kind.name
        if rule is None or rule.property in properties:
            return properties
        name = derive_name(rule, stack=OWNERSHIP.stack, region=REGION, address=address, generation=1)
        return {**properties, rule.property: name}


_REFERRED: dict[int, dict[Address, Properties]] = {}


def _referred(graph: Graph, address: Address) -> Properties:
    """The outputs of one resource that others refer to, as `lookup` spells them."""
    if id(graph) not in _REFERRED:
        table: dict[Address, Properties] = {}
        for one in graph:
            for ref in refs(one.properties):
                _nest(table.setdefault(ref.address, {}), ref)
        _REFERRED[id(graph)] = table
    return _REFERRED[id(graph)].get(address, {})


def _nest(outputs: Properties, ref: Ref) -> None:
    text = f"{ref.address}:{ref.path}"
    place: Any = outputs
    for part, following in zip(ref.path, [*ref.path[1:], None], strict=True):
        empty: Any = text if following is None else [] if isinstance(following, int) else {}
        if isinstance(place, list):
            if not place:
                place.append(empty)
            place = place[0]
        else:
            place = place.setdefault(part, empty)


def measure(count: int) -> dict[str, Any]:
    """One size in this process: seconds, and the peak of memory in MiB."""
    bench = Bench(count)
    steps, first = bench.first()
    peak = accounting.getrusage(accounting.RUSAGE_SELF).ru_maxrss / 1024
    pending, second = bench.second()
    return {
        "resources": steps,
        "first_plan_seconds": round(first, 3),
        "second_plan_seconds": round(second, 3),
        "second_plan_changes": pending,
        "peak_mib": round(peak),
    }


def rows_of(counts: list[int]) -> Iterator[dict[str, Any]]:
    """Each size in a process of its own, so that one's memory is not the other's."""
    for count in counts:
        command = [sys.executable, __file__, "--one", str(count)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(ran.stderr)
        yield json.loads(ran.stdout)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("counts", nargs="*", type=int, metavar="COUNT")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return 0
    rows = list(rows_of(given.counts or list(COUNTS)))
    missed = [
        row for row in rows if row["resources"] <= TARGET_COUNT * 1.05 and row["first_plan_seconds"] > TARGET_SECONDS
    ]
    if given.json:
        print(json.dumps(rows, indent=2))
    else:
        print(f"Python {platform.python_version()}, {platform.machine()}")
        print(f"{'resources':>10} {'first plan':>12} {'second plan':>12} {'peak memory':>12}")
        for row in rows:
            first, second = row["first_plan_seconds"], row["second_plan_seconds"]
            print(f"{row['resources']:>10,} {first:>10.2f} s {second:>10.2f} s {row['peak_mib']:>8} MiB")
        print(f"target: {TARGET_COUNT:,} resources within {TARGET_SECONDS:g} s: {'missed' if missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
