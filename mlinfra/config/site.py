"""Sites: one place where expressions stand, and what each of them stands for there.

`substitution` makes one for every text with a `${`. What may be referred to comes with the scope; what may be
referred to *here* with the place.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.config.codes import Code
from mlinfra.config.expression import FORMS, Malformed, Name, Part
from mlinfra.config.inputs import plain_scalar
from mlinfra.config.layout import INPUTS, OUTPUTS, RESOURCES, STACKS
from mlinfra.config.neighbours import Neighbours
from mlinfra.core.address import Address
from mlinfra.core.codes import Coded
from mlinfra.core.language import Section
from mlinfra.core.value import Path, Ref, Secret, Value, text_of
from mlinfra.documents.findings import Findings
from mlinfra.documents.near import near, suggest
from mlinfra.documents.node import ENVIRONMENT, FAILED, Node
from mlinfra.documents.text import shown


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What expressions may refer to.

    sections: the language's, by name. root: the merged tree, whose entries may be named.
    """

    inputs: Mapping[str, Node]
    environ: Mapping[str, str]
    neighbours: Neighbours
    sections: Mapping[str, Section]
    root: Node


class Site:
    """One place where expressions stand."""

    def __init__(self, scope: Scope, findings: Findings, node: Node, path: Path, allowed: frozenset[str]) -> None:
        self._scope = scope
        self._findings = findings
        self.node = node
        self._path = path
        self._allowed = allowed

    def fail(self, code: Coded, summary: str, hint: str) -> Node:
        """Say what is wrong here."""
        self._findings.add(code, summary, self.node.source, hint=hint)
        return self.node.with_value(FAILED)

    def evaluate(self, part: Part) -> Node:
        """What one part of the text stands for."""
        match part:
            case str():
                return Node(part, self.node.source)
            case Secret():
                return self._secret(part)
            case Malformed():
                return self.fail(Code.BAD_EXPRESSION, f"{shown(part.text)} is no expression", part.hint)
        match part.root:
            case "inputs":
                return self._input(part)
            case "env":
                return self._variable(part)
            case "stacks":
                return self._neighbour(part)
            case "resources":
                return self._section(part, Section(module="", many=True))
        if part.root in self._scope.sections:
            return self._section(part, self._scope.sections[part.root])
        return self._unknown_root(part)

    def _unknown_root(self, name: Name) -> Node:
        roots = [INPUTS, "env", "secret", STACKS]
        if "section" in self._allowed:
            roots += [RESOURCES, *self._scope.sections]
        found = near(name.root, roots)
        return self.fail(
            Code.BAD_EXPRESSION, f"${{{name.text}}} refers to nothing", f"did you mean {found}?" if found else FORMS
        )

    def _secret(self, secret: Secret) -> Node:
        if "secret" not in self._allowed:
            return self.fail(
                Code.NOT_HERE, "no secret may stand here",
                "secrets may stand in sections and in the properties of resources: they are read at the call alone",
            )  # fmt: skip
        return Node(secret, self.node.source, None, self.node.key)

    def _input(self, name: Name) -> Node:
        inputs = self._scope.inputs
        chosen = str(name.path[0]) if name.path else ""
        if chosen not in inputs:
            hint = suggest(chosen, inputs, otherwise="declare it under `inputs`")
            return self.fail(Code.UNKNOWN_REFERENCE, f"${{{name.text}}}: the stack declares no such input", hint)
        found = inputs[chosen].find(name.path[1:]) if inputs[chosen].value is not FAILED else inputs[chosen]
        if found is None:
            return self.fail(Code.UNKNOWN_REFERENCE, f"${{{name.text}}}: the input holds nothing there", "")
        return Node(found.value, self.node.source, found.text, self.node.key, found.origin or str(found.source))

    def _variable(self, name: Name) -> Node:
        variable = str(name.path[0]) if len(name.path) == 1 else ""
        if variable not in self._scope.environ:
            hint = "set it, or use an input with a default" if variable else "write ${env.NAME}"
            return self.fail(Code.NO_VARIABLE, f"the environment variable {variable or name.text} is not set", hint)
        found = plain_scalar(self._scope.environ[variable], self.node.source, f"{ENVIRONMENT} {variable}")
        return msgspec.structs.replace(found, key=self.node.key)

    def _neighbour(self, name: Name) -> Node:
        if STACKS not in self._allowed:
            return self.fail(
                Code.NOT_HERE, "no output of another stack may stand here",
                "they may stand in sections, `resources` and `outputs`",
            )  # fmt: skip
        neighbours = self._scope.neighbours
        match name.path:
            case (str(other), "outputs", str(output), *rest):
                pass
            case _:
                return self.fail(
                    Code.BAD_EXPRESSION, f"${{{name.text}}} names no output", "write ${stacks.NAME.outputs.OUTPUT}"
                )
        if other not in neighbours.locations:
            hint = suggest(other, neighbours.locations, otherwise="declare it: stacks: {NAME: {state: URL}}")
            return self.fail(Code.UNKNOWN_STACK, f"no stack {other} is declared under `stacks`", hint)
        if neighbours.is_offline:
            return self._ref((STACKS, other), (OUTPUTS, output, *rest), f"stacks.{other}")
        applied = neighbours.applied(other)
        if applied is None:
            return self.fail(
                Code.NOT_APPLIED, f"the stack {other} has not been applied yet", "apply it first, then this one"
            )
        found = _planted(applied.outputs, self.node, f"stacks.{other}").find((output, *rest))
        if found is None:
            hint = suggest(output, applied.outputs, otherwise="it has no outputs")
            return self.fail(Code.UNKNOWN_STACK_OUTPUT, f"the stack {other} has no output {output}", hint)
        return found

    def _section(self, name: Name, section: Section) -> Node:
        if "section" not in self._allowed:
            return self.fail(
                Code.NOT_HERE, f"${{{name.text}}} is known only once {name.root} is made",
                "sections are connected by the language itself; such references stand in `resources` and `outputs`",
            )  # fmt: skip
        written = self._scope.root.below(name.root)
        entry = str(name.path[0]) if section.many and name.path else ""
        if written is None or (section.many and not (entry and written.below(entry))):
            there = written.value if written and isinstance(written.value, dict) else {}
            missing = (
                f"there is no `{name.root}` in the stack" if written is None else f"`{name.root}` has no such entry"
            )
            hint = suggest(entry, there, otherwise=missing) if entry else missing
            return self.fail(Code.UNKNOWN_REFERENCE, f"${{{name.text}}} refers to nothing", hint)
        if self._path[:2] == (name.root, entry):
            return self.fail(Code.SELF_REFERENCE, f"${{{name.text}}} refers to the resource it stands in", "")
        output = name.path[1:] if section.many else name.path
        if not output or (name.root != RESOURCES and output[0] not in section.outputs):
            return self._without_output(name, section, str(output[0]) if output else "")
        return self._ref((name.root, entry) if entry else (name.root,), output, "")

    def _ref(self, address: tuple[str, ...], output: Path, origin: str) -> Node:
        try:
            symbol = Ref(Address(".".join(address)), output)
        except ValueError:  # a name is not of the form of names, and is said to be so where it is declared
            return self.node.with_value(FAILED)
        return Node(symbol, self.node.source, None, self.node.key, origin)

    def _without_output(self, name: Name, section: Section, output: str) -> Node:
        if name.root == RESOURCES:
            hint = f"add one, such as ${{{name.text}.id}}"
        else:
            hint = suggest(output, section.outputs, otherwise="it has no outputs")
        summary = f"{name.root} has no output {output}" if output else f"${{{name.text}}} names no output"
        return self.fail(Code.UNKNOWN_OUTPUT, summary, hint)


def _planted(value: Value, site: Node, origin: str) -> Node:
    """Plain data as nodes that stand at `site`."""
    if isinstance(value, Mapping):
        value = {name: _planted(item, site, origin) for name, item in value.items()}
    elif isinstance(value, list | tuple):
        value = [_planted(item, site, origin) for item in value]
    text = text_of(value) if isinstance(value, bool | int | float) else None
    return Node(value, site.source, text, site.key, origin)
