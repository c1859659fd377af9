"""Terraform as an independent reader: what its AWS provider says of the objects that a stack of ours made.

The objects are imported into a configuration that says of each what the stack said, and no more; the plan then tells
which of that the provider reads otherwise. It is never applied.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.comparison.tools import Missing, Terraform, mirror_in
from benchmarks.comparison.translation import block_of, label_of, spelling, type_of
from mlinfra.core.address import Address
from mlinfra.core.property import Kind, Property
from mlinfra.core.resource import Graph
from mlinfra.providers.aws.aws_type import AwsType
from mlinfra.providers.aws.catalogue import catalogue

from .account import Account
from .things import Thing

# What `terraform import` takes where it is not our id (AWS provider 5.100, "Import" of each resource's page).
_IDS: Mapping[str, Callable[[Thing], str]] = {
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": lambda thing: str(thing.outputs["arn"]),
    "aws:budgets/budget:Budget": lambda thing: f"{thing.account.sandbox.account}:{thing.id}",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": (
        lambda thing: f"{thing.inputs['subnetId']}/{thing.inputs['routeTableId']}"
    ),
    "aws:route53/record:Record": (
        lambda thing: "_".join(str(thing.inputs[part]) for part in ("zoneId", "name", "type"))
    ),
}


# What Pulumi's AWS provider 7 has of version 6 of Terraform's, and version 5 has not, by dotted path.
_OF_VERSION_6: Mapping[str, tuple[str, ...]] = {
    "aws:ec2/launchTemplate:LaunchTemplate": ("placement.groupId",),
    "aws:eks/cluster:Cluster": ("deletionProtection",),
    "aws:eks/nodeGroup:NodeGroup": ("updateConfig.updateStrategy",),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ("disableSessionTags", "targetRoleArn"),
    "aws:lb/listenerRule:ListenerRule": (
        "conditions.hostHeader.regexValues",
        "conditions.httpHeader.regexValues",
        "conditions.pathPattern.regexValues",
    ),
}

_REQUIRED = {"required_providers": {"aws": {"source": "hashicorp/aws"}}}


class Difference(msgspec.Struct, frozen=True):
    """A property that the provider reads otherwise than the stack says."""

    address: str
    property: str
    said: Any
    read: Any


class Reader:
    """Terraform in a folder of its own beside the stack."""

    def __init__(self, account: Account) -> None:
        self._terraform, self._absent = _installed(account.folder / "terraform", account.sandbox.endpoint)

    def differences(self, things: Sequence[Thing]) -> list[Difference]:
        """What is read otherwise than it was said; of what is only ever written, nothing can be read."""
        said = {_name(thing): self._block(thing) for thing in things}
        by_name = {_name(thing): thing for thing in things}
        self._write(by_name, said)
        _run(self._terraform, "init", "-no-color")
        _run(self._terraform, "plan", "-no-color", "-out", "it.plan")
        plan = json.loads(_run(self._terraform, "show", "-json", "it.plan"))
        changes = {change["address"]: change["change"] for change in plan["resource_changes"]}
        assert changes.keys() == by_name.keys()
        return [found for at, thing in by_name.items() for found in _compared(thing, said[at], changes[at])]

    def _block(self, thing: Thing) -> dict[str, Any]:
        inputs = catalogue()[thing.type].about.inputs
        absent = {*self._absent.get(thing.type, ()), *_written_only(inputs)}
        return block_of(thing.type, _without(absent, thing.inputs), inputs, Graph({}))

    def _write(self, things: Mapping[str, Thing], said: Mapping[str, Mapping[str, Any]]) -> None:
        resources: dict[str, dict[str, Any]] = {}
        for name, block in said.items():
            kind, _, label = name.partition(".")
            resources.setdefault(kind, {})[label] = block
        aws = {
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "s3_use_path_style": True,
            "ignore_tags": {"key_prefixes": ["mlinfra:"]},
        }
        written = {
            "terraform": _REQUIRED,
            "provider": {"aws": aws},
            "import": [{"to": name, "id": _id_of(thing)} for name, thing in things.items()],
            "resource": resources,
        }
        (self._terraform.folder / "main.tf.json").write_text(json.dumps(written, indent=1))


def unknown_to(folder: Path, types: Iterable[AwsType]) -> list[str]:
    """The types and properties that Terraform's AWS provider has no word for, once ours are spelt as it spells them."""
    terraform, absent = _installed(folder / "terraform", "http://127.0.0.1:9")
    (terraform.folder / "main.tf.json").write_text(json.dumps({"terraform": _REQUIRED}))
    _run(terraform, "init", "-no-color")
    (schema,) = json.loads(_run(terraform, "providers", "schema", "-json"))["provider_schemas"].values()
    return [
        f"{kind.about.token} {path}"
        for kind in types
        for path in _unknown(kind.about.inputs, schema["resource_schemas"].get(type_of(kind.about.token)), kind)
        if path not in absent.get(kind.about.token, ())
    ]


def _unknown(declared: Property, known: Mapping[str, Any] | None, kind: AwsType, at: str = "") -> Iterator[str]:
    if known is None:
        yield "(all)"
        return
    attributes, blocks = known["block"].get("attributes", {}), known["block"].get("block_types", {})
    for name, below in declared.fields.items():
        spelt = spelling(name, kind.about.token if not at else "")
        if spelt in blocks and (block := _block_within(below)) is not None:
            yield from _unknown(block, blocks[spelt], kind, f"{at}{name}.")
        elif spelt not in attributes and spelt not in blocks:
            yield f"{at}{name}"


def _block_within(declared: Property) -> Property | None:
    """The block that a property is, or is a list of."""
    while declared.kind is not Kind.BLOCK and declared.items is not None:
        declared = declared.items
    return declared if declared.kind is Kind.BLOCK else None


def _installed(folder: Path, endpoint: str) -> tuple[Terraform, Mapping[str, tuple[str, ...]]]:
    """Terraform in a new folder, and what its provider lacks of our types. Skips the test where there is none."""
    folder.mkdir()
    try:
        mirror = mirror_in("")
        terraform = Terraform(folder, endpoint, mirror)
    except Missing as missing:
        pytest.skip(str(missing))
    versions = [int(path.name.partition(".")[0]) for path in mirror.glob("registry.terraform.io/hashicorp/aws/[0-9]*")]
    return terraform, {} if max(versions) >= 6 else _OF_VERSION_6


def _run(terraform: Terraform, *command: str) -> str:
    ran = subprocess.run(
        ["terraform", *command],
        cwd=terraform.folder,
        env=dict(terraform.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"terraform {command[0]}: {ran.stdout[-2000:]}{ran.stderr[-6000:]}"
    return ran.stdout


def _name(thing: Thing) -> str:
    return f"{type_of(thing.type)}.{label_of(Address(thing.address))}"


def _id_of(thing: Thing) -> str:
    special = _IDS.get(thing.type)
    return special(thing) if special is not None else thing.id


def _compared(thing: Thing, block: Mapping[str, Any], change: Mapping[str, Any], at: str = "") -> Iterator[Difference]:
    """What a block says, compared name by name: the provider has defaults of its own for the rest."""
    for name, value in block.items():
        after, before, unknown = (change[key].get(name) for key in ("after", "before", "after_unknown"))
        if isinstance(value, dict) and _is_one_block(after) and _is_one_block(before):
            parts = {"after": after[0], "before": before[0], "after_unknown": unknown[0] if unknown else {}}
            yield from _compared(thing, value, parts, f"{at}{name}.")
        elif after != before or _is_unknown(unknown):
            yield Difference(thing.address, f"{at}{name}", after, before)


def _is_one_block(shown: Any) -> bool:
    return isinstance(shown, list) and len(shown) == 1 and isinstance(shown[0], dict)


def _is_unknown(marks: Any) -> bool:
    """Whether anything in what Terraform says of a value is marked as unknown."""
    if isinstance(marks, dict | list):
        return any(map(_is_unknown, marks.values() if isinstance(marks, dict) else marks))
    return bool(marks)


def _written_only(declared: Property) -> set[str]:
    return {name for name, below in declared.fields.items() if below.write_only}


def _without(paths: Set[str], value: Any, at: str = "") -> Any:
    """`value` without what stands at `paths`."""
    if not isinstance(value, dict):
        return value
    return {name: _without(paths, item, f"{at}{name}.") for name, item in value.items() if f"{at}{name}" not in paths}
