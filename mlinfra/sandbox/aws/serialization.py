"""Serialisation: moto's, with the names that a member's value may stand under worked out once, and not for each object.

moto tries several names for every member of every object that it shows (`VpcId`, `vpc_id`, `id`): which ones depends
on the member and on the kind of object alone. Working them out took a third of the simulated account's time.
`service` hands it every answer; what is written is moto's, to the letter.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from moto.core.constants import MISSING
from moto.core.responses import ActionContext, ActionResult
from moto.core.serialize import AttributePickerContext, ResponseSerializer, XFormedAttributePicker
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
        self._transformed: dict[str, bool] = {}

    def get_value(self, value: Any, key: str, shape: Any) -> Any:
        """What `value` has for the member `key`."""
        transformed = self._transformed.get(key)
        if transformed is None:
            transformed = self._transformed[key] = self._may_be_transformed(key)
        if transformed:
            return super().get_value(value, key, shape)
        kind = type(value)
        for name in _KNOWN.get((kind, key, shape)) or _learn(value, key, shape):
            found = value.get(name, MISSING) if kind is dict else get_value(value, name, MISSING)
            if found is not MISSING:
                return found
        return None

    def _may_be_transformed(self, key: str) -> bool:
        """Whether a member of that name may be shown in another form: the ends of paths say where."""
        return any(key.endswith(path.rpartition(".")[2]) for path in self._value_picker.response_transformers)


# By the kind of object, the member and its shape, which is the model's own and stays as long as the process.
_KNOWN: dict[tuple[type, str, Any], tuple[str, ...]] = {}


def _learn(value: Any, key: str, shape: Any) -> tuple[str, ...]:
    """The names to look under; the first that is there counts."""
    context = AttributePickerContext(obj=value, key=key, shape=shape)
    names = _KNOWN[type(value), key, shape] = tuple(dict.fromkeys(_NAMES.get_possible_keys(context)))
    return names


@cache
def _remembering(serializer: type[Any]) -> type[Any]:
    return type(f"Remembering{serializer.__name__}", (Remembering, serializer), {})
