"""Modules: what they make, their inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlinfra.cli.answers import ModuleInfo
from mlinfra.cli.render.page import Page
from mlinfra.cli.render.value import value_text


def modules_page(modules: Sequence[ModuleInfo]) -> Page:
    """One line for each."""
    page = Page()
    section = max((len(module.section) for module in modules), default=0)
    name = max((len(module.name) for module in modules), default=0)
    for module in modules:
        page.line(
            (f"{module.section:<{section}}  ", "bold"),
            f"{module.name:<{name}}  ",
            ("" if module.built else "(not built yet) ", "yellow"),
            (module.summary, "dim"),
            below=" " * (section + name + 4),
        )
    return page


def module_page(module: ModuleInfo) -> Page:
    """One module whole."""
    page = Page().line((module.name, "bold"), f"  {module.summary}")
    named = ", by name" if module.many else ""
    page.line(("  section  ", "dim"), module.section + named)
    page.line(("  path     ", "dim"), module.path)
    if not module.built:
        page.line(("  it validates, and cannot be planned yet", "yellow"))
    rows = list(_inputs(module.inputs, ""))
    width = min(32, max((len(name) for name, _, _ in rows), default=0))
    if rows:
        page.blank().line(("inputs", "bold"))
    for name, kind, about in rows:
        page.line(
            f"  {name:<{width}}  ", (kind, "cyan"), (f"  {about}" if about else "", "dim"), below=" " * (width + 4)
        )
    if module.outputs:
        page.blank().line(("outputs", "bold"))
        width = max(map(len, module.outputs))
        for name, about in module.outputs.items():
            page.line(f"  {name:<{width}}  ", (about, "dim"), below=" " * (width + 4))
    if module.contract_lines:
        page.blank().line(("contract", "bold"))
        width = max(len(label) for label, _ in module.contract_lines)
        for label, words in module.contract_lines:
            page.line(f"  {label:<{width}}  ", (words, "dim"), below=" " * (width + 4))
    return page


def module_data(module: ModuleInfo) -> dict[str, Any]:
    """The same for programs."""
    return {
        "name": module.name,
        "section": module.section,
        "many": module.many,
        "built": module.built,
        "summary": module.summary,
        "inputs": dict(module.inputs),
        "outputs": dict(module.outputs),
        "path": module.path,
        "contract": module.contract,
    }


def _inputs(
    schema: Mapping[str, Any], prefix: str, root: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Each input with its kind and what is said of it, nested ones below theirs."""
    root = root or schema
    schema = _resolved(schema, root)
    required = schema.get("required", ())
    for name, declared in schema.get("properties", {}).items():
        inner = _resolved(declared, root)
        about = [str(declared.get("description") or inner.get("description") or "").strip().partition("\n")[0]]
        if name in required:
            about.append("(required)")
        if "default" in declared:
            about.append(f"(default {value_text(declared['default'])})")
        yield prefix + name, _kind(inner, root), " ".join(filter(None, about))
        if "properties" in inner and prefix.count(".") < 2:
            yield from _inputs(inner, f"{prefix}{name}.", root)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that `$ref` names, or the first real alternative of several."""
    if "$ref" in schema:
        found = root.get("$defs", {}).get(str(schema["$ref"]).rpartition("/")[2], {})
        return found if isinstance(found, dict) else {}
    for alternative in schema.get("anyOf", ()):
        if alternative.get("type") != "null":
            return _resolved(alternative, root)
    return schema


def _kind(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(value_text(item) for item in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(_resolved(schema.get('items', {}), root), root)}"
    return " | ".join(kind) if isinstance(kind, list) else str(kind)
