"""The reference of the rules, as Markdown. Called by the test that keeps docs/policies.md true."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.policy.rule import Level, Pack, Rule
from mlinfra.policy.rulebook import Rulebook

_ENVIRONMENTS = ("production", "development", "ephemeral")


def rules_tables(book: Rulebook) -> str:
    """A table for each pack, a row for each rule."""
    return "\n\n".join(_table(pack) for _, pack in sorted(book.packs.items()))


def _table(pack: Pack) -> str:
    rows = [("rule", "severity", "mandatory in", "what it says", "anchors"), ("---",) * 5, *_rows(pack)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"### {pack.name}\n\n{pack.summary}\n\n{table}"


def _rows(pack: Pack) -> Iterator[tuple[str, ...]]:
    for rule in sorted(pack.rules, key=lambda rule: rule.id):
        about = rule.about
        yield about.id, about.severity.value, _mandatory(rule), about.title, ", ".join(about.anchors)


def _mandatory(rule: Rule) -> str:
    strict = [name for name in _ENVIRONMENTS if rule.level_in(name) is Level.MANDATORY]
    return "all" if len(strict) == len(_ENVIRONMENTS) else ", ".join(strict)
