from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mlinfra.config import publish_schema
from mlinfra.documents.findings import Findings
from mlinfra.documents.yaml import parse
from tests.config.bad_stacks import CASES
from tests.config.language import HEAD, LANGUAGE

SCHEMA = publish_schema(LANGUAGE)
WHOLE = (
    HEAD
    + """
inputs: {most: {type: integer, default: 8, description: most nodes}}
state: .mlinfra/state/shop
stacks: {shared: {state: s3://a/b}}
moved: [{from: nodeGroups.a, to: nodeGroups.b}]
lifecycle: {environment: ephemeral, protect: [network], ttl: null, hibernate: null, budget: {monthlyUSD: 10}}
policies: {waive: [{rule: R, address: network, reason: x, until: 2027-03-31}]}
network: {zones: "${inputs.zones}", nat: "${inputs.nat}", flowLogs: "${inputs.logs}"}
nodeGroups:
  gpu:
    instances: ["${inputs.type}", g5.xlarge]
    max: ${inputs.most}
    version: 1.30
    labels: {a: 1.0, b: true}
    capacity: {type: mixed, onDemandBase: "${inputs.base}", maxPrice: 0.9}
    volume: ${inputs.volume}
  spot: {instances: "${inputs.types}", min: null, max: 1, capacity: {type: spot}}
resources:
  scratch: {type: "aws:s3/bucket:Bucket", properties: {bucket: "b-${network.vpcId}", size: "${network.vpcId}"}}
outputs: {url: "${registries.models.url}", list: [1, {a: b}]}
"""
)


def errors(text: str) -> list[str]:
    findings = Findings()
    node = parse(text, "stack.yaml", findings)
    assert node is not None
    assert not findings.diagnostics()
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(node.plain())]


def test_the_published_schema_is_a_schema_and_is_json() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_a_stack_with_references_at_its_leaves_satisfies_it() -> None:
    assert errors(WHOLE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "path"),
    [
        ("max: 1,", "maxx: 1,", "$.nodeGroups.spot"),
        ("type: spot", "type: sopt", "$.nodeGroups.spot.capacity"),
        ("monthlyUSD: 10", "monthlyUSD: much", "$.lifecycle"),
        ("bucket: ", "buckt: ", "$.resources.scratch.properties"),
        ("platform: sandbox", "platform: azure", "$.target"),
        ("kind: Stack", "kind: Stick", "$.kind"),
        ("outputs:", "output:", "$"),
        ("metadata:", "meta:", "$"),
    ],
)
def test_a_mistake_does_not_satisfy_it(right: str, wrong: str, path: str) -> None:
    assert right in WHOLE
    found = errors(WHOLE.replace(right, wrong))
    assert any(place.startswith(path) for place in found), found


def test_a_file_that_extends_others_need_not_be_complete() -> None:
    assert errors("extends: [base.yaml]\nnodeGroups: {gpu: {max: 3}, old: null}\n") == []
    assert errors("nodeGroups: {gpu: {max: 3}}\n") != []
    assert errors("extends: [base.yaml]\nnodeGroups: {gpu: {maxx: 3}}\n") != []


def test_it_says_what_each_key_is_for_and_its_default() -> None:
    nat = resolved("whole.network")["properties"]["nat"]
    assert (nat["description"], nat["default"]) == ("NAT gateways", "per-zone")
    assert resolved("whole.metadata")["properties"]["name"]["description"]


def resolved(name: str) -> dict[str, Any]:
    found = SCHEMA["$defs"][name]
    assert isinstance(found, dict)
    return found


def test_every_reference_within_it_leads_somewhere() -> None:
    pending: list[Any] = [SCHEMA]
    count = 0
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if "$ref" in part:
                name = part["$ref"].removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
                assert name in SCHEMA["$defs"]
                count += 1
            pending += part.values()
        elif isinstance(part, list):
            pending += part
    assert count > 10


def test_nothing_that_it_refuses_is_loaded() -> None:
    """It is more lenient than the loader: of the bad stacks that are YAML at all it refuses some, and no good one."""
    refused = 0
    for case in CASES:
        findings = Findings()
        node = parse((HEAD if case.head else "") + case.body, "stack.yaml", findings)
        if node is not None and not findings.diagnostics():
            refused += not Draft202012Validator(SCHEMA).is_valid(node.plain())
    assert refused >= 15
