"""Serialisation: moto's, with the names that a member's value may stand under worked out once, and not for each object.

moto tries several names for every member of every object that it shows (`VpcId`, `vpc_id`, `id`): which ones depends
on the member and on the kind of object alone. Working them out took a third of the simulated account's time; writing
XML by way of a parser's events took a quarter of what was left. `service` hands it every answer; what is written is
moto's, to the letter.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from moto.core.constants import MISSING
from moto.core.responses import ActionContext, ActionResult
from moto.core.serialize import (
    AttributePickerContext,
    EC2Serializer,
    QuerySerializer,
    ResponseSerializer,
    XFormedAttributePicker,
)
from moto.core.utils import get_value

_NAMES = XFormedAttributePicker()


class Remembered(ActionResult):
    """An answer that is written with what is remembered of the answers before it."""

    def __init__(self, answer: ActionResult) -> None:
        super().__init__(answer.result)
        self._answer = answer

    def execute_result(self, context: ActionContext) -> Any:
        """Status, headers and body."""
        serializer: Any = context.serializer_class
        return self._answer.execute_result(dataclasses.replace(context, serializer_class=_remembering(serializer)))


class Remembering(ResponseSerializer):
    """What every serialiser is given beside its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What may be shown in another form, by the ends of paths.
        self._transformed = tuple(path.rpartition(".")[2] for path in self._value_picker.response_transformers)

    def get_value(self, value: Any, key: str, shape: Any) -> Any:
        """What `value` has for the member `key`."""
        if key.endswith(self._transformed):
            return super().get_value(value, key, shape)
        kind = type(value)
        for name in _KNOWN.get((kind, key, shape)) or _learn(value, key, shape):
            found = value.get(name, MISSING) if kind is dict else get_value(value, name, MISSING)
            if found is not MISSING:
                return found
        return None


class _Written(Remembering):
    """What the serialisers of plain XML are given: EC2's, and that of all whose protocol is `query`."""

    head = ""

    def _serialize_body(self, body: Any) -> str:
        return self.head + "".join(_element(name, content) for name, content in body.items())


class _WrittenWhole(_Written):
    head = '<?xml version="1.0" encoding="utf-8"?>\n'


def _element(name: str, content: Any) -> str:
    """An element, or as many as there are in a list. A key with @ is an attribute."""
    if isinstance(content, list):
        return "".join(_element(name, one) for one in content)
    if not isinstance(content, dict):
        return _written(name, "", _text(content))
    attributes = "".join(f" {key[1:]}={quoteattr(str(value))}" for key, value in content.items() if key[:1] == "@")
    inner = "".join(_element(key, value) for key, value in content.items() if key[:1] != "@")
    return _written(name, attributes, inner)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def _written(name: str, attributes: str, inner: str) -> str:
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"


# By the kind of object, the member and its shape, which is the model's own and stays as long as the process.
_KNOWN: dict[tuple[type, str, Any], tuple[str, ...]] = {}


def _learn(value: Any, key: str, shape: Any) -> tuple[str, ...]:
    """The names to look under; the first that is there counts."""
    context = AttributePickerContext(obj=value, key=key, shape=shape)
    names = _KNOWN[type(value), key, shape] = tuple(dict.fromkeys(_NAMES.get_possible_keys(context)))
    return names


@cache
def _remembering(serializer: type[Any]) -> type[Any]:
    ours = {QuerySerializer: _Written, EC2Serializer: _WrittenWhole}.get(serializer, Remembering)
    return type(f"Remembering{serializer.__name__}", (ours, serializer), {})
