"""The reference of a module, as Markdown: its inputs and outputs in tables.

Its contract as lines, too. Called by `mlinfra modules show`, and by the test that keeps the README of each module true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.library.contract import Chart, Namespace
from mlinfra.library.module import Module


def inputs_table(module: Module) -> str:
    """A row for each field, nested ones with their path."""
    rows = [("field", "form", "default", "what it is"), ("---",) * 4, *_rows(module.schema, "")]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def outputs_table(module: Module) -> str:
    """A row for each output that `${...}` may name."""
    rows = [("output", "what it is"), ("---",) * 2]
    rows += [(f"`{name}`", _escaped(text)) for name, text in module.output_descriptions.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def contract_table(module: Module) -> str:
    """A row for each thing that it brings onto a cluster."""
    rows = [("what", "which"), ("---",) * 2]
    rows += [(label, _escaped(text)) for label, text in contract_lines(module)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def contract_lines(module: Module) -> Iterator[tuple[str, str]]:
    """Each thing that its contract says, with what it is."""
    contract = module.contract
    if contract is None:
        return
    yield from (("chart", _chart(one)) for one in contract.every_chart)
    yield from (("image", f"{one.reference} ({one.source}, {one.looked_up})") for one in contract.images)
    yield from (("namespace", _namespace(one)) for one in contract.namespaces)
    yield from (("definition", name) for name in contract.unique)
    yield from (("workload", str(one)) for one in contract.workloads)
    for permission in contract.permissions:
        actions = sorted({action for statement in permission.statements for action in statement.actions})
        yield "permissions", f"of {permission.namespace}/{permission.service_account}: {', '.join(actions)}"
    yield from (("in AWS", token) for token in contract.cloud)
    yield from (("secret", f"{one.name}: {one.purpose}") for one in contract.secrets)
    yield from (("dashboard", title) for title in contract.dashboards)
    if contract.sign_in:
        yield "sign-in", contract.sign_in
    yield from (("component", name) for name in module.uses)
    yield from (("not with", str(one)) for one in contract.rivals)
    if contract.teardown is not None:
        yield "teardown", contract.teardown.recipe
        yield from (("gone before", kind) for kind in contract.teardown.drain)
        yield from (("kept", text) for text in contract.teardown.keeps)


def _namespace(namespace: Namespace) -> str:
    why = f" ({namespace.because})" if namespace.because else ""
    text = f"{namespace.name}, pods {namespace.level}{why}"
    if namespace.entrances is None:
        return text
    return f"{text}; let in: {', '.join(map(str, namespace.entrances)) or 'nobody'}"


def _chart(chart: Chart) -> str:
    program = f", version {chart.app_version}" if chart.app_version else ""
    version = f"{chart.version}@{chart.digest}" if chart.digest else chart.version
    return f"{chart.name} {version} of {chart.repository}{program} ({chart.source}, {chart.looked_up})"


def _rows(schema: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        default = "required" if name in required else f"`{_plain(field)}`"
        yield f"`{path}`", _escaped(_form(field)), _escaped(default), _escaped(field.get("description", ""))
        yield from _rows_below(field, path)


def _rows_below(field: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str, str]]:
    for member in field.get("anyOf", [field]):
        yield from _rows(member, f"{path}.")
        if isinstance(items := member.get("items"), dict):
            yield from _rows(items, f"{path}[].")
        if isinstance(values := member.get("additionalProperties"), dict):
            yield from _rows(values, f"{path}.*.")


def _plain(field: Mapping[str, Any]) -> str:
    """The default, unless rows of their own say it field by field."""
    default = field.get("default")
    return "{}" if isinstance(default, dict) else json.dumps(default)


def _form(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_form(member) for member in field["anyOf"] if member.get("type") != "null")
    if "enum" in field:
        return ", ".join(json.dumps(value).strip('"') for value in field["enum"])
    match field.get("type"):
        case "array":
            return f"list of {_form(field.get('items', {}))}"
        case "object":
            return "object" if "properties" in field else "map"
        case "integer" | "number":
            return f"{field['type']}{_bounds(field)}"
        case kind:
            return str(kind or "anything")


def _bounds(field: Mapping[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f", {low} or more" if low is not None else ""


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
