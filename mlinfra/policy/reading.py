"""Reading rule files: text becomes a `RuleFile` or `PackFile`, and every mistake a finding with its line.

The rulebook calls it. It opens no file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path as File
from typing import Any, TypeVar

import msgspec

from mlinfra.core.value import Path
from mlinfra.documents.apart import CheckFaultError
from mlinfra.documents.findings import Findings
from mlinfra.documents.judges import UnusableSchemaError
from mlinfra.documents.near import suggest
from mlinfra.documents.node import Node
from mlinfra.documents.schema import Schema
from mlinfra.documents.verdict import Criterion, Verdict
from mlinfra.documents.yaml import read
from mlinfra.policy.checks import names_of_checks
from mlinfra.policy.codes import Code
from mlinfra.policy.evaluation import faulty
from mlinfra.policy.proof import proofs
from mlinfra.policy.rule import Match, Pack, PackFile, Rule, RuleFile

Written = TypeVar("Written", RuleFile, PackFile)


def read_rule(
    data: bytes, file: str, pack: str, findings: Findings, *, own: bool, scripts: Mapping[str, File] | None = None
) -> Rule | None:
    """The rule in `data`; `None`, with findings, where there is none.

    Only a project's own rules are doubted, and their cases tried: ours are held to the same by tests, and every plan
    waits for them. scripts: checks of the project's own by name.
    """
    found = _read(RuleFile, data, file, findings, own=own)
    if found is None:
        return None
    about, root = found
    script = (scripts or {}).get(about.check) if own else None
    rule = Rule(about=about, pack=pack, source=root.source, own=own, script=str(script or ""))
    if own:
        inner = Findings()
        _check(rule, root, inner, {*names_of_checks(), *(scripts or {})})
        if not inner.has_errors():
            _prove(rule, root, inner)
        findings.take(*inner.diagnostics())
    return rule


def read_pack(data: bytes, file: str, pack: Pack, findings: Findings) -> Pack:
    """`pack` with what its `pack.yaml` says of it."""
    found = _read(PackFile, data, file, findings, own=pack.own)
    if found is None:
        return pack
    about, root = found
    if pack.own and about.match is not None:
        _check_match(about.match, root, findings)
    return msgspec.structs.replace(pack, summary=about.summary, match=about.match)


def _read(kind: type[Written], data: bytes, file: str, findings: Findings, *, own: bool) -> tuple[Written, Node] | None:
    inner = Findings()
    document = read(data, file, inner)
    if document is None:
        findings.take(*inner.diagnostics())
        return None
    plain = _schema_of(kind).load(document.root, inner) if own else document.root.plain()
    findings.take(*inner.diagnostics())
    return None if inner.has_errors() else (msgspec.convert(plain, kind), document.root)


@cache
def _schema_of(kind: type[Any]) -> Schema:
    return Schema(msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(kind))))


def _prove(rule: Rule, root: Node, findings: Findings) -> None:
    """Try the rule on its own cases: one that does not do what it says it does would be trusted for nothing."""
    try:
        wrong = [one for one in proofs(rule) if not one.holds]
    except CheckFaultError as fault:
        findings.take(faulty(rule, fault))
        return
    for one in wrong:
        kind = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.UNKNOWN: "unknown"}
        node = root.find(("cases", kind[one.expected], one.number - 1)) or root
        said = {Verdict.PASS: "passes", Verdict.FAIL: "fails", Verdict.UNKNOWN: "is undecided"}
        summary = f"{rule.id}: its case {kind[one.expected]} {one.number} {said[one.found]}"
        findings.add(
            Code.CASE_FAILED, summary, node.place, hint="mend the rule, or the case, so that both say the same"
        )


def _check(rule: Rule, root: Node, findings: Findings, checks: Collection[str]) -> None:
    """What the form of a rule cannot say."""
    about = rule.about
    forms = [about.must is not None, bool(about.check), bool(about.match.actions)]
    if sum(forms) != 1:
        hint = "a rule on properties has `must`, one across resources `check`, one on changes `match.actions`"
        findings.add(Code.BROKEN_RULE, f"{about.id} needs one of must, check and match.actions", root.source, hint=hint)
    if about.match.actions and about.match.where is not None:
        _complain("where is about properties, which a rule on changes does not see", root, ("match", "where"), findings)
    if about.check and about.check not in checks:
        hint = suggest(about.check, checks)
        _complain(f"there is no check {about.check}", root, ("check",), findings, hint)
    if about.must is not None:
        _check_schema(about.must, root, ("must",), findings)
    _check_match(about.match, root, findings)


def _check_match(match: Match, root: Node, findings: Findings) -> None:
    if match.where is not None:
        _check_schema(match.where, root, ("match", "where"), findings)


def _check_schema(definition: dict[str, Any], root: Node, path: Path, findings: Findings) -> None:
    from mlinfra.documents.fault import schema_fault  # with jsonschema, which plans without own rules do not need

    try:
        fault = schema_fault(definition)
        if not fault:
            Criterion(definition)
    except UnusableSchemaError as error:
        fault = str(error)
    if fault:
        _complain(f"{path[-1]} is no schema that can be used: {fault}", root, path, findings)


def _complain(summary: str, root: Node, path: Path, findings: Findings, hint: str = "") -> None:
    node = root.find(path)
    findings.add(
        Code.BROKEN_RULE, summary, (node or root).place, hint=hint or "docs/policies.md says how rules are written"
    )
