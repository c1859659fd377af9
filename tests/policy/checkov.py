"""checkov as an independent judge: what it says of the cases of our rules, written as Terraform and as manifests.

It pins its dependencies, boto3 among them, and cannot live beside ours (docs/decisions/): it is taken from the
environment that MLINFRA_TEST_CHECKOV names, or from the path.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from benchmarks.comparison.translation import block_of, label_of, type_of
from mlinfra.core.address import Address
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.value import Expression, Secret, expressions
from mlinfra.library.addon import RELEASE
from mlinfra.policy.proof import value_of
from mlinfra.policy.rule import Case, Rule
from mlinfra.providers.aws.catalogue import catalogue

CHECKOV = os.environ.get("MLINFRA_TEST_CHECKOV") or shutil.which("checkov")
WHY_NOT = (
    "checkov is not found: install it in an environment of its own (it pins its dependencies), and name its command in "
    "MLINFRA_TEST_CHECKOV"
)
_SUBJECT = Address("resources.subject")
_MAPS = frozenset({"tags", "labels", "environment_variables"})
_AWS = Connection("aws", "")


class Failed(msgspec.Struct, frozen=True, order=True):
    """A check that a case fails: of which rule, the number of the case, and the check's id."""

    rule: str
    case: int
    check: str


def judged(rules: list[Rule], folder: Path) -> tuple[set[Failed], int]:
    """What checkov fails among the passing cases of rules, by their own anchors; and how many it looked at."""
    written = 0
    for rule in rules:
        for number, case in enumerate(rule.about.cases.passing, 1):
            written += _write(rule, case, folder / f"{rule.id}_{number}")
    own = {rule.id: rule.about.anchors for rule in rules}
    found = set()
    for file, check, _ in _failures(folder, anchors_of(rules)):
        name, _, case_number = file.parts[1].rpartition("_")
        if check in own[name]:
            found.add(Failed(name, int(case_number), check))
    return found, written


def judged_whole(graph: Graph, rules: list[Rule], folder: Path) -> set[tuple[str, str]]:
    """What checkov fails of a whole stack, of the anchors of rules: resource and check. Charts are not looked into."""
    aws = Graph.of(one for one in graph if one.type.startswith("aws:"))
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text("\n".join(_terraform(aws)), encoding="utf-8")
    inside = [one for one in graph if one.type.startswith("kubernetes:") and one.type != RELEASE]
    texts = [yaml.safe_dump(_manifest(one.type, _plain(one.properties))) for one in inside]
    (folder / "objects.yaml").write_text("---\n".join(texts), encoding="utf-8")
    return {(resource, check) for _, check, resource in _failures(folder, anchors_of(rules))}


def anchors_of(rules: list[Rule]) -> list[str]:
    """checkov's ids among what rules are called by others."""
    return sorted({anchor for rule in rules for anchor in rule.about.anchors if anchor.startswith("CKV")})


def _failures(folder: Path, anchors: list[str]) -> Iterator[tuple[Path, str, str]]:
    """File, check and resource of everything that fails in a folder."""
    command = [str(CHECKOV), "-d", str(folder), "--check", ",".join(anchors), "-o", "json", "--compact", "--quiet"]
    command += ["--framework", "terraform", "kubernetes", "--skip-download"]
    environ = {**os.environ, "LOG_LEVEL": "ERROR", "BC_SKIP_MAPPING": "TRUE"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=300)
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    for report in reports:
        for one in report.get("results", {}).get("failed_checks", ()):
            yield Path(one["file_path"]), one["check_id"], one["resource"]


def _write(rule: Rule, case: Case, folder: Path) -> bool:
    """Whether the case can be written down for checkov: it is about resources that both know."""
    token = case.type or rule.match.types[0]
    if case.properties is None or case.action or "*" in token:
        return False
    others = {Address(name): (one.type, one.properties) for name, one in case.resources.items()}
    resources = {_SUBJECT: (token, case.properties), **others}
    folder.mkdir(parents=True)
    if token.startswith("kubernetes:"):
        texts = [yaml.safe_dump(_manifest(kind, properties)) for kind, properties in resources.values()]
        (folder / "objects.yaml").write_text("---\n".join(texts), encoding="utf-8")
        return True
    if any(kind not in catalogue() for kind, _ in resources.values()):
        return False
    graph = Graph.of(Resource(at, kind, value_of(said), _AWS) for at, (kind, said) in resources.items())
    known = set(graph.resources)
    if any(getattr(one, "address", _SUBJECT) not in known for r in graph for one in expressions(r.properties)):
        return False  # it refers to what the case leaves out
    (folder / "main.tf").write_text("\n".join(_terraform(graph)), encoding="utf-8")
    return True


def _manifest(token: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    group, _, kind = token.removeprefix("kubernetes:").rpartition(":")
    metadata = {"name": "subject", **properties.get("metadata", {})}
    return {"apiVersion": group.removeprefix("core/"), "kind": kind, **properties, "metadata": metadata}


def _plain(value: Any) -> Any:
    """Data in which what is known only later is a text that says so."""
    match value:
        case Expression():
            return "known-after-apply"
        case dict():
            return {_plain(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def _terraform(graph: Graph) -> Iterator[str]:
    for resource in graph:
        declared = catalogue()[resource.type].about.inputs
        block = block_of(resource.type, resource.properties, declared, graph)
        yield f'resource "{type_of(resource.type)}" "{label_of(resource.address)}" {{'
        yield from _lines(block)
        yield "}"


def _lines(block: Mapping[str, Any]) -> Iterator[str]:
    """Attributes and blocks, in Terraform's own syntax."""
    for name, value in block.items():
        if value == []:
            continue  # no block at all: so Terraform itself says that a default group has no rules
        parts = value if isinstance(value, list) and value and all(isinstance(one, dict) for one in value) else [value]
        if name in _MAPS or not isinstance(parts[0], dict):
            yield f"{name} = {_literal(value)}"
            continue
        for part in parts:
            yield f"{name} {{"
            yield from _lines(part)
            yield "}"


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, Secret):
        return "var.secret"
    whole = re.fullmatch(r"\$\{([^{}]+)\}", value) if isinstance(value, str) else None
    return whole[1] if whole else json.dumps(value)
