"""Rulebooks and stacks for tests: rules written into a folder as a project would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlinfra.core.address import Address
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.resource import Connection, Graph, Ownership, Resource
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack, Target
from mlinfra.core.value import Path as Where
from mlinfra.core.value import path_text
from mlinfra.policy.rulebook import Rulebook

VPC, BUCKET = "aws:ec2/vpc:Vpc", "aws:s3/bucket:Bucket"
AWS = Connection("aws", "123456789012/us-east-1")


class Written:
    """Positions that name the path itself."""

    def at(self, path: Where) -> Source:
        return Source(path_text(path), 1)


def rule(id: str = "ACME-NET-001", **about: Any) -> dict[str, Any]:
    """A rule's file: networks have DNS."""
    return {
        "id": id,
        "title": "Networks have DNS",
        "severity": "high",
        "level": "mandatory",
        "match": {"types": [VPC]},
        "must": {"required": ["enableDnsSupport"], "properties": {"enableDnsSupport": {"const": True}}},
        "message": "the network has no DNS",
        "remedy": "set enableDnsSupport",
        "reference": "https://acme.example/rules",
        "cases": {"pass": [{"properties": {"enableDnsSupport": True}}], "fail": [{"properties": {}}]},
        **about,
    }


def write(folder: Path, *rules: Mapping[str, Any], pack: str = "acme", about: Mapping[str, Any] | None = None) -> Path:
    """The rules as files of a pack in `folder`."""
    (folder / pack).mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(rules):
        (folder / pack / f"rule-{number}.yaml").write_text(yaml.safe_dump(dict(content)))
    if about is not None:
        (folder / pack / "pack.yaml").write_text(yaml.safe_dump(dict(about)))
    return folder


def book(folder: Path, *rules: Mapping[str, Any]) -> Rulebook:
    return Rulebook.find([write(folder, *rules)])


def stack(**about: Any) -> Stack:
    return Stack(file="stack.yaml", name="demo", target=Target(platform="aws"), positions=Written(), **about)


def resource(address: str, type: str = VPC, **properties: Any) -> Resource:
    return Resource(Address(address), type, properties, AWS, source=Source("stack.yaml", 7))


def graph(*resources: Resource) -> Graph:
    return Graph.of(resources)


def plan(*changes: tuple[str, str, Action], partial: bool = False, destroy: bool = False) -> Plan:
    return Plan(
        ownership=Ownership("demo", "l"),
        serial=0,
        steps=(),
        changes=tuple(
            Change(address=Address(address), type=token, action=action) for address, token, action in changes
        ),
        partial=partial,
        destroy=destroy,
    )


def waiver(rule: str, address: str, until: str = "2027-03-31") -> dict[str, str]:
    return {"rule": rule, "address": address, "reason": "a partner's", "until": until}
