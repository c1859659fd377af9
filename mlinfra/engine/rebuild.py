"""Rebuild: records for everything in a survey that is ours, as if they had never been lost.

Pure. A record's inputs are what the stack declares where the cloud shows just that, and unknown otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import Record, State
from mlinfra.core.value import Properties, Value, is_known, referred, resolve
from mlinfra.engine.deciding import Deciding
from mlinfra.engine.decision import Context, Decision
from mlinfra.engine.dependency import Dependencies
from mlinfra.engine.order import topological
from mlinfra.engine.standing import standings
from mlinfra.engine.survey import Survey


def rebuild(graph: Graph, state: State, seen: Survey, types: Mapping[str, ResourceType], region: str) -> State:
    """`state`, which remembers nothing, with the outputs and a record for each object of `seen` that is the stack's."""
    found = standings(graph, state, seen)
    ownership = Ownership(state.stack, state.lineage)
    deciding = Deciding(Context(types, found, seen, ownership, region, {}))
    needs = {resource.address: tuple(sorted(resource.dependencies())) for resource in graph}
    dependencies = Dependencies(needs, [s.record for s in found.current.values() if s.record is not None], types)
    records = {
        address: msgspec.structs.replace(standing.record, dependencies=tuple(dependencies.recorded.get(address, ())))
        for address, standing in found.current.items()
        if standing.record is not None and address not in graph.resources
    }
    for address in topological(sorted(graph.resources), dependencies.table()):
        decision = deciding.decide(graph.resources[address])
        record = _record(decision, deciding, ownership, dependencies)
        if record is not None:
            records[address] = record
    deposed = tuple(standing.record for standing in found.deposed if standing.record is not None)
    return msgspec.structs.replace(
        state, records=dict(sorted(records.items())), deposed=deposed, outputs=_outputs(graph, records)
    )


def _outputs(graph: Graph, records: Mapping[Address, Record]) -> dict[str, Value]:
    """The stack's outputs as far as what was found tells them; the next apply brings the others."""

    def known(address: Address) -> Properties | None:
        record = records.get(address)
        return None if record is None else {**record.outputs, "id": record.id}

    found = {
        name: resolve(value, lambda expression: referred(expression, known)) for name, value in graph.outputs.items()
    }
    return {name: value for name, value in found.items() if is_known(value)}


def _record(decision: Decision, deciding: Deciding, ownership: Ownership, dependencies: Dependencies) -> Record | None:
    record, present, resource = decision.standing.record, decision.standing.observed, decision.resource
    if record is None or not isinstance(present, Present) or resource is None:
        return None
    agrees = not decision.difference.fields and decision.order is None
    protect = resource.lifecycle.protect
    expected = Owner.under(ownership, record.address, record.generation, protect=protect)
    return msgspec.structs.replace(
        record,
        inputs=resolve(decision.properties, deciding.lookup) if agrees else None,
        dependencies=dependencies.desired(record.address),
        protect=protect if present.owner in (None, expected) else record.protect,
    )
