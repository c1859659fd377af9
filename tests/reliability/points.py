"""Points: the single experiments of a long form, which ones are done, and what came out.

A long form goes through its points in order, leaves out those that the ledger has, and notes each as soon as it is
done; so it may be stopped at any time and goes on from there. `python -m tests.reliability.points` prints the figures.

    MLINFRA_TEST_LEDGER   the file, `.mlinfra/reliability.jsonl` unless given; remove it to begin anew
    MLINFRA_TEST_SECONDS  how long each shard may take in one run; 0, the default, is until all is done
"""

from __future__ import annotations

import fcntl
import gc
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

SHARDS = 8
LEDGER = Path(os.environ.get("MLINFRA_TEST_LEDGER", ".mlinfra/reliability.jsonl")).absolute()
_LONGEST = 2000
SECONDS = float(os.environ.get("MLINFRA_TEST_SECONDS", "0"))

sharded = pytest.mark.parametrize("shard", range(SHARDS))


class Noted(msgspec.Struct, frozen=True):
    """One point that was run. `failure` is empty where it came out as it should."""

    test: str
    point: str
    when: str
    failure: str = ""


def noted() -> list[Noted]:
    """All that the ledger has."""
    if not LEDGER.exists():
        return []
    return [msgspec.json.decode(line, type=Noted) for line in LEDGER.read_bytes().splitlines()]


def note(test: str, point: str, failure: str) -> None:
    """Add one line."""
    LEDGER.parent.mkdir(parents=True, exist_ok=True)
    line = msgspec.json.encode(Noted(test, point, datetime.now(UTC).isoformat(timespec="seconds"), failure))
    with LEDGER.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line + b"\n")


def run(test: str, shard: int, points: Iterable[str], experiment: Callable[[str], None]) -> None:
    """Try the points of one shard that have not come out well yet. Fails at the end where any of them failed."""
    done = {one.point for one in noted() if one.test == test and not one.failure}
    failed = []
    began = time.monotonic()
    for point in _of(shard, points):
        if SECONDS and time.monotonic() - began > SECONDS:
            break
        if point in done:
            continue
        failure = _tried(experiment, point)
        note(test, point, failure)
        gc.collect()  # each point is a world of its own; the program itself collects next to nothing
        if failure:
            failed.append(f"{point}: {failure}")
    assert failed == []


def _of(shard: int, points: Iterable[str]) -> Iterator[str]:
    return (point for point in points if zlib.crc32(point.encode()) % SHARDS == shard)


def _tried(experiment: Callable[[str], None], point: str) -> str:
    try:
        experiment(point)
    except Exception as error:  # noqa: BLE001 - a point that fails is noted, and the others are tried nevertheless
        said = f"{type(error).__name__}: {error}"
        return said if len(said) <= _LONGEST else f"{said[:200]} ... {said[-_LONGEST:]}"  # the end says why
    return ""


def figures(lines: Iterable[Noted]) -> Iterator[str]:
    """For each test: how many points, how many of them came out well when last tried, and when that was."""
    last: dict[tuple[str, str], Noted] = {(one.test, one.point): one for one in lines}
    for test in sorted({name for name, _ in last}):
        ours = [one for (name, _), one in last.items() if name == test]
        good = sum(not one.failure for one in ours)
        first, latest = min(one.when for one in ours), max(one.when for one in ours)
        yield f"{test:32} {len(ours):7,} points  {good:7,} good  {first} to {latest}"
        yield from (f"    {one.point}: {one.failure.splitlines()[0]}" for one in ours if one.failure)


if __name__ == "__main__":
    for row in figures(noted()):
        print(row)
