"""Borrowing: what the changes of a plan are built upon and its stack does not make, by its literal id, name or ARN.

The adviser asks whether it is there. Pure: which properties name other objects is declared with each type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlinfra.advice.borrowed import Borrowed
from mlinfra.advice.tokens import KEY, MANAGED, NAMING, QUEUE, ROLE, SCALING, SECRET, TEMPLATE, TOPIC
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.property import Property
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Value

_MAKES = frozenset({Action.CREATE, Action.REPLACE})
# What AWS makes without looking for what it names: EC2 user guide, "Create a launch template" (its parameters are not
# fully validated), but that a group looks at the template that it launches from; keys: S3 API reference,
# "PutBucketEncryption", of the others nothing is documented. So in November 2026.
_TRUSTING = frozenset(
    {
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        QUEUE,
        SECRET,
        TOPIC,
    }
)
# What stands for another type where that is named: an alias for its key, a user where any principal may stand.
_MEANT = {"aws:kms/alias:Alias": KEY, "aws:iam/user:User": ROLE}


def borrowings(plan: Plan, graph: Graph, types: Mapping[str, ResourceType]) -> Iterator[Borrowed]:
    """All that is named where something is made, or changed to name it."""
    makers = {name: resource.address for resource in graph for name in _called(resource, types)}
    launched = {needed for one in graph if one.type in (MANAGED, SCALING) for needed in one.dependencies()}
    for change in plan.pending():
        if change.action not in _MAKES and change.action is not Action.UPDATE:
            continue
        properties, declared = graph.resources[change.address].properties, types[change.type].inputs.fields
        for name in _touched(change, properties):
            value = properties[name]
            found = list(_named(declared[name], value)) if name in declared else []
            if name == NAMING.get(change.type) and isinstance(value, str) and not found:
                found = [("", value)]
            for token, named in found:
                meant = named.rpartition(":")[2]
                maker = makers.get((token, meant)) or makers.get((token, meant.rpartition("/")[2]))
                later = (token == KEY and change.type in _TRUSTING) or change.type == TEMPLATE
                later = later and change.address not in launched
                yield Borrowed(change.address, named, token, maker, later)


def _called(resource: Resource, types: Mapping[str, ResourceType]) -> Iterator[tuple[str, str]]:
    """Under what type and name others may mean an object of the stack without a reference to it."""
    rule = types[resource.type].name if resource.type in types else None
    name = resource.properties.get(rule.property if rule is not None else "name")
    if isinstance(name, str):
        yield _MEANT.get(resource.type, resource.type), name


def _touched(change: Change, properties: Mapping[str, Value]) -> list[str]:
    """The properties of which something is new."""
    changed = {field.path[0] for field in change.fields}
    return [name for name in properties if change.action in _MAKES or name in changed]


def _named(declared: Property, value: Value) -> Iterator[tuple[str, str]]:
    """The type and the identity of everything that a value names in plain text: references are of the stack itself."""
    if isinstance(value, str):
        if declared.refers and value:
            yield declared.refers, value
    elif isinstance(value, dict):
        for key, item in value.items():
            below = declared.below(key) if isinstance(key, str) else None
            if below is not None:
                yield from _named(below, item)
    elif isinstance(value, list) and declared.items is not None:
        for item in value:
            yield from _named(declared.items, item)
