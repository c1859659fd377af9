"""Facts about charts, as their own sources say them: default values, schemas, versions.

They lie in `shared/charts` beside the checkout, or where MLINFRA_CHARTS says; nothing here is needed to run mlinfra.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from mlinfra.core.value import Expression
from tests.library.samples import ROOT

FOLDER = Path(os.environ.get("MLINFRA_CHARTS", ROOT.parent / "shared" / "charts"))

# Charts hand these on as they are: what stands in them is Kubernetes' own, whatever the defaults name.
_HANDED_ON = {
    "affinity",
    "containerSecurityContext",
    "limits_config",
    "meshConfig",
    "nodeSelector",
    "podAnnotations",
    "podSecurityContext",
    "resources",
    "securityContext",
}


@cache
def chart_file(chart: str) -> dict[str, Any]:
    """Its Chart.yaml; one whose version is filled in at release is no YAML before."""
    text = (FOLDER / chart / "Chart.yaml").read_text().replace("{{ version }}", "0.0.0")
    return dict(yaml.safe_load(text))


@cache
def source(chart: str) -> dict[str, Any]:
    """Where that is from: repository, commit, date, files of definitions."""
    return dict(json.loads((FOLDER / chart / "SOURCE.json").read_text()))


@cache
def _values(chart: str) -> tuple[str, yaml.Node]:
    text = (FOLDER / chart / "values.yaml").read_text()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    # Istio's charts keep their defaults below this name, and take them out of it when they are rendered.
    node = (node and _child(node, "_internal_defaults_do_not_set")) or node
    return text, node if node is not None else yaml.MappingNode("", [])


def complaints(chart: str, values: Mapping[str, Any]) -> Iterator[str]:
    """The keys that this chart does not have, and what its schema says against them."""
    text, node = _values(chart)
    below = {name: FOLDER / name for name in _dependencies(chart)}
    for key, value in values.items():
        if key in below and (below[key] / "values.yaml").is_file():
            own = _child(node, key)
            yield from (
                f"{key}.{one}"
                for one in complaints(key, value)
                if own is None or one in set(_unknown(text, own, value, ""))
            )
        elif key != "global" and not _is_switch(chart, key, value):
            yield from _unknown(text, node, {key: value}, "")
    schema = FOLDER / chart / "values.schema.json"
    if schema.is_file():
        merged = _merged(yaml.safe_load(text) or {}, _known(values))
        for error in Draft202012Validator(json.loads(schema.read_text())).iter_errors(merged):
            if error.validator != "required":
                yield f"{error.json_path}: {error.message}"


def _merged(defaults: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """As Helm does before it asks the schema."""
    return {
        **defaults,
        **{
            key: _merged(defaults[key], value)
            if isinstance(value, dict) and isinstance(defaults.get(key), dict)
            else value
            for key, value in values.items()
        },
    }


def _dependencies(chart: str) -> list[str]:
    found = chart_file(chart).get("dependencies", [])
    return [one.get("alias", one["name"]) for one in found]


def _is_switch(chart: str, key: str, value: Any) -> bool:
    """Whether it turns a dependency on or off, as that names it, and does nothing else."""
    conditions = {one.get("condition") for one in chart_file(chart).get("dependencies", [])}
    return isinstance(value, dict) and {f"{key}.{name}" for name in value} <= conditions


def _unknown(text: str, node: yaml.Node, values: Mapping[str, Any], path: str) -> Iterator[str]:
    """Keys that neither stand among the defaults nor, commented out, beside them; what is empty there is open."""
    for key, value in values.items():
        found = _child(node, key)
        if found is not None:
            if (
                isinstance(value, dict)
                and key not in _HANDED_ON
                and isinstance(found, yaml.MappingNode)
                and found.value
            ):
                yield from _unknown(text, found, value, f"{path}{key}.")
        elif not _is_commented(text, node, key):
            yield f"{path}{key}"


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _is_commented(text: str, node: yaml.Node, key: str) -> bool:
    part = text[_first_comment(text, node.start_mark.index) : node.end_mark.index] if node.start_mark else text
    return re.search(rf"^\s*#+\s*{re.escape(key)}:", part, re.MULTILINE) is not None


def _first_comment(text: str, start: int) -> int:
    """Where the comments begin that stand right before a place."""
    begins = start
    while (line := text.rfind("\n", 0, begins)) > 0:
        above = text[text.rfind("\n", 0, line) + 1 : line]
        if not above.lstrip().startswith("#"):
            break
        begins = line
    return begins


def _known(value: Any) -> Any:
    """`value` without what only an apply can tell."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if not isinstance(item, Expression)}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value if not isinstance(item, Expression)]
    return value
