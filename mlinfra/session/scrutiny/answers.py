"""Answers: references to what objects of a type never answer, found before anything is made.

Each type of AWS declares its inputs and what else is read of its objects; of Kubernetes' kinds and of releases nobody
knows all. Called with all else that is held against a graph, and for each plan. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlinfra.config.codes import Code
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.resource import Resource
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path, Ref, Value, path_text, refs
from mlinfra.documents.near import suggest
from mlinfra.providers.aws.catalogue import catalogue

_RAW, _OUTPUTS = "resources", "outputs"


def unanswered(resources: Mapping[Address, Resource], stack: Stack) -> Iterator[Diagnostic]:
    """An error for each reference, in `resources` and `outputs`, to what the object that it names does not have."""
    for one in resources.values():
        if one.address.section == _RAW:
            for path, ref in _references(one.properties, (_RAW, *one.address.parts[1:], "properties")):
                yield from _unanswered(ref, path, resources, stack)
    for path, ref in _references(stack.outputs, (_OUTPUTS,)):
        if ref.address.section == _RAW:  # what sections answer was looked up among their outputs
            yield from _unanswered(ref, path, resources, stack)


def _references(value: Value | Mapping[str, Value], path: Path) -> Iterator[tuple[Path, Ref]]:
    """Every reference, with where it stands."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _references(item, (*path, key) if isinstance(key, str) else path)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _references(item, (*path, index))
    else:
        yield from ((path, ref) for ref in refs(value))


def _unanswered(ref: Ref, path: Path, resources: Mapping[Address, Resource], stack: Stack) -> Iterator[Diagnostic]:
    named = resources.get(ref.address)
    kind = catalogue().get(named.type) if named is not None else None
    if named is None or kind is None or not ref.path or ref.path[0] in kind.answers:
        return
    output = path_text(ref.path[:1])
    yield Diagnostic(
        code=Code.UNKNOWN_OUTPUT,
        summary=f"{path_text(path)} refers to {output} of {ref.address}, and {named.type} has no such output",
        address=Address(".".join(map(str, path[:2]))) if path[0] == _RAW else None,
        source=stack.positions.at(path),
        hint=suggest(output, kind.answers),
    )
