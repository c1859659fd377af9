"""Stand-ins: texts in the sections of a stack for outputs of other stacks, where no state may be read.

A module takes texts, and often of a form: the id of a network, an ARN. Whatever text a reference is given stands for
that reference alone, and becomes it again before anything is shown or judged. What can be no text, such as a number,
is left as it is, and refused by the modules. `comparison` and `offline` call it. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.stack import Stack
from mlinfra.core.value import Concat, Expression, Ref, Value, path_text, refs
from mlinfra.library.library import Library
from mlinfra.session.codes import Code
from mlinfra.session.reading.symbolic import Symbols

Schema = Mapping[str, Any]

# What AWS and Kubernetes call things, with room for what tells one from another: a name, or digits where it must be.
_FORMS = (
    "{name}",
    "vpc-{digits}",
    "subnet-{digits}",
    "sg-{digits}",
    "cr-{digits}",
    "arn:aws:iam::000000000000:role/{name}",
    "arn:aws:acm:us-east-1:000000000000:certificate/{digits}",
    "arn:aws:sns:us-east-1:000000000000:{name}",
    "https://{name}.example",
    "s3://{name}/{name}",
    "{name}@example.com",
    "{name}.example",
)
_LONGEST = 63  # of a label's value
_SEVERAL = 2  # of a list of unknown length: as many as the smallest that a cluster takes


def with_stand_ins(stack: Stack, library: Library, symbols: Symbols) -> Stack:
    """The stack, its sections without references as far as these can be texts."""
    sections: dict[str, Any] = {}
    for name, data in stack.sections.items():
        modules = library.sections.get(name, ())
        if modules and (modules[0].many or modules[0].place.entry) and isinstance(data, dict):
            sections[name] = {entry: _entry(library, symbols, name, entry, one) for entry, one in data.items()}
        else:
            sections[name] = _entry(library, symbols, name, "", data)
    return msgspec.structs.replace(stack, sections=sections)


def _entry(library: Library, symbols: Symbols, section: str, entry: str, data: Any) -> Any:
    module = library.module_for(section, entry) if entry else library.module_for(section)
    if module is None or not refs(data):
        return data
    return _Filling(symbols, module.schema).filled(data, [module.schema])


def unreadable_neighbour(diagnostic: Diagnostic, symbols: Symbols) -> Diagnostic:
    """What a module has against a reference, or against what stands for one, is said to be about that."""
    where, _, what = diagnostic.summary.partition(": ")
    named = next(
        (f"{name.address}.{path_text(name.path)}" for text, name in symbols.forms() if text in diagnostic.summary), ""
    )
    if not what.endswith("got `Ref`") and not named:
        return diagnostic
    what = f"{named}: it is" if named else f"{where} is"
    return msgspec.structs.replace(
        diagnostic,
        code=Code.NEIGHBOUR_NEEDED,
        summary=f"{what} an output of another stack, which its state alone tells; no name can stand for it here",
        hint="make it an input, and give it with --set; or ask with `mlinfra plan`, which reads that state",
    )


class _Filling:
    """Of one entry, whose schema is `root`."""

    def __init__(self, symbols: Symbols, root: Schema) -> None:
        self._symbols, self._root = symbols, root

    def filled(self, value: Value, schemas: list[Schema]) -> Value:
        """`value`, which one of `schemas` describes."""
        schemas = list(self._flat(schemas))
        match value:
            case dict():
                return {key: self.filled(item, list(_below(schemas, key))) for key, item in value.items()}
            case list() | tuple():
                inner = [one["items"] for one in schemas if isinstance(one.get("items"), dict)]
                return [self.filled(item, inner) for item in value]
            case Ref() | Concat():
                return self._stood_in(value, schemas)
        return value

    def _stood_in(self, value: Expression, schemas: list[Schema]) -> Value:
        for schema in schemas:
            if schema.get("type") == "string" and (text := self._text(value, schema)):
                return text
        for schema in schemas:
            if schema.get("type") == "array" and isinstance(value, Ref) and isinstance(schema.get("items"), dict):
                items = [Ref(value.address, (*value.path, index)) for index in range(_SEVERAL)]
                return [self.filled(item, [schema["items"]]) for item in items]
        return value

    def _text(self, value: Expression, schema: Schema) -> str:
        """A text that the schema takes; empty where there is none."""
        pattern = schema.get("pattern")
        if "enum" in schema or "format" in schema:
            return ""
        if isinstance(value, Concat):
            known = [part if isinstance(part, str) else self._symbols.text(part) for part in value.parts]
            text = "".join(known)
            return text if pattern is None or re.search(pattern, text) else ""
        assert isinstance(value, Ref)
        whole = f"{value.address}.{path_text(value.path)}"
        digits = hashlib.sha256(whole.encode()).hexdigest()[:17]
        name = re.sub(r"[^a-z0-9]+", "-", whole.lower()).strip("-")
        name = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 18]}-{digits}"
        formed = (form.format(name=name, digits=digits) for form in _FORMS)
        found = next((one for one in formed if pattern is None or re.search(pattern, one)), "")
        return self._symbols.in_form(found, value) if found else ""

    def _flat(self, schemas: list[Schema]) -> Iterator[Schema]:
        """Each alternative by itself, what `$ref` names in its place."""
        for schema in schemas:
            if "$ref" in schema:
                yield from self._flat([self._root["$defs"][str(schema["$ref"]).rpartition("/")[2]]])
            elif "anyOf" in schema:
                yield from self._flat(schema["anyOf"])
            else:
                yield schema


def _below(schemas: list[Schema], key: Any) -> Iterator[Schema]:
    for schema in schemas:
        further = schema.get("additionalProperties")
        found = schema.get("properties", {}).get(key, further)
        if isinstance(found, dict):
            yield found
