"""Coercion: arguments that fit already pass as they are; all others go through Typer's own conversion.

`folder` gives it to the parameters of every command. Typer converts with pydantic, which takes as long to import as all
of a small plan takes to compute (70 of 600 ms, November 2026), and nearly every argument is the text that is asked for.
"""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from typer._coercion import RuntimeParam, build_runtime_param


class Fitting(RuntimeParam):
    """Converts only what does not fit."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        if fits(value, self.annotation):
            return list(value) if isinstance(value, tuple) else value
        return build_runtime_param(param.type_descriptor).coerce(value, param=param, ctx=ctx)


def spared(params: list[Any]) -> list[Any]:
    """The parameters of a command, spared the conversion of what fits."""
    for param in params:
        about = param.type_descriptor
        param._runtime_param = Fitting(about.parameter_info, about.annotation)
    return params


def fits(value: object, annotation: Any) -> bool:
    """Whether `value` is of a plain kind already: a text, a truth, one of some choices, a list of such."""
    if annotation is str or annotation is bool:
        return type(value) is annotation
    if get_origin(annotation) is Literal:
        return value in get_args(annotation)
    if get_origin(annotation) is list and isinstance(value, list | tuple):
        return all(fits(item, get_args(annotation)[0]) for item in value)
    return False
