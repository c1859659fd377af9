"""Inputs: what a stack declares under `inputs`, and the values that a run gives them.

The loader calls it before anything is substituted. A value comes from `--set`, else from the last `--inputs` file
that names it, else from the declaration. Values are data: no expression in them is ever looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mlinfra.config.codes import Code
from mlinfra.config.files import Files
from mlinfra.config.layout import INPUTS
from mlinfra.core.source import Source
from mlinfra.core.value import Value
from mlinfra.documents import apart, yaml
from mlinfra.documents.codes import Code as DocumentCode
from mlinfra.documents.conformance import pattern
from mlinfra.documents.findings import Findings
from mlinfra.documents.near import suggest
from mlinfra.documents.node import FAILED, Node
from mlinfra.documents.scalar import resolve
from mlinfra.documents.schema import Schema
from mlinfra.documents.text import FORBIDDEN, shown

_NUMERIC = ("integer", "number")
_REPETITION = re.compile(r"[*+?{]")
_SECONDS = 1.0  # that matching a value may take


class Inputs:
    """The inputs of one stack: its declarations as checked data, `None` for a wrong one, and each one's node."""

    def __init__(self, declared: Mapping[str, Mapping[str, Any] | None], nodes: Mapping[str, Node], findings: Findings):
        self._declared = declared
        self._nodes = nodes
        self._findings = findings

    def values(self, files: Files, input_files: Iterable[str], sets: Iterable[str]) -> dict[str, Node]:
        """The effective value of each input; `FAILED` where it has none that is right."""
        schemas = {name: self._schema(name) for name in self._declared}
        given = {**self._from_files(files, input_files), **self._from_sets(sets)}
        return {name: self._value(name, schemas[name], given.get(name)) for name in self._declared}

    def _schema(self, name: str) -> Schema | None:
        """What the values of one input must satisfy; `None` where its declaration is broken."""
        declaration, node = self._declared[name], self._nodes[name]
        if declaration is None:
            return None
        kind = declaration["type"]
        if not _is_expression(declaration.get("pattern", "")):
            place = node.below("pattern") or node
            self._findings.add(
                Code.BAD_DECLARATION, f"the pattern of inputs.{name} is no regular expression", place.source
            )
            return None
        for rule, kinds in (("minimum", _NUMERIC), ("maximum", _NUMERIC), ("pattern", ("string",))):
            if rule in declaration and kind not in kinds:
                place = node.below(rule) or node
                self._findings.add(
                    Code.BAD_DECLARATION, f"inputs.{name} is of type {kind}, which has no {rule}", place.place,
                    hint=f"delete the {rule}",
                )  # fmt: skip
        if declaration.get("minimum", 0) > declaration.get("maximum", declaration.get("minimum", 0)):
            place = node.below("maximum") or node
            summary = (
                f"inputs.{name} must be at least {declaration['minimum']:g}, and at most {declaration['maximum']:g}"
            )
            self._findings.add(Code.BAD_DECLARATION, summary, place.source, hint="no value is both: change one of them")
            return None
        rules = {key: declaration[key] for key in ("enum", "minimum", "maximum", "pattern") if key in declaration}
        allowed = node.below("enum")
        if allowed and isinstance(allowed.value, list):
            items = Schema({"type": "array", "items": {"type": kind}})
            rules["enum"] = items.load(allowed, self._findings, path=(INPUTS, name, "enum"))
        return Schema({"type": kind, "description": declaration.get("description", ""), **rules})

    def _value(self, name: str, schema: Schema | None, given: Node | None) -> Node:
        declaration = self._nodes[name]
        node = given or declaration.below("default")
        if schema is None:
            return declaration.with_value(FAILED)
        if node is None:
            self._findings.add(
                Code.MISSING_INPUT, f"the input {name} has no default and was given no value", declaration.place,
                hint=f"give one: --set {name}=…, or a file with --inputs",
                detail=schema.definition["description"],
            )  # fmt: skip
            return declaration.with_value(FAILED)
        if _may_hang(schema, node) and not self._answers(name, schema, node):
            return node.with_value(FAILED)
        inner = Findings()
        value = schema.load(node, inner, path=(INPUTS, name))
        self._findings.take(*inner.diagnostics())
        return node.with_value(FAILED) if inner.has_errors() else _typed(node, value)

    def _answers(self, name: str, schema: Schema, node: Node) -> bool:
        """Whether it can be told in a reasonable time if the value fits the pattern; else that is said."""
        rule = schema.definition["pattern"]
        try:
            apart.ask(lambda: bool(pattern(rule).search(node.value)), bool, seconds=_SECONDS)
        except apart.CheckFaultError as fault:
            place = self._nodes[name].below("pattern") or self._nodes[name]
            self._findings.add(
                Code.ENDLESS_PATTERN, f"whether inputs.{name} fits its pattern cannot be told: {fault.words}",
                place.source,
                hint="mend the pattern: a repetition within another, as in (a+)+, can take for ever",
            )  # fmt: skip
            return False
        return True

    def _from_files(self, files: Files, paths: Iterable[str]) -> dict[str, Node]:
        given: dict[str, Node] = {}
        for path in paths:
            document = files.read_given(path)
            if document is None:
                continue
            if not isinstance(document.root.value, dict):
                self._findings.add(
                    Code.BAD_INPUTS_FILE, f"{path} is not a mapping of input names to values", document.root.source
                )
                continue
            for name, node in document.root.value.items():
                if node.value is not None and self._is_declared(name, node.place):
                    given[name] = node
        return given

    def _from_sets(self, sets: Iterable[str]) -> dict[str, Node]:
        given: dict[str, Node] = {}
        for text in sets:
            name, equals, value = text.partition("=")
            source = Source(f"--set {name}")
            if not equals or not name:
                self._findings.add(
                    Code.BAD_SET, f"--set {shown(text)} is not of the form name=value", None, hint="--set gpuMax=4"
                )
            elif (
                self._is_declared(name, source)
                and self._is_visible(name, value)
                and (node := self._spelt(name, value, source))
            ):
                given[name] = node
        return given

    def _is_visible(self, name: str, text: str) -> bool:
        """Whether the text is what it looks like: files may not hold more either."""
        found = FORBIDDEN.search(text)
        if found is not None:
            summary = f"its value holds U+{ord(found[0]):04X}, which nobody sees as it is"
            hint = "type the value anew instead of pasting it"
            self._findings.add(DocumentCode.FORBIDDEN_CHARACTER, summary, Source(f"--set {name}"), hint=hint)
        return found is None

    def _spelt(self, name: str, text: str, source: Source) -> Node | None:
        """The value that a command line's text means, by the type of its input."""
        kind = (self._declared[name] or {}).get("type", "string")
        if kind == "string":
            return Node(text, source, None, source, source.file)
        if kind in ("array", "object"):
            return yaml.parse_value(text, source, self._findings)
        return plain_scalar(text, source, source.file)

    def _is_declared(self, name: str, source: Source) -> bool:
        if name in self._declared:
            return True
        if self._findings.full:
            return False
        hint = suggest(name, self._declared, otherwise="the stack declares no inputs")
        self._findings.add(Code.UNKNOWN_INPUT, f"the stack declares no input {shown(name)}", source, hint=hint)
        return False


def plain_scalar(text: str, source: Source, origin: str) -> Node:
    """Text from outside a file, as if it stood unquoted in one: a field for text takes its spelling."""
    try:
        value = resolve(text)
    except ValueError:
        value = text
    return Node(value, source, text, source, origin)


def _is_expression(text: str) -> bool:
    try:
        pattern(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _may_hang(schema: Schema, node: Node) -> bool:
    """Whether a pattern could take for ever: it takes two repetitions that can share a text between them."""
    return isinstance(node.value, str) and len(_REPETITION.findall(schema.definition.get("pattern", ""))) > 1


def _typed(node: Node, value: Value) -> Node:
    """`node` with the value that its declaration makes of it: what is declared as text stays text everywhere."""
    if isinstance(value, dict):
        return node.with_value({name: _typed(node.value[name], item) for name, item in value.items()})
    if isinstance(value, list):
        return node.with_value([_typed(*pair) for pair in zip(node.value, value, strict=True)])
    return Node(value, node.source, None if isinstance(value, str) else node.text, node.key, node.origin)
