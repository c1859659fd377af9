"""What the session in memory answers with: the least that each protocol of a session asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Connection, Graph
from mlinfra.core.source import Source
from mlinfra.core.state import Record, State
from mlinfra.core.value import Path, Value

AWS = Connection("aws", {"account": "123456789012", "region": "us-east-1"})


class Nowhere:
    def at(self, path: Path) -> Source | None:
        return None


class Leaf(msgspec.Struct, frozen=True):
    path: str
    value: Value
    origin: str


class Found(msgspec.Struct, frozen=True):
    state: State
    lineages: tuple[str, ...]


class Module(msgspec.Struct, frozen=True):
    name: str
    section: str
    many: bool
    summary: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, str]
    built: bool
    path: str
    contract: Mapping[str, Any] | None = None
    contract_lines: Sequence[tuple[str, str]] = ()


class Box(msgspec.Struct, frozen=True):
    running: bool
    endpoint: str = ""
    pid: int = 0
    log: str = ""


class Compared(msgspec.Struct, frozen=True):
    plan: Plan
    graph: Graph
    base: str
    head: str
    file: str


class Charted(msgspec.Struct, frozen=True, kw_only=True):
    address: str
    chart: str
    version: str = "1.2.3"
    source: str = "https://charts.example.com"
    digest: str = ""
    pinned: bool = False
    path: str = ""
    problem: str = ""


def records() -> dict[Address, Record]:
    made = [
        ("network.vpc", "aws:ec2/vpc:Vpc", "vpc-1", {"cidrBlock": "10.0.0.0/16"}),
        ("cluster.control-plane", "aws:eks/cluster:Cluster", "demo", {"version": "1.33"}),
    ]
    return {
        Address(address): Record(
            address=Address(address),
            type=token,
            id=identity,
            generation=1,
            connection=AWS,
            inputs=inputs,
            outputs={"id": identity},
        )
        for address, token, identity, inputs in made
    }
