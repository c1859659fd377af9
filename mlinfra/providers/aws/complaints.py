"""Complaints: what AWS's own model of a create call says against the properties of a resource. Makes no call.

The provider calls it for plans, and the session for what is planned without an account. Unknown parts are passed over.
"""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.value import Properties, Ref, path_text
from mlinfra.providers.aws import wire
from mlinfra.providers.aws.aws_type import AwsType
from mlinfra.providers.aws.template import Computed, Mark, Prop, fill
from mlinfra.providers.aws.validation import input_rule

_LATER = Ref(Address("work"), ())  # what only the work itself can say


def complaints(kind: AwsType, properties: Properties) -> list[str]:
    """Each begins with the property that it is about."""
    known = {name: value for name, value in properties.items() if value is not None}
    params: Properties = fill(dict(kind.create.params), lambda mark: _offline(kind, known, mark)) or {}
    for name in kind.create.fields:
        if name in known:
            params[wire.api_name(kind, (name,))] = wire.outward(kind, name, known[name])
    rule = input_rule(kind.create.service or kind.service, kind.create.operation)
    return [f"{path_text(wire.spoken(kind, path))} {said}" for path, said in rule.complaints(params)]


def _offline(kind: AwsType, known: Properties, mark: Prop | Mark | Computed) -> object:
    """A mark's value while nothing exists yet."""
    if isinstance(mark, Computed):
        return _LATER
    root, _, rest = mark.name.partition(".") if isinstance(mark, Prop) else ("", "", "")
    value = wire.outward(kind, root, known[root]) if root in known else None
    if rest and isinstance(value, dict):
        return value.get(rest)
    return value
