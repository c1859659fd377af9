"""Scrutiny: what can be said against what a stack desires without asking anybody.

Each object is held against the models of the cloud's own calls and the schemas of Kubernetes, and all of them against
each other. Called for stacks that are validated or compared, and for those of which modules refuse a part: so all that
is wrong is said at once. A plan asks its providers, which say the same and more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.connections import KUBERNETES, is_in_cluster
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.resource import Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.stack import Positions, Stack
from mlinfra.core.value import Ref
from mlinfra.engine.order import Circle, topological
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.offline import complaints as of_aws
from mlinfra.session.codes import Code
from mlinfra.session.reading.kinds import Kinds
from mlinfra.session.scrutiny.answers import unanswered
from mlinfra.session.scrutiny.clashes import clashes
from mlinfra.session.scrutiny.pointing import source_of


def objections(resources: Iterable[Resource], stack: Stack) -> Iterator[Diagnostic]:
    """What would be refused, each with the line that it comes from."""
    made = list(resources)
    for one in made:
        for complaint in dict.fromkeys(complaints(one)):
            yield refused(one, complaint, stack.positions)
    yield from clashes(made, Kinds(), stack)
    yield from unanswered({one.address: one for one in made}, stack)
    yield from _circle(made)


def _circle(made: list[Resource]) -> Iterator[Diagnostic]:
    """Resources of which none can be made first, told at the one that is written first."""
    by_address = {one.address: one for one in made}
    try:
        topological(by_address, {one.address: sorted(one.dependencies()) for one in made})
    except Circle as error:
        places = [source for name in error.path if (source := by_address[Address(name)].source)]
        yield Diagnostic(code=error.code, summary=str(error), source=min(places, default=None), hint=error.hint)


def refused(one: Resource, complaint: str, positions: Positions) -> Diagnostic:
    """What a provider has against one resource, as people are told it."""
    return Diagnostic(
        code=Code.REFUSED_PROPERTY,
        summary=f"{one.address}: {complaint}",
        address=one.address,
        source=source_of(one, complaint, positions),
        hint="the API would refuse it when it is applied",
    )


def complaints(one: Resource) -> Iterator[str]:
    """What the models of its API say against one object. Of a release, its chart would have to be read."""
    if one.connection.kind == KUBERNETES:
        from mlinfra.providers.kubernetes.token import Kind
        from mlinfra.providers.kubernetes.validation import complaints as of_kubernetes

        yield from of_kubernetes(Kind.of(one.type), one.properties)
    elif not is_in_cluster(one.connection.kind) and one.type in catalogue():
        kind = catalogue()[one.type]
        yield from of_aws(kind, _named(kind.about, one).properties)


def _named(about: ResourceType, one: Resource) -> Resource:
    """With a name that is not known yet, where it is derived when a plan is made."""
    name = about.name.property if about.name is not None else ""
    if not name or name in one.properties:
        return one
    return msgspec.structs.replace(one, properties={**one.properties, name: Ref(one.address, (name,))})
