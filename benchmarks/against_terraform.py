"""mlinfra against Terraform: the same resources with both tools, side by side in one simulated account.

    python benchmarks/against_terraform.py [--json] [--mirror DIR] [--runs N] [COUNT ...]

The account is a process of its own, whose log of calls counts what either tool asks. For each size both apply, then
take turns at planning with nothing to do, with and without refresh, then both destroy. Times are by the wall and from
the start of a process to its end; of plans the medians of N runs. Both refresh everything, both with their defaults.
Exits with 0 only where the targets of docs/performance.md hold, with 2 where something is missing on this machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.comparison.measurement import CallCount, Measured, measure
from benchmarks.comparison.stacks import COUNTS, Sizes, stack_of
from benchmarks.comparison.tools import Missing, Ours, Terraform, Tool, graph_of, mirror_in, program
from mlinfra.sandbox import background

PLAN, OFFLINE, APPLY, DESTROY = "no-op plan", "plan without refresh", "apply", "destroy"


class Target(msgspec.Struct, frozen=True):
    """What a no-op plan must reach: how many times less than Terraform it takes of each."""

    seconds: float
    calls: float
    peak_mib: float = 0.0


TARGETS = {47: Target(5, 2), 1083: Target(8, 4, 4)}


class Row(msgspec.Struct, frozen=True):
    """One operation at one size, by both tools."""

    resources: int
    operation: str
    ours: Measured
    theirs: Measured

    def ratio(self, measure: str) -> float | None:
        """How many times as much the other takes; `None` where we take nothing."""
        ours = getattr(self.ours, measure)
        return getattr(self.theirs, measure) / ours if ours else None

    def misses(self) -> Iterator[str]:
        """The targets that it does not reach."""
        target = TARGETS.get(self.resources) if self.operation == PLAN else None
        for name, least in msgspec.structs.asdict(target).items() if target else ():
            ratio = self.ratio(name)
            if least and ratio is not None and ratio < least:
                yield f"{self.resources:,} resources, {name}: {ratio:.1f} times less, not {least:g}"


class Comparison:
    """Both tools at one size, in folders of their own in one account."""

    def __init__(self, folder: Path, endpoint: str, mirror: Path, count: int, runs: int) -> None:
        self._runs = runs
        self._calls = CallCount(endpoint)
        homes = [folder / f"{name}-{count}" for name in ("ours", "theirs")]
        for home in homes:
            home.mkdir()
        ours, theirs = Ours(homes[0], endpoint), Terraform(homes[1], endpoint, mirror)
        self.tools: tuple[Tool, Tool] = (ours, theirs)
        sizes = filled(count, homes[0], ours)
        made = [tool.prepare(sizes) for tool in self.tools]
        if made != [count, count]:
            raise SystemExit(f"the tools would make {made[0]} and {made[1]} resources, not {count}")
        self.version = theirs.version()
        self._count = count

    def rows(self, say: Callable[[str], None]) -> Iterator[Row]:
        """Every operation, in the order of a stack's life."""
        yield self._row(APPLY, [self._once(APPLY, tool, tool.apply, say) for tool in self.tools])
        for operation, commands in (
            (PLAN, [tool.plan for tool in self.tools]),
            (OFFLINE, [tool.plan_without_refresh for tool in self.tools]),
        ):
            turns = [
                [self._once(operation, tool, command, say) for tool, command in zip(self.tools, commands, strict=True)]
                for _ in range(self._runs)
            ]
            yield self._row(operation, [_median(runs) for runs in zip(*turns, strict=True)])
        yield self._row(DESTROY, [self._once(DESTROY, tool, tool.destroy, say) for tool in self.tools])

    def _once(self, operation: str, tool: Tool, command: list[str], say: Callable[[str], None]) -> Measured:
        measured = measure(command, tool.folder, tool.environment, self._calls)
        say(f"{self._count:,} resources, {operation}, {tool.name}: {_spelt(measured)}")
        return measured

    def _row(self, operation: str, both: Sequence[Measured]) -> Row:
        return Row(self._count, operation, *both)


def filled(count: int, folder: Path, ours: Ours) -> Sizes:
    """The sizes that give `count` resources: those declared for it, and alarms for what is left."""
    known = max((size for size in COUNTS if size <= count), default=min(COUNTS))
    sizes = COUNTS[known]
    graph = graph_of(stack_of("ours", sizes), folder, ours.environment)
    return msgspec.structs.replace(sizes, alarms=max(0, count - len(graph.resources)))


def _median(runs: Sequence[Measured]) -> Measured:
    return Measured(
        **{name: statistics.median(getattr(run, name) for run in runs) for name in Measured.__struct_fields__}
    )


def _spelt(one: Measured) -> str:
    return f"{one.seconds:.2f} s ({one.cpu:.2f} s of processor), {one.calls:g} calls, {one.peak_mib:.0f} MiB"


def compare(counts: list[int], mirror: Path, runs: int, say: Callable[[str], None]) -> tuple[str, list[Row]]:
    """All rows, and the version of what we compare ourselves with."""
    rows: list[Row] = []
    version = ""
    with tempfile.TemporaryDirectory(prefix="mlinfra-benchmark-") as folder:
        root = Path(folder) / "sandbox"
        endpoint = background.up(root=root).endpoint
        try:
            for count in counts:
                comparison = Comparison(Path(folder), endpoint, mirror, count, runs)
                version = comparison.version
                rows += comparison.rows(say)
        finally:
            background.down(root=root)
    return version, rows


def table(rows: list[Row]) -> str:
    """For people: ours, theirs, and how many times as much theirs is."""
    lines = [f"{'':>9}  {'':<20}  {'time (s)':^22}  {'calls':^21}  {'memory (MiB)':^21}"]
    lines.append(f"{'resources':>9}  {'':<20}" + f"  {'ours':>6} {'theirs':>7} {'ratio':>7}" * 3)
    for row in rows:
        line = f"{row.resources:>9,}  {row.operation:<20}"
        for name, form in (("seconds", ".2f"), ("calls", ".0f"), ("peak_mib", ".0f")):
            ratio = row.ratio(name)
            told = f"{ratio:.1f}x" if ratio is not None else "-"
            line += f"  {getattr(row.ours, name):>6{form}} {getattr(row.theirs, name):>7{form}} {told:>7}"
        lines.append(line)
    return "\n".join(lines)


def document(version: str, rows: list[Row], misses: list[str]) -> dict[str, Any]:
    """For programs."""
    found = []
    for row in rows:
        ratios = {name: ratio and round(ratio, 2) for name in Measured.__struct_fields__ for ratio in [row.ratio(name)]}
        found.append({**msgspec.to_builtins(row), "ratios": ratios})
    return {"against": version, "python": platform.python_version(), "rows": found, "missed": misses}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("counts", nargs="*", type=int, metavar="COUNT", help="47 and 1083, where nothing is said")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--mirror", default="", metavar="DIR", help="the mirror with Terraform's AWS provider")
    parser.add_argument("--runs", type=int, default=5, help="how often each plans (5)")
    given = parser.parse_args()
    try:
        program()
        mirror = mirror_in(given.mirror)
        version, rows = compare(
            given.counts or list(COUNTS), mirror, given.runs, lambda words: print(words, file=sys.stderr)
        )
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    misses = [miss for row in rows for miss in row.misses()]
    if given.json:
        print(json.dumps(document(version, rows, misses), indent=2))
    else:
        print(f"against {version}; Python {platform.python_version()}, {platform.machine()}")
        print(table(rows))
        print("\n".join(["missed:", *misses]) if misses else "the targets are met")
    return 1 if misses else 0


if __name__ == "__main__":
    raise SystemExit(main())
