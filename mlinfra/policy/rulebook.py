"""The rulebook: all rules that there are, ours and the project's, and which of them a stack is held to.

The session loads it once for each project. It reads the folders of rules and nothing else.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.documents.apart import CheckFaultError, ask
from mlinfra.documents.bundled import bundled
from mlinfra.documents.findings import Findings
from mlinfra.documents.near import suggest
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.codes import Code
from mlinfra.policy.reading import read_pack, read_rule
from mlinfra.policy.rule import STACK, Match, Pack, Rule, has_pattern
from mlinfra.policy.scripts import scripts_in

_FOLDER = "policies"
_PACK_FILE = "pack.yaml"
_LIKE_RULES = frozenset({".yaml", ".yml", ".json", ".py", ".rego", ".toml"})
_READ = frozenset({".yaml", ".py"})
_DEPTH = 2  # of a rule in a folder of rules: its pack, and its file
_OPEN_ENDED = ("kubernetes:", "*")


def bundled_policies() -> Path:
    """Where our own packs are."""
    return bundled(_FOLDER)


class Rulebook(msgspec.Struct, frozen=True):
    """Packs by name. notes: which rules of the project stand in for ours."""

    packs: Mapping[str, Pack]
    notes: tuple[Diagnostic, ...] = ()

    @classmethod
    def of_project(cls, *folders: Path) -> Rulebook:
        """Our packs, and those in `policies` of each folder. Raises `ConfigError` with all that is wrong with them."""
        return cls.find((bundled_policies(), *(folder / _FOLDER for folder in folders)))

    @classmethod
    def find(cls, roots: Iterable[Path]) -> Rulebook:
        """The packs in `roots`, the first of which are ours. A project's rule stands in for ours of the same id."""
        findings, ours = Findings(), bundled_policies().resolve()
        passed: list[Diagnostic] = []
        packs: dict[str, Pack] = {}
        for root in dict.fromkeys(root.resolve() for root in roots):
            passed += passed_over(root) if root != ours else ()
            for folder in sorted(path for path in root.glob("*") if path.is_dir()):
                pack = _read_folder(folder, findings, own=root != ours)
                packs[pack.name] = _joined(packs.get(pack.name), pack)
        notes = _settle(packs, findings)
        if findings.has_errors():
            raise ConfigError(findings.diagnostics())
        return cls(packs, (*notes, *passed))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, by pack and id."""
        return tuple(rule for _, pack in sorted(self.packs.items()) for rule in sorted(pack.rules, key=lambda r: r.id))

    def chosen(self, stack: Stack, graph: Graph) -> tuple[Pack, ...]:
        """The packs that a stack is held to: those that it names, or else all that are for such stacks.

        Raises `ConfigError` where it names one that there is not.
        """
        named = stack.policies.get("packs")
        if named is None:
            return tuple(pack for _, pack in sorted(self.packs.items()) if _is_for(pack, stack, graph))
        if unknown := self.unknown_packs(stack):
            raise ConfigError(unknown)
        return tuple(self.packs[name] for name in dict.fromkeys(named))

    def unknown_packs(self, stack: Stack) -> list[Diagnostic]:
        """An error for each pack that a stack names and that there is not."""
        return [
            Diagnostic(
                code=Code.NO_SUCH_PACK,
                summary=f"there is no pack of rules called {name}",
                source=stack.positions.at(("policies", "packs", index)),
                hint=suggest(name, self.packs),
            )
            for index, name in enumerate(stack.policies.get("packs") or ())
            if name not in self.packs
        ]


def _read_folder(folder: Path, findings: Findings, *, own: bool) -> Pack:
    pack = Pack(name=folder.name, own=own)
    rules, scripts = [], scripts_in(folder) if own else {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == _PACK_FILE:
            pack = read_pack(path.read_bytes(), str(path), pack, findings)
        elif rule := read_rule(path.read_bytes(), str(path), pack.name, findings, own=own, scripts=scripts):
            rules.append(rule)
    return msgspec.structs.replace(pack, rules=tuple(rules))


def passed_over(root: Path) -> Iterator[Diagnostic]:
    """A word on each file in a project's folder of rules that looks like one, and is not read."""
    for path in sorted(root.glob("**/*")):
        parts = path.relative_to(root).parts
        if path.suffix not in _LIKE_RULES or any(part.startswith((".", "__")) for part in parts) or not path.is_file():
            continue
        if len(parts) != _DEPTH or path.suffix not in _READ:
            where = "lies elsewhere" if len(parts) != _DEPTH else f"ends in {path.suffix}"
            yield Diagnostic(
                severity=Severity.WARNING,
                code=Code.PASSED_OVER,
                summary=f"{path} is passed over: a rule is {_FOLDER}/PACK/RULE.yaml, and this {where}",
                source=Source(str(path), 1),
                hint=f"move it to {root / (parts[0] if len(parts) > 1 else 'PACK') / path.stem}.yaml, or delete it",
            )


def unknown_types(book: Rulebook, types: Container[str], named: Iterable[str]) -> Iterator[Diagnostic]:
    """A word on each type that a rule of a project names, and that no provider declares: it would never match.

    types: all that there are, those of definitions included; `named`: those that can be listed.
    """
    known = list(named)
    for rule in book.rules:
        for token in rule.match.types if rule.own else ():
            if token != STACK and token not in types and not any(fnmatchcase(one, token) for one in known):
                if "*" in token and token.startswith(_OPEN_ENDED):
                    continue  # there are kinds that no list has
                yield Diagnostic(
                    severity=Severity.WARNING,
                    code=Code.NO_SUCH_TYPE,
                    summary=f"{rule.id} is about {token}, a type that no provider declares: it never matches",
                    source=rule.source,
                    hint=suggest(token, known) or "`mlinfra schema` has every type",
                )


def _joined(ours: Pack | None, theirs: Pack) -> Pack:
    """A pack of the project adds to ours of the same name, which stays what it is for."""
    return theirs if ours is None else msgspec.structs.replace(ours, rules=(*ours.rules, *theirs.rules))


def _settle(packs: dict[str, Pack], findings: Findings) -> tuple[Diagnostic, ...]:
    """See to it that each id is one rule's; answer a note for each of ours that gives way."""
    by_id: dict[str, Rule] = {}
    notes = []
    for rule in sorted(_all(packs), key=lambda rule: rule.own):
        before = by_id.get(rule.id)
        if before is not None and before.own == rule.own:
            hint = "give one of them an id of its own"
            findings.add(
                Code.RULES_CLASH, f"{rule.id} is the rule in {before.source.file} already", rule.source, hint=hint
            )
        elif before is not None:
            notes.append(_replaced(before, rule))
        by_id[rule.id] = rule
    for name, pack in packs.items():
        packs[name] = msgspec.structs.replace(pack, rules=tuple(one for one in pack.rules if by_id[one.id] is one))
    return tuple(notes)


def _all(packs: Mapping[str, Pack]) -> Iterator[Rule]:
    for pack in packs.values():
        yield from pack.rules


def _replaced(ours: Rule, theirs: Rule) -> Diagnostic:
    return Diagnostic(
        severity=Severity.NOTE,
        code=Code.RULE_REPLACED,
        summary=f"{ours.id} ({ours.about.title}) is this project's own rule, not ours",
        source=theirs.source,
    )


def _is_for(pack: Pack, stack: Stack, graph: Graph) -> bool:
    """Whether a pack is for such stacks: by environment, and by having a resource that it is about."""
    match = pack.match
    if match is None:
        return True
    if not match.fits_environment(stack.environment):
        return False
    if match.types == Match().types:
        return True
    if not pack.own or not has_pattern(match.where):
        return _has_one(match, graph)
    try:
        return ask(lambda: _has_one(match, graph), bool)
    except CheckFaultError as fault:
        about = Diagnostic(
            code=Code.CHECK_FAULT,
            summary=f"whether the pack {pack.name} is for the stack cannot be asked: {fault.words}",
            hint=f"mend the pattern in {_PACK_FILE}: a repetition within another, as in (a+)+, can take for ever",
        )
        raise ConfigError([about]) from fault


def _has_one(match: Match, graph: Graph) -> bool:
    condition = match.condition
    return any(
        match.fits_type(resource.type)
        and match.fits_address(resource.address)
        and (condition is None or condition.verdict(resource.properties) is not Verdict.FAIL)
        for resource in graph
    )
