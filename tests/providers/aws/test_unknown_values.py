"""While nothing exists yet, any value may be unknown: nothing in a declaration may stumble over that."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.core.address import Address
from mlinfra.core.property import Kind, Property
from mlinfra.core.value import Ref
from mlinfra.engine.normal import normalise
from mlinfra.providers.aws.aws_type import AwsType
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.provider import AwsProvider
from tests.providers.aws.lifecycle import QuickClock

TYPES = list(catalogue().values())
every_type = pytest.mark.parametrize("kind", TYPES, ids=[kind.token for kind in TYPES])
UNKNOWN = Ref(Address("network.vpc"), ("id",))


def full_of_unknowns(declared: Property) -> Any:
    """A value of the declared shape, every leaf of it unknown."""
    match declared.kind:
        case Kind.BLOCK:
            least = declared.rules.get("maxProperties", len(declared.fields))
            return {name: full_of_unknowns(field) for name, field in list(declared.fields.items())[:least]}
        case Kind.LIST | Kind.SET if declared.items is not None:
            return [full_of_unknowns(declared.items), full_of_unknowns(declared.items)]
        case Kind.MAP:
            return {"key": UNKNOWN}
    return UNKNOWN


@pytest.fixture(scope="module")
def provider() -> AwsProvider:
    clock = QuickClock()
    clients = Clients("us-east-1", Endpoint(url="http://127.0.0.1:1", access_key="testing", secret_key="testing"))
    return AwsProvider("123456789012/us-east-1", Calls(clients, clock), clock, lambda secret: "")


@every_type
def test_values_that_are_not_known_yet_are_checked_as_far_as_they_are(kind: AwsType, provider: AwsProvider) -> None:
    properties = full_of_unknowns(kind.about.inputs)
    for variant in (properties, *({**properties, name: UNKNOWN} for name in properties)):
        complaints = provider.validate(kind.token, variant)
        # Some blocks hold fields that are shown and never set.
        assert [complaint for complaint in complaints if not complaint.endswith("is not known to AWS")] == []


@every_type
def test_values_that_are_not_known_yet_have_a_normal_form(kind: AwsType) -> None:
    properties = full_of_unknowns(kind.about.inputs)
    for variant in (properties, *({**properties, name: UNKNOWN} for name in properties)):
        normal = normalise(kind.about.inputs, variant)
        assert isinstance(normal, dict)
        assert {name for name in variant if variant[name] is UNKNOWN} <= {n for n in normal if normal[n] is UNKNOWN}
