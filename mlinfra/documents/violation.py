"""Violations: what is wrong with a value, said in the words of the person who wrote it.

`Schema` calls it once it knows that a value does not fit. Each fault becomes a finding that names the path, what
stands there, what may stand there, and what to do. Unions are explained by the alternative that was meant.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from mlinfra.core.address import Address
from mlinfra.core.value import Expression, Path, Value, path_text, text_of
from mlinfra.core.written_secrets import is_secret_at
from mlinfra.documents.codes import Code
from mlinfra.documents.conformance import pattern
from mlinfra.documents.fault import Fault, faults
from mlinfra.documents.findings import Findings
from mlinfra.documents.near import near, suggest
from mlinfra.documents.node import Failed, Node
from mlinfra.documents.scalar import resolve
from mlinfra.documents.subschema import Subschemas, is_kind
from mlinfra.documents.text import shown
from mlinfra.documents.wording import actual, choice, expected, form_of


class Violations:
    """Explains one value's errors, under the path and address that the value has in its document."""

    def __init__(
        self, subschemas: Subschemas, node: Node, findings: Findings, path: Path, address: Address | None
    ) -> None:
        self._subschemas = subschemas
        self._node = node
        self._findings = findings
        self._path = path
        self._address = address
        self._missed: set[Path] = set()

    def report(self, value: Value) -> None:
        """Explain every error of `value`."""
        for fault in faults(self._subschemas.root, value):
            if self._findings.full:
                break
            self._explain(fault)

    def _explain(self, fault: Fault) -> None:
        if fault.of_name:
            self._explain_name(fault)
        elif fault.keyword in ("anyOf", "oneOf"):
            self._explain_union(fault)
        else:
            _EXPLAINERS.get(fault.keyword, Violations._explain_rule)(self, fault)

    # One explainer for each kind of rule.

    def _explain_unknown(self, fault: Fault) -> None:
        declared = fault.schema.get("properties", {})
        patterns = fault.schema.get("patternProperties", {})
        for name in fault.value:
            if self._findings.full:
                return
            if name in declared or any(pattern(text).search(name) for text in patterns):
                continue
            where = self._name(fault) or "this"
            hint = suggest(name, declared, otherwise="delete it")
            self._add(fault, Code.UNKNOWN_PROPERTY, f"{where} has no {shown(name)}", hint=hint, name=name)

    def _explain_missing(self, fault: Fault) -> None:
        path = fault.path
        if path in self._missed:  # jsonschema reports each name by itself
            return
        self._missed.add(path)
        missing = [name for name in fault.operand if name not in fault.value]
        unknown = [name for name in fault.value if name not in fault.schema.get("properties", {})]
        names = choice([f"`{name}`" for name in missing], "and")
        hints = [f"`{found}` is written `{name}`" for name in missing if (found := near(name, unknown))]
        where = self._name(fault) or "this"
        self._add(
            fault, Code.MISSING_PROPERTY, f"{where} needs {names}",
            hint="; ".join(hints) or f"add {names}", key=True,
        )  # fmt: skip

    def _explain_type(self, fault: Fault) -> None:
        self._add_unexpected(fault)

    def _explain_choice(self, fault: Fault) -> None:
        self._add_choice(fault, _allowed(fault))

    def _explain_range(self, fault: Fault) -> None:
        bounds = {
            "minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than",
            "exclusiveMaximum": "less than", "multipleOf": "a multiple of",
        }  # fmt: skip
        wanted = f"{bounds[fault.keyword]} {fault.operand}"
        self._add(fault, Code.OUT_OF_RANGE, f"{self._subject(fault)}, but must be {wanted}")

    def _explain_pattern(self, fault: Fault) -> None:
        form = form_of(fault.schema)
        self._add(fault, Code.WRONG_FORM, f"{self._subject(fault)}, but must be {form}")

    def _explain_size(self, fault: Fault) -> None:
        keyword, bound = fault.keyword, int(fault.operand)
        unit = {"Length": "character", "Items": "item", "Properties": "entry"}[keyword[3:]]
        units = unit if bound == 1 else {"entry": "entries"}.get(unit, unit + "s")
        most = "at least" if keyword.startswith("min") else "at most"
        verb = "must have" if unit != "character" else "must be of"
        name = self._name(fault) or "this"
        if bound == 0:
            self._add(fault, Code.WRONG_SIZE, f"{name} must be empty")
            return
        self._add(fault, Code.WRONG_SIZE, f"{name} {verb} {most} {bound} {units}, and has {len(fault.value)}")

    def _explain_repeated(self, fault: Fault) -> None:
        seen: list[Value] = []
        for item in fault.value:
            if item in seen:
                self._add(fault, Code.REPEATED, f"{self._name(fault)} holds {actual(item)} twice", hint="keep one")
                return
            seen.append(item)

    def _explain_rule(self, fault: Fault) -> None:
        name = self._name(fault) or "this"
        rule = fault.schema.get("description") or f"{fault.keyword}: {fault.operand!r}"[:200]
        self._add(fault, Code.RULE, f"{name} breaks a rule of its schema", detail=str(rule))

    def _explain_name(self, fault: Fault) -> None:
        name = fault.value
        form = form_of(fault.schema) if fault.keyword == "pattern" else f"fit {fault.keyword}"
        self._add(fault, Code.WRONG_FORM, f"the name {shown(name)} must be {form}", name=name)

    # Unions.

    def _explain_union(self, fault: Fault) -> None:
        """By the errors of the alternative that was meant, or else by what all of them ask for."""
        branches: dict[int, list[Fault]] = {}
        for inner in fault.inner:
            branches.setdefault(inner.branch, []).append(inner)
        meant = {index: found for index, found in branches.items() if not any(map(_is_about_shape, found))}
        tagged = {index: found for index, found in meant.items() if not any(map(_is_about_tag, found))}
        if not branches:
            self._add(
                fault,
                Code.NO_ALTERNATIVE,
                f"{self._name(fault) or 'this'} fits more than one form",
                hint="say which one is meant",
            )
        elif not meant:
            self._add_unexpected(fault)
        elif not tagged and (tags := list(filter(_is_about_tag, chain(*meant.values())))):
            self._add_choice(tags[0], [item for tag in tags for item in _allowed(tag)])
        else:
            for inner in min((tagged or meant).values(), key=len):
                self._explain(inner)

    def _add_unexpected(self, fault: Fault) -> None:
        """The value is of a kind, or a spelling, that none of what is expected allows."""
        schema = self._subschemas.flat(fault.schema)
        allowed = [str(item) for found in fault.inner for item in _allowed(found)]
        kinds = self._subschemas.kinds(schema) or frozenset()
        hint = "" if _is_hidden(fault) else _type_hint(fault.value, kinds)
        if isinstance(fault.value, str) and (found_name := near(fault.value, allowed)):
            hint = f"did you mean {found_name}?"
        code = Code.WRONG_TYPE if fault.keyword == "type" else Code.NO_ALTERNATIVE
        self._add(fault, code, f"{self._subject(fault)}, but must be {expected(self._subschemas, schema)}", hint=hint)

    def _add_choice(self, fault: Fault, allowed: list[Value]) -> None:
        words = [item if isinstance(item, str) else actual(item) for item in allowed]
        hint = ""
        if isinstance(fault.value, str) and (found := near(fault.value, map(str, words))):
            hint = f"did you mean {found}?"
        self._add(fault, Code.NOT_ALLOWED, f"{self._subject(fault)}, but must be {choice(words, 'or')}", hint=hint)

    # Places and names.

    def _add(
        self, fault: Fault, code: Code, summary: str, *,
        hint: str = "", detail: str = "", name: str | None = None, key: bool = False,
    ) -> None:  # fmt: skip
        path = (*fault.path, *(() if name is None else (name,)))
        node = self._node.find(path) or self._node
        source = node.place if key or name is not None else node.source
        about = detail or str(fault.schema.get("description", ""))
        self._findings.add(code, summary, source, hint=hint, detail=about, address=self._address)

    def _name(self, fault: Fault) -> str:
        return path_text((*self._path, *fault.path))

    def _subject(self, fault: Fault) -> str:
        # What holds a secret is not repeated, nor what a machine's environment holds: messages end up in logs.
        node = self._node.find(fault.path)
        hidden = _is_hidden(fault) or (node is not None and node.is_private) or is_secret_at(fault.path, fault.value)
        there = "text that is not shown" if hidden else actual(fault.value)
        return f"{self._name(fault) or 'this'} is {there}"


def _is_hidden(fault: Fault) -> bool:
    return fault.schema.get("writeOnly") is True and not isinstance(fault.value, bool | Expression | None)


def _is_about_shape(fault: Fault) -> bool:
    return fault.depth == 0 and fault.keyword in ("type", "enum", "const")


def _is_about_tag(fault: Fault) -> bool:
    return fault.depth == 1 and fault.keyword in ("enum", "const")


def _allowed(fault: Fault) -> list[Value]:
    """The values that a fault's schema lists, if it does."""
    if fault.keyword == "enum":
        return list(fault.operand)
    return [fault.operand] if fault.keyword == "const" else []


def _type_hint(value: Value, kinds: frozenset[str]) -> str:
    """What to write instead, where that is plain."""
    if value is None:
        return "give it a value, or delete the line"
    if isinstance(value, Expression) and not isinstance(value, Failed):
        return "write the value out, or take it from an input"
    if isinstance(value, str):
        if "boolean" in kinds and value.lower() in ("yes", "on", "y", "no", "off", "n"):
            return f"write {'true' if value.lower() in ('yes', 'on', 'y') else 'false'}: in YAML 1.2 {value} is text"
        if kinds & {"integer", "number", "boolean"} and _would_be(value, kinds):
            return f"write {value} without quotes"
    if "array" in kinds and not isinstance(value, dict | list | Expression):
        return f"write a list: [{text_of(value)}]" if len(str(value)) < 40 else "write a list"
    if "object" in kinds and not isinstance(value, dict):
        return "write entries (`name: value`), or {} for none"
    return ""


def _would_be(text: str, kinds: frozenset[str]) -> bool:
    try:
        return is_kind(resolve(text), sorted(kinds - {"string", "null"}))
    except ValueError:
        return False


_EXPLAINERS: dict[str, Callable[[Violations, Fault], None]] = {
    "additionalProperties": Violations._explain_unknown,
    "required": Violations._explain_missing,
    "type": Violations._explain_type,
    "enum": Violations._explain_choice,
    "const": Violations._explain_choice,
    "pattern": Violations._explain_pattern,
    "uniqueItems": Violations._explain_repeated,
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), Violations._explain_range
    ),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), Violations._explain_size
    ),
}
