"""The vocabulary: whether a resource says what Pulumi's own argument classes understand.

Reads the types of `pulumi_aws` without running anything of it. Complaints name the property and what is wrong.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Union, get_args, get_origin

from mlinfra.core.property import Property
from mlinfra.core.value import Base64, Concat, Expression, Json, Ref, Secret, TrimPrefix

_TEXTS = (Base64, Concat, Json, TrimPrefix)


def resource_class(token: str) -> Any:
    """Pulumi's class for a token such as `aws:ec2/vpc:Vpc`. Raises `LookupError` where there is none."""
    package, path, name = token.split(":")
    where = path.partition("/")[0] if package == "aws" else _kubernetes_module(path)
    try:
        return getattr(import_module(f"pulumi_{package}.{where}"), name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"pulumi_{package} has no {token}") from error


def _kubernetes_module(path: str) -> str:
    """`rbac.authorization.k8s.io/v1` is `rbac.v1`: the group up to its first dot, and the version."""
    group, _, version = path.partition("/")
    return f"{group.partition('.')[0]}.{version}"


def is_custom(token: str) -> bool:
    """Whether it is of a kind that somebody defines on a cluster; of those Pulumi knows the metadata alone."""
    package, path, _ = token.split(":")
    group = path.partition("/")[0]
    return package == "kubernetes" and "." in group and not group.endswith((".k8s.io", "helm.sh"))


def _pulumi_types() -> Any:
    # Imported by name, since it is there only where the vocabulary is checked.
    return import_module("pulumi._types")


def _arguments_of(cls: Any) -> Any:
    """Its argument class: the plain name may belong to a nested type (BucketVersioning), then another one is used."""
    module = sys.modules[cls.__module__]
    return getattr(module, f"{cls.__name__}InitArgs", None) or getattr(module, f"{cls.__name__}Args")


def complaints(token: str, properties: Mapping[Any, Any]) -> Iterator[str]:
    """What Pulumi would not understand of these inputs."""
    if is_custom(token):
        unknown = set(properties) - {"metadata", "spec"}
        yield from (f"{token} has no property {name}" for name in sorted(unknown))
        token, properties = "kubernetes:core/v1:Namespace", {"metadata": properties.get("metadata", {})}
    yield from _of_block(_arguments_of(resource_class(token)), properties, token)


def unknown_names(token: str, declared: Property) -> list[str]:
    """The paths of declared properties that Pulumi's type does not have, within blocks and lists of blocks as well."""
    return list(_unknown(_arguments_of(resource_class(token)), declared, ""))


def _unknown(cls: Any, declared: Property, at: str) -> Iterator[str]:
    kinds = _pulumi_types().input_type_types(cls)
    for name, below in declared.fields.items():
        if name not in kinds:
            yield f"{at}{name}"
            continue
        while not below.fields and below.items is not None:
            below = below.items
        answers = [list(_unknown(inner, below, f"{at}{name}.")) for inner in _input_types(kinds[name])]
        yield from min(answers, key=len, default=[])


def _input_types(kind: Any) -> Iterator[Any]:
    """The nested argument classes of a union, a list or a map."""
    if _pulumi_types().is_input_type(kind):
        yield kind
    for inner in get_args(kind):
        if not _is_promise(inner):
            yield from _input_types(inner)


def output_complaints(token: str, ref: Ref) -> Iterator[str]:
    """What is wrong with `ref`, which refers to an output of a resource of type `token`."""
    kind: Any = resource_class(token)
    if ref.path == ("id",):
        return
    fields = _pulumi_types().resource_types(kind)
    for part in ref.path:
        if isinstance(part, int):
            kind = next(iter(get_args(_plain(kind))), Any)
            continue
        if not fields or part not in fields:
            yield f"{token} has no output {'.'.join(map(str, ref.path))}"
            return
        kind = fields[part]
        nested = _nested(kind)
        fields = _pulumi_types().output_type_types(nested) if nested else {}


def _nested(kind: Any) -> Any:
    """The output type that a list, or an optional, holds."""
    if _pulumi_types().is_output_type(kind):
        return kind
    return next((found for arg in get_args(kind) if (found := _nested(arg))), None)


def _of_block(cls: Any, value: Mapping[Any, Any], where: str) -> Iterator[str]:
    kinds = _pulumi_types().input_type_types(cls)
    for name, item in value.items():
        if name not in kinds:
            yield f"{where} has no property {name}"
        else:
            yield from _of(kinds[name], item, f"{where}.{name}")
    names = _pulumi_types().input_type_py_to_pulumi_names(cls)
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        name = names.get(parameter.name, parameter.name)
        if parameter.default is inspect.Parameter.empty and name not in value:
            yield f"{where} lacks {name}"


def _of(kind: Any, value: Any, where: str) -> Iterator[str]:
    """The complaints against a value; of the members of a union, that with the fewest speaks."""
    members = [member for member in _members(kind) if not _is_promise(member)]
    answers = [list(_of_member(member, value, where)) for member in members]
    yield from min(answers, key=len, default=[])


def _of_member(kind: Any, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, Ref | Secret) or kind is Any:
        return
    plain = _plain(kind)
    origin = get_origin(plain)
    if isinstance(value, Expression):
        fits = plain is str and isinstance(value, _TEXTS)
    elif _pulumi_types().is_input_type(plain):
        fits = isinstance(value, dict)
        if fits:
            yield from _of_block(plain, value, where)
    elif origin is not None and issubclass(origin, Mapping):
        fits = isinstance(value, dict)
        for key, item in value.items() if fits else ():
            yield from _of(get_args(plain)[1], item, f"{where}.{key}")
    elif origin is not None and issubclass(origin, Sequence):
        fits = isinstance(value, list | tuple)
        for index, item in enumerate(value) if fits else ():
            yield from _of(get_args(plain)[0], item, f"{where}[{index}]")
    else:
        fits = _is_scalar(plain, value)
    if not fits:
        yield f"{where} is {value!r}, expected {getattr(plain, '__name__', plain)}"


def _is_scalar(kind: Any, value: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _plain(kind: Any) -> Any:
    """`kind` without the promises that Pulumi allows beside it."""
    members = [member for member in _members(kind) if member is not type(None) and not _is_promise(member)]
    return members[0] if len(members) == 1 else kind


def _is_promise(kind: Any) -> bool:
    return getattr(get_origin(kind), "__name__", "") in ("Awaitable", "Output")
