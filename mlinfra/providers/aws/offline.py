"""Offline: what AWS's models say against the properties of one resource, before any call is made.

Its properties are put into the calls that would carry them, as far as declarations say which: the creation, and the
updates that bring what the creation cannot. A type may say besides what does not go together. The provider answers
with it when a plan is made, and the session for stacks that are only validated. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.address import Address
from mlinfra.core.value import Path, Properties, Ref, path_text
from mlinfra.providers.aws import wire
from mlinfra.providers.aws.aws_type import AwsType
from mlinfra.providers.aws.template import Call, Computed, Mark, Prop, fill
from mlinfra.providers.aws.validation import input_rule

_LATER = Ref(Address("work"), ())  # what only the work itself can say; unknown parts are passed over


def complaints(kind: AwsType, properties: Properties) -> Iterator[str]:
    """Sentences against the known part of `properties`, each beginning with the property that it is about."""
    known = {name: value for name, value in properties.items() if value is not None}
    together = kind.against(known) if kind.against is not None else ()
    for path, said in dict.fromkeys((*_against(kind, kind.create, known), *_against_updates(kind, known), *together)):
        yield f"{path_text(path)} {said}"


def _against(kind: AwsType, call: Call, known: Properties) -> Iterator[tuple[Path, str]]:
    params: Properties = fill(dict(call.params), lambda mark: _value(kind, known, mark)) or {}
    for name in call.fields:
        if name in known:
            params[wire.api_name(kind, (name,))] = wire.outward(kind, name, known[name])
    rule = input_rule(call.service or kind.service, call.operation)
    return ((wire.spoken(kind, path), said) for path, said in rule.complaints(params))


def _against_updates(kind: AwsType, known: Properties) -> Iterator[tuple[Path, str]]:
    """Of what the creation does not carry. What else an update requires is its own affair."""
    carried = kind.create.properties()
    for update in kind.updates:
        late = {name for name in update.fields if name in known} - carried
        calls = update.by if isinstance(update.by, tuple) else ()
        for call in calls:
            for path, said in _against(kind, call, known) if late & call.properties() else ():
                if path and path[0] in late:
                    yield path, said


def _value(kind: AwsType, known: Properties, mark: Prop | Mark | Computed) -> object:
    """A mark's value while nothing exists yet."""
    if not isinstance(mark, Prop):
        return _LATER if isinstance(mark, Computed) else None
    root, _, rest = mark.name.partition(".")
    value = wire.outward(kind, root, known[root]) if root in known else None
    if rest and isinstance(value, dict):
        return value.get(rest)
    return value
