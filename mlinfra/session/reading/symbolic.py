"""Symbols: what stands, in a comparison of two revisions, for what only an account could tell.

`comparison` and `offline` call it. Facts and outputs are given texts that say what they are (`${network.vpc.id}`), the
same on both sides, so that no difference ever comes from them. Before anything is shown, or judged, the texts become
references again. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mlinfra.aws.machines import machine_type
from mlinfra.core.address import Address
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.plan import Change
from mlinfra.core.resource import Graph, Ownership, Resource
from mlinfra.core.state import Record, State
from mlinfra.core.value import (
    Base64,
    Concat,
    Expression,
    Json,
    Path,
    Properties,
    Ref,
    TrimPrefix,
    Value,
    at,
    path_text,
    refs,
    resolve,
)

# No version of Kubernetes. It stands where a stack leaves the version open; the comparison of versions needs a number.
_NEWEST = "1.99"
_FACTS = Address("facts")
_STACKS = "stacks"


class Symbols:
    """The texts of one comparison, and the references that they stand for."""

    def __init__(self) -> None:
        self._meaning: dict[str, Ref] = {_NEWEST: Ref(_FACTS, ("newestClusterVersion",))}
        self._forms: dict[str, Ref] = {}

    def text(self, reference: Ref) -> str:
        """The text for an output."""
        path = path_text(("", *reference.path)).removeprefix('[""]')
        text = f"${{{reference.address}{path}}}"
        self._meaning[text] = reference
        return text

    def in_form(self, text: str, reference: Ref) -> str:
        """`text` for an output, of a form that is asked of it: an ARN, the id of a network."""
        self._forms[text] = self._meaning[text] = reference
        return text

    def forms(self) -> tuple[tuple[str, Ref], ...]:
        """The texts that were given a form, with what each stands for."""
        return tuple(self._forms.items())

    def opened(self, graph: Graph) -> Graph:
        """The graph with a reference in the place of each text, within documents too: nothing of it is known."""
        resources = {
            address: msgspec.structs.replace(one, properties=self._opened(one.properties))
            for address, one in graph.resources.items()
        }
        return msgspec.structs.replace(graph, resources=resources)

    def reopened(self, properties: Properties) -> Properties:
        """Properties with a reference in the place of each text, within documents too."""
        found = self._opened(dict(properties))
        assert isinstance(found, dict)
        return found

    def facts(self, account: str, region: str, wants: Wants) -> Facts:
        """What modules must know, as far as it can be said of any account."""
        facts = Facts(
            account=account or self.text(Ref(_FACTS, ("account",))),
            region=region,
            partition="aws-cn" if region.startswith("cn-") else "aws-us-gov" if "-gov-" in region else "aws",
            zones=tuple(f"{region}{letter}" for letter in "abcdef"),
            cluster_versions=(*(f"1.{minor}" for minor in range(20, 99)), _NEWEST),
            instance_types={name: machine_type(name) for name in sorted(wants.instance_types | wants.images)},
            reservations=dict.fromkeys(sorted(wants.reservations), ""),
        )
        images, addons = wants.image_keys(facts), wants.addon_keys(facts)
        return msgspec.structs.replace(
            facts, images=self._of_any_version("images", images), addons=self._of_any_version("addons", addons)
        )

    def _of_any_version(self, kind: str, keys: Iterable[str]) -> dict[str, str]:
        """What EKS recommends, which may be the same for another version of Kubernetes: so it is no difference."""
        return {
            key: chosen[0] if chosen else self.text(Ref(_FACTS, (kind, rest)))
            for key in sorted(keys)
            for _, rest in [key.split("/", 1)]
            for chosen in [rest.split("/")[1:] if kind == "addons" else []]
        }

    def without_neighbours(self, graph: Graph) -> Graph:
        """The graph, with a text for each output of another stack."""

        def lookup(expression: Expression) -> Value:
            ours = not isinstance(expression, Ref) or expression.address.section != _STACKS
            return expression if ours or not isinstance(expression, Ref) else self.text(expression)

        resources = {
            address: msgspec.structs.replace(one, properties=resolve(one.properties, lookup))
            for address, one in graph.resources.items()
        }
        return Graph(resources, {name: resolve(value, lookup) for name, value in graph.outputs.items()}, graph.moves)

    def applied(self, made: Iterable[Resource], ownership: Ownership, asked: Iterable[Path]) -> State:
        """The state, had `made` been applied as it is, dependencies first. `asked`: outputs that anyone refers to."""
        outputs: dict[Address, Properties] = {}
        paths = sorted(set(asked), key=repr)

        def lookup(expression: Expression) -> Value:
            if not isinstance(expression, Ref):
                return expression
            try:
                return at(outputs[expression.address], expression.path)
            except LookupError:
                return expression

        records = {}
        for one in made:
            inputs = resolve(one.properties, lookup)
            identity = self.text(Ref(one.address))
            seen: Properties = {**inputs, "id": identity}
            for path in paths:
                seen = _with(seen, path, self.text(Ref(one.address, path)))
            outputs[one.address] = seen
            records[one.address] = Record(
                address=one.address,
                type=one.type,
                id=identity,
                generation=1,
                connection=resolve_connection(one, lookup),
                inputs=inputs,
                outputs=seen,
                dependencies=tuple(sorted(one.dependencies())),
                protect=one.lifecycle.protect,
            )
        return State(stack=ownership.stack, lineage=ownership.lineage, serial=1, records=records)

    def shown(self, change: Change) -> Change:
        """A change as people read it: no ids that nobody has, and references in the place of their texts."""
        fields = tuple(
            msgspec.structs.replace(field, before=self._back(field.before), after=self._back(field.after))
            for field in change.fields
        )
        return msgspec.structs.replace(change, fields=fields, id="", reason=self.said(change))

    def said(self, change: Change) -> str:
        """Its reason, where that is no id of an object."""
        return re.sub(r"\$\{([^}]*)\.id\}", r"\1", change.reason)

    def _back(self, value: Value) -> Value:
        match value:
            case str():
                return self._read(value)
            case dict():
                return {self._back(key): self._back(item) for key, item in value.items()}
            case list() | tuple():
                return [self._back(item) for item in value]
        return value

    def _opened(self, value: Value) -> Value:
        match value:
            case Concat(parts):
                return Concat(tuple(map(self._opened, parts)))
            case Json(content):
                return Json(self._opened(content))
            case Base64(content):
                return Base64(self._opened(content))
            case TrimPrefix(content, prefix):
                return TrimPrefix(self._opened(content), prefix)
            case dict():
                return {self._opened(key): self._opened(item) for key, item in value.items()}
            case list() | tuple():
                return [self._opened(item) for item in value]
            case str():
                return self._read(value, documents=True)
        return value

    def _read(self, text: str, *, documents: bool = False) -> Value:
        if text in self._meaning:
            return self._meaning[text]
        if not documents and text[:1] in ("{", "["):
            return text  # a document is compared, and shown, as the document that it is
        if "${" not in text and not any(form in text for form in self._forms):
            return text
        names = "|".join([r"\$\{[^}]*\}", *map(re.escape, self._forms)])
        parts = tuple(self._meaning.get(part, part) for part in re.split(f"({names})", text) if part)
        return Concat(parts) if any(isinstance(part, Ref) for part in parts) else text


def asked_of(*graphs: Graph) -> set[Path]:
    """The outputs that anything in the graphs refers to, by path."""
    return {
        reference.path
        for graph in graphs
        for one in graph
        for value in (one.properties, one.connection.identity)
        for reference in refs(value)
    } | {reference.path for graph in graphs for reference in refs(dict(graph.outputs))}


def resolve_connection(resource: Resource, lookup: Any) -> Any:
    """The connection of a resource, as far as it is known."""
    return msgspec.structs.replace(resource.connection, identity=resolve(resource.connection.identity, lookup))


def _with(outputs: Mapping[Any, Any], path: Path, text: str) -> Properties:
    """`outputs` with `text` at `path`, unless something stands there."""
    placed = _placed(dict(outputs), path, text)
    assert isinstance(placed, dict)
    return placed


def _placed(value: Value, path: Path, text: str) -> Value:
    if not path:
        return text if value is None else value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        items = list(value) if isinstance(value, list | tuple) else []
        items += [None] * (first + 1 - len(items))
        return [_placed(item, rest, text) if index == first else item for index, item in enumerate(items)]
    if value is not None and not isinstance(value, dict):
        return value  # an expression, or a text: what lies within is not known here
    there = value or {}
    return {**there, first: _placed(there.get(first), rest, text)}
