"""Rules, and what they find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlinfra.cli.answers import Judgement, Proof, RuleInfo
from mlinfra.cli.render.criterion import criterion_lines
from mlinfra.cli.render.diagnostics import diagnostic_json, gravest_first
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.cli.render.value import value_text
from mlinfra.core.diagnostic import Severity

_FLAT = 60  # characters of a map that stands on one line
_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def rules_page(rules: Sequence[Mapping[str, Any]]) -> Page:
    """One line for each, below the name of its pack."""
    page, pack = Page(), ""
    name = max((len(rule["id"]) for rule in rules), default=0)
    for rule in rules:
        if rule["pack"] != pack:
            pack = rule["pack"]
            page.blank().line((pack, "bold"))
        page.line(
            f"  {rule['id']:<{name}}  ",
            (f"{rule['severity']:<8}  ", _STYLES[rule["severity"]]),
            f"{_levels(rule['level']):<22}  ",
            (rule["title"], "dim"),
            ("  (the project's)" if rule["own"] else "", "cyan"),
            below=" " * (name + 4),
        )
    return page


def rule_page(rule: RuleInfo) -> Page:
    """One rule whole."""
    data = rule.data
    page = Page().line((data["id"], "bold"), f"  {data['title']}")
    rows = {
        "pack": data["pack"] + (", the project's" if data["own"] else ""),
        "severity": data["severity"],
        "level": ", ".join(f"{name}: {level}" for name, level in data["level"].items()),
        "about": ", ".join(data["match"]["types"]),
        "on changes": ", ".join(data["match"]["actions"]),
        "anchors": ", ".join(data["anchors"]),
        "wrong is": data["message"],
        "remedy": data["remedy"],
        "reference": data["reference"],
        "written in": data["path"],
    }
    for label, words in rows.items():
        if words:
            page.line((f"  {label:<10}  ", "dim"), words, below=" " * 14)
    if data["match"].get("where") is not None:
        page.blank().line(("where", "bold")).extend(_demands(data["match"]["where"]))
    if data["must"] is not None:
        page.blank().line(("must", "bold")).extend(_demands(data["must"]))
    elif data["check"]:
        page.blank().line(("check", "bold"), f"  {data['check']}: {rule.check_words()}")
    for title, example in rule.examples().items():
        page.blank().line((title, "bold"))
        for line in _written(example):
            page.line(f"  {line}", below="      ")
    return page.blank().extend(_cases(rule.proofs()))


def _cases(proofs: Sequence[Proof]) -> Page:
    """How its own cases come out: in a line, but for those that come out wrong."""
    wrong = [proof for proof in proofs if proof.found is not proof.expected]
    words = f"{len(proofs) - len(wrong)} of {number_of(len(proofs), 'case')} come out as they should"
    page = Page().line(("its own cases", "bold"), f"  {words}")
    for proof in wrong:
        told = f"  {proof.expected.name.lower()} {proof.number}: {proof.found.name.lower()}, "
        page.line(told, (f"but should {proof.expected.name.lower()}", "red"))
    return page


def _demands(schema: Mapping[str, Any]) -> Page:
    page = Page()
    for depth, words in criterion_lines(schema):
        page.line(f"  {'  ' * depth}{words}", below="  " * (depth + 3))
    return page


def _written(value: Any, depth: int = 0, key: str = "") -> Iterator[str]:
    """Data as one would write it into a stack file; what is short and deep on one line."""
    start = "  " * depth
    flat = not isinstance(value, dict) or not value or (depth > 0 and len(value_text(value)) < _FLAT)
    if flat:
        yield f"{start}{key}: {value_text(value)}" if key else f"{start}{value_text(value)}"
        return
    if key:
        yield f"{start}{key}:"
    for name, item in value.items():
        yield from _written(item, depth + bool(key), str(name))


def rule_data(rule: RuleInfo) -> dict[str, Any]:
    """The same for programs."""
    cases = [
        {"expected": one.expected.name.lower(), "number": one.number, "found": one.found.name.lower()}
        for one in rule.proofs()
    ]
    return {**rule.data, "cases": cases}


def judgement_line(stack: str, judgement: Judgement) -> Page:
    """The sum of what was found."""
    found = judgement.diagnostics()
    counts = {severity: sum(one.severity is severity for one in found) for severity in Severity}
    errors, warnings = counts[Severity.ERROR], counts[Severity.WARNING]
    told = [number_of(errors, "violation"), number_of(warnings, "warning")] if errors or warnings else []
    told += [f"{judgement.undecided} undecided"] if judgement.undecided else []
    told += [f"{judgement.waived} waived"] if judgement.waived else []
    words = ", ".join(told) or "all kept"
    asked = f"{number_of(judgement.rules, 'rule')} of {', '.join(judgement.packs) or 'no pack'}"
    return Page().line(f"{stack}: {asked}: ", (words, "bold red" if errors else "yellow" if told else "green"))


def judgement_data(stack: str, judgement: Judgement) -> dict[str, Any]:
    """The same for programs."""
    found = gravest_first(judgement.diagnostics())
    return {
        "stack": stack,
        "kept": not any(one.severity is Severity.ERROR for one in found),
        "packs": list(judgement.packs),
        "rules": judgement.rules,
        "undecided": judgement.undecided,
        "diagnostics": [diagnostic_json(one) for one in found],
    }


def _levels(level: Mapping[str, str]) -> str:
    """`mandatory`, `advisory`, or where it is mandatory."""
    strict = [name for name, found in level.items() if found == "mandatory"]
    return "mandatory" if len(strict) == len(level) else f"mandatory: {', '.join(strict)}" if strict else "advisory"
