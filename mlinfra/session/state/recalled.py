"""Recalled: what the state remembers to have been desired, where the stack file cannot say what is desired now.

What a stack refers to may be gone: another stack, an output of it, a variable of the environment, an input that nobody
gives. To take a stack down, and to see what others changed of it, its records are enough; with its name, its place and
`lifecycle.protect`, which are read from the file all the same. The session calls it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.resource import Graph, Lifecycle, Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.stack import Stack
from mlinfra.core.state import Record, State
from mlinfra.core.value import Properties
from mlinfra.session.codes import Code
from mlinfra.session.reading.unread import told


def recalled(
    state: State, stack: Stack, types: Mapping[str, ResourceType], unread: Sequence[Diagnostic]
) -> Graph:  # fmt: skip
    """What was last applied, as if the stack said so, with a warning that says why the stack itself is not asked.

    unread: what keeps the stack from being read.
    """
    resources = [_resource(record, state, stack.protect, types) for record in state.records.values()]
    warning = Diagnostic(
        severity=Severity.WARNING,
        code=Code.BY_THE_STATE,
        summary=f"what {stack.file} desires cannot be told any more: this goes by what was last applied",
        detail=f"{told(unread)}. Of the file, name, place and lifecycle.protect hold, and of what was applied its own "
        "protection; all else is left out.",
        source=next((one.source for one in unread if one.source), None),
        hint="to change anything, or to take protection off, mend that first; a plain value in its place will do",
    )
    return Graph.of(resources, dict(state.outputs)).noted(warning)


def _resource(
    record: Record, state: State, protect: Iterable[str], types: Mapping[str, ResourceType]
) -> Resource:  # fmt: skip
    """One object as it was last applied. Of one that was found again without its inputs, what there was of it."""
    inputs = record.inputs if record.inputs is not None else _inputs(record, types)
    guarded = record.protect or any(record.address.is_within(part) for part in protect)
    before = tuple(one for one in record.dependencies if one in state.records)
    return Resource(record.address, record.type, inputs, record.connection, before, Lifecycle(protect=guarded))


def _inputs(record: Record, types: Mapping[str, ResourceType]) -> Properties:
    kind = types.get(record.type)
    return {name: value for name, value in record.outputs.items() if kind is None or name in kind.inputs.fields}
