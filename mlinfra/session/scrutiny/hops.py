"""Hops: the steps of an upgrade that a plan makes one after the other, said to whoever reviews it.

A change shows where an object comes from and where it goes. EKS goes one minor version at a time, and nodes follow.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Change, Field, Plan, Step, Verb
from mlinfra.core.resource import Graph
from mlinfra.session.codes import Code

_VERSION = "version"
_CLUSTER = "aws:eks/cluster:Cluster"
# How many minor versions nodes may lie behind the control plane: three since 1.28
# (kubernetes.io/releases/version-skew-policy, November 2026). EKS refuses to go further with older nodes.
_SKEW = 3


def with_hops(plan: Plan, graph: Graph) -> Plan:
    """The plan, with a note for each object that gets to its version in several steps, and an error where it cannot."""
    found = [
        _told(plan, steps, graph) for steps in _hops(plan) if len({step.properties[_VERSION] for step in steps}) > 1
    ]
    found += [_refused(change, field) for change in plan.changes for field in change.fields if _is_down(change, field)]
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found)) if found else plan


def _is_down(change: Change, field: Field) -> bool:
    """Whether a cluster would go to an older version: EKS has no way back (user guide, "Update cluster", 2026-11)."""
    if change.type != _CLUSTER or change.action is not Action.UPDATE or field.path != (_VERSION,):
        return False
    before, after = _numbers(field.before), _numbers(field.after)
    return bool(before and after) and after < before


def _numbers(version: object) -> tuple[int, ...]:
    parts = version.split(".") if isinstance(version, str) else []
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _refused(change: Change, field: Field) -> Diagnostic:
    return Diagnostic(
        code=Code.VERSION_DOWN,
        summary=f"{change.address} is at version {field.before} and cannot go down to {field.after}: EKS refuses that",
        address=change.address,
        source=change.source,
        hint=f'set its version to "{field.before}" or a later one',
    )


def _hops(plan: Plan) -> Iterator[list[Step]]:
    """The steps that update one and the same object, of those that have a version."""
    steps = [step for step in plan.steps if step.verb is Verb.UPDATE and _VERSION in step.properties]
    for address in dict.fromkeys(step.address for step in steps):
        yield [step for step in steps if step.address == address]


def _told(plan: Plan, steps: list[Step], graph: Graph) -> Diagnostic:
    address, versions = steps[0].address, [str(step.properties[_VERSION]) for step in steps]
    after = [step.address for step in plan.steps if step.verb is Verb.UPDATE and address in step.dependencies]
    source = graph.resources[address].source if address in graph.resources else None
    if len(versions) > _SKEW and after:
        return Diagnostic(
            code=Code.TOO_FAR,
            summary=f"{address} cannot go {len(versions)} minor versions at once: its nodes may lie {_SKEW} behind",
            address=address,
            source=source,
            hint=f"set its version to {versions[_SKEW - 1]} and apply, then go on",
        )
    return Diagnostic(
        severity=Severity.NOTE,
        code=Code.HOPS,
        summary=f"{address} goes to version {versions[-1]} in {len(versions)} steps: {', then '.join(versions)}",
        detail=f"then {', '.join(dict.fromkeys(after))}" if after else "",
        address=address,
        source=source,
    )
