"""Every property of every type, with a value just outside: it is refused before any call, or is known to be free.

The stacks under tests/system/stacks have between them every property of every type. What is free, for nobody says what
AWS takes there, stands in golden/free.txt: a new property is given a rule, or is added to it by who knows better.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlinfra.core.address import Address
from mlinfra.core.property import Kind, Property
from mlinfra.core.value import Ref
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.offline import complaints

STACKS = Path(__file__).parents[2] / "system" / "stacks"
FREE = Path(__file__).with_name("golden") / "free.txt"
LATER = Ref(Address("resources.other"), ("id",))
OUTSIDE: dict[type, tuple[Any, ...]] = {str: ("!not this one !", "x" * 100_000), int: (-2, 10**12), float: (-2.0, 1e30)}


def leaves(declared: Property | None, value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Where something is said of which it may be known what it may be; documents, flags and free forms are not."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(declared.below(key) if declared else None, item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value[:1]):
            yield from leaves(declared.below(index) if declared else None, item, (*path, index))
    elif type(value) in OUTSIDE and declared is not None and declared.kind not in (Kind.ANY, Kind.DOCUMENT):
        yield path, value


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """`value` with `new` at `path`, and what is not known yet in the place of references."""
    if path == ():
        return new
    if isinstance(value, dict):
        return {
            key: put(item, path[1:], new) if key == path[0] else put(item, ("",), None) for key, item in value.items()
        }
    if isinstance(value, list):
        return [put(item, path[1:], new) if at == path[0] else put(item, ("",), None) for at, item in enumerate(value)]
    return LATER if isinstance(value, str) and "${" in value else value


def is_refused(token: str, properties: dict[str, Any], checked: Draft202012Validator, path: tuple[Any, ...]) -> bool:
    kind = catalogue()[token]
    named = kind.about.name.property if kind.about.name is not None else None
    whole = {named: LATER, **properties} if named else properties
    if list(complaints(kind, whole)):
        return True
    return any(tuple(error.absolute_path)[: len(path)] == path for error in checked.iter_errors(properties))


def samples() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(STACKS.glob("*.yaml")):
        for one in yaml.safe_load(file.read_text())["resources"].values():
            if one["type"] in catalogue():
                yield one["type"], one.get("properties", {})


def free() -> Iterator[str]:
    """Every property of which some value just outside is let pass, with what is."""
    seen = set()
    for token, properties in samples():
        declared = catalogue()[token].about.inputs
        checked = Draft202012Validator(declared.json_schema())
        for path, value in leaves(declared, properties):
            name = f"{token} {'.'.join('[]' if isinstance(part, int) else str(part) for part in path)}"
            if name in seen or path[0] == "tags" or (isinstance(value, str) and "${" in value):
                continue
            seen.add(name)
            passed = [
                new for new in OUTSIDE[type(value)] if not is_refused(token, put(properties, path, new), checked, path)
            ]
            if len(passed) == len(OUTSIDE[type(value)]):
                yield name


def test_the_samples_themselves_are_not_refused() -> None:
    refused = [
        (token, told)
        for token, properties in samples()
        for named in [catalogue()[token].about.name]
        for told in complaints(
            catalogue()[token], ({named.property: LATER} if named else {}) | put(properties, ("",), None)
        )
    ]
    assert refused == []


def test_a_value_just_outside_is_refused_or_known_to_be_free() -> None:
    found = sorted(free())
    if os.environ.get("GOLDEN") == "write":
        FREE.write_text("".join(f"{line}\n" for line in found))
    assert found == FREE.read_text().splitlines()


@pytest.mark.parametrize(
    ("token", "properties", "wrong"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/33"}, "cidrBlock"),
        ("aws:ec2/subnet:Subnet", {"vpcId": "vpc-1", "availabilityZone": "us-east-1"}, "availabilityZone"),
        ("aws:kms/key:Key", {"rotationPeriodInDays": 30}, "rotationPeriodInDays"),
        ("aws:sqs/queue:Queue", {"name": "a.b"}, "name"),
        ("aws:lb/loadBalancer:LoadBalancer", {"idleTimeout": 0}, "idleTimeout"),
    ],
)
def test_forms_that_no_model_of_aws_knows_are_in_the_schema(token: str, properties: dict[str, Any], wrong: str) -> None:
    schema = Draft202012Validator(catalogue()[token].about.inputs.json_schema())
    assert wrong in [error.absolute_path[0] for error in schema.iter_errors(properties) if error.absolute_path]
