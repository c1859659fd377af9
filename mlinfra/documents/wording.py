"""Wording: values and schemas as phrases within a sentence ("the text "4"", "a whole number or a list of text").

`violation` composes its messages from these. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlinfra.core.value import Concat, Expression, Secret, Value
from mlinfra.documents import duration, quantity
from mlinfra.documents.subschema import Definition, Subschemas
from mlinfra.documents.text import shown

_KINDS = {
    "null": "null", "boolean": "true or false", "integer": "a whole number", "number": "a number", "string": "text",
    "array": "a list", "object": "a mapping",
}  # fmt: skip
_FORMS = {
    duration.PATTERN: "a duration such as 60s, 30m, 8h or 14d",
    duration.LASTING: "a duration that is longer than nothing, such as 60s, 30m, 8h or 14d",
    quantity.PATTERN: "a quantity such as 500m, 8Gi or 200Gi",
}
_MOST = 12

FORM = "x-form"  # a schema's own keyword: in words, what its pattern demands


def actual(value: Value) -> str:
    """What stands there: `the text "4"`, `4`, `true`, `a list`, `empty`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {shown(value)}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case Secret():
            return "a secret, which is text"
        case Concat():
            return "text with a reference in it"
        case Expression():
            return "a reference"
    return str(value)


def choice(words: Sequence[str], conjunction: str) -> str:
    """`a`; `a or b`; `a, b or c`; long ones are cut."""
    words = list(dict.fromkeys(words))
    if len(words) > _MOST:
        return f"one of {', '.join(words[:_MOST])} and {len(words) - _MOST} more"
    return f" {conjunction} ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"


def expected(subschemas: Subschemas, schema: Definition) -> str:
    """What a flat schema asks for."""
    if branches := subschemas.branches(schema):
        return choice([expected(subschemas, branch) for branch in branches if not _is_null(branch)], "or")
    if "enum" in schema:
        return choice([item if isinstance(item, str) else actual(item) for item in schema["enum"]], "or")
    if "const" in schema:
        return str(schema["const"])
    kinds = subschemas.kinds(schema)
    if kinds is None:
        return "anything"
    if kinds == {"array"} and (items := schema.get("items")):
        return f"a list of {_plural(expected(subschemas, subschemas.flat(items)))}"
    if kinds == {"string"} and "pattern" in schema:
        return form_of(schema)
    return choice([_KINDS[kind] for kind in sorted(kinds, key=list(_KINDS).index)], "or")


def form_of(schema: Definition) -> str:
    """The form that a schema's pattern demands: in its own words, by its examples, or as it stands."""
    text = schema["pattern"]
    if FORM in schema:
        return str(schema[FORM])
    if text in _FORMS:
        return _FORMS[text]
    if examples := schema.get("examples"):
        return f"of a form such as {choice([str(example) for example in examples], 'or')}"
    return f"of the form {text}"


def _is_null(schema: Definition) -> bool:
    return schema.get("type") == "null"


def _plural(phrase: str) -> str:
    if phrase.startswith("of "):
        return f"texts {phrase}"
    return {"a whole number": "whole numbers", "a number": "numbers", "a list": "lists", "a mapping": "mappings"}.get(
        phrase, phrase
    )
