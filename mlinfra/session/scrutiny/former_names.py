"""Former names: a stack that is new by its name, while another beside it was made of the same things.

Whoever changes `metadata.name` of an applied stack gets a second one, and the first stays and is paid for. The session
asks it of each plan of a stack that has made nothing yet. It reads the states beside the stack's own, in a directory;
of a bucket it lists nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from mlinfra.core.clock import Clock
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import StateError
from mlinfra.core.plan import Plan, Step, Verb
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.state import Record, State
from mlinfra.session.codes import Code
from mlinfra.state.lease import Claimant
from mlinfra.state.local import LocalBackend

_BUCKET = "s3://"


def with_former_name(plan: Plan, stack: Stack, state: State, location: str, clock: Clock) -> Plan:
    """The plan, with a warning where an applied stack beside it may be this one under its former name."""
    source = stack.positions.at(("metadata", "name"))
    if state.serial or location.startswith(_BUCKET) or _is_made_of_inputs(source):
        return plan
    beside = _states_beside(Path(location), clock)
    strangers = [one for one in beside if not _is_described(one.stack, Path(stack.file))]
    former = _most_alike(strangers, [step for step in plan.steps if step.verb is Verb.CREATE])
    if former is None:
        return plan
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, _told(stack.name, *former, source)))


def _states_beside(location: Path, clock: Clock) -> Iterator[State]:
    folder = location.parent
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place == location or not place.is_dir():
            continue
        try:
            found = LocalBackend(place, place.name, clock, Claimant.here()).read()
        except StateError:
            continue  # no state of a stack called so, or a damaged one: that stack's own commands tell what is wrong
        if found is not None:
            yield found


def _is_made_of_inputs(source: Source | None) -> bool:
    """Whether the name is written with an input in it: then one file is meant to describe several stacks."""
    lines = _text(Path(source.file)).splitlines() if source is not None else []
    return source is not None and 0 < source.line <= len(lines) and "${" in lines[source.line - 1]


def _is_described(name: str, file: Path) -> bool:
    """Whether another file beside the stack's own bears that name: then both are meant."""
    written = re.compile(rf"\bname:\s*[\"']?{re.escape(name)}[\"']?\s*([,}}#]|$)", re.MULTILINE)
    others = (one for one in sorted(file.parent.glob("*.y*ml")) if one.name != file.name)
    return any(written.search(_text(one)) for one in others)


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""


def _most_alike(states: Iterable[State], makes: list[Step]) -> tuple[State, int] | None:
    """The state that has most of what is to be made, and how much; `None` where none has more than half of both."""
    shared = [(one, sum(_is_same(one.records.get(step.address), step) for step in makes)) for one in states]
    alike = [(one, count) for one, count in shared if count * 2 > max(len(one.records), len(makes))]
    return max(alike, key=lambda pair: pair[1], default=None)


def _is_same(record: Record | None, step: Step) -> bool:
    """Whether both are the same thing in the same account and region, or cluster, as far as that is known."""
    if record is None or record.type != step.type or record.connection.kind != step.connection.kind:
        return False
    there, here = record.connection.identity, step.connection.identity
    return there == here or not isinstance(here, str)


def _told(name: str, former: State, shared: int, source: Source | None) -> Diagnostic:
    old = former.stack
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.FORMER_NAME,
        summary=f"{name} is a new stack, and {old} beside it has {shared:,} of the same objects already",
        detail=f"A stack is known by its name: if this one was called {old} before, all that was made of it stays, is "
        "paid for beside the new one, and is not shown here.",
        source=source,
        hint=f"keep the name {old} to go on with what is there; or, under that name, run `mlinfra destroy STACK` before"
        " this is applied; where both are meant, go on",
    )
