"""A stack at a glance, and leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlinfra.cli.answers import Expanded
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.cli.render.state import holder_page
from mlinfra.cli.render.value import cut, value_json, value_text
from mlinfra.core.backend import Holder
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.core.value import parse_path
from mlinfra.core.written_secrets import is_secret_at

_LONGEST = 400


def stack_page(stack: Stack, state: State | None, location: str, holder: Holder | None) -> Page:
    """Where it is made, what it holds, what is remembered."""
    page = Page().line((stack.name, "bold"), (f"  {stack.file}", "dim"))
    for name, what in _about(stack).items():
        page.line((f"  {name:<13}", "dim"), what, below=" " * 15)
    remembered = f"serial {state.serial}, {number_of(len(state.records), 'object')}" if state else "nothing applied yet"
    page.line(("  state        ", "dim"), f"{location}, {remembered}", below=" " * 15)
    if holder:
        page.extend(holder_page(holder))
    page.blank()
    sections = {**stack.sections, **({"resources": stack.resources} if stack.resources else {})}
    width = max((len(section) for section in sections), default=0)
    for section, content in sections.items():
        page.line((f"{section:<{width}}  ", "bold"), _entries(content), below=" " * (width + 2))
    if stack.outputs:
        page.line((f"{'outputs':<{width}}  ", "bold"), ", ".join(stack.outputs), below=" " * (width + 2))
    return page


def stack_data(stack: Stack, state: State | None, location: str, holder: Holder | None) -> dict[str, Any]:
    """The same for programs."""
    return {
        "name": stack.name,
        "file": stack.file,
        "owner": stack.owner or None,
        "environment": stack.environment,
        "target": {
            "platform": stack.target.platform,
            "account": stack.target.account or None,
            "region": stack.target.region or None,
            "context": stack.target.context or None,
        },
        "protect": list(stack.protect),
        "sections": list(stack.sections),
        "inputs": value_json(dict(stack.inputs)),
        "outputs": list(stack.outputs),
        "state": {
            "location": location,
            "serial": state.serial if state else None,
            "objects": len(state.records) if state else 0,
        },
        "lock": {"who": holder.who, "purpose": holder.purpose, "token": holder.token} if holder else None,
    }


def expanded_page(leaves: Sequence[Expanded]) -> Page:
    """One line for each leaf, with its origin; defaults dim, so that what was decided stands out.

    A long value is shown by its beginning and its length; as data it is whole.
    """
    page = Page()
    path = min(44, max((len(leaf.path) for leaf in leaves), default=0))
    for leaf in leaves:
        style = "dim" if leaf.origin == "default" else ""
        value = cut(value_text(leaf.value, secret=_is_secret(leaf)), _LONGEST, "...")
        page.line(
            (f"{leaf.path:<{path}}  ", style), (value, style), (f"  {leaf.origin}", "cyan"), below=" " * (path + 2)
        )
    return page


def expanded_data(leaves: Iterable[Expanded]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {"path": leaf.path, "value": value_json(leaf.value, secret=_is_secret(leaf)), "origin": leaf.origin}
        for leaf in leaves
    ]


def _is_secret(leaf: Expanded) -> bool:
    return is_secret_at(parse_path(leaf.path), leaf.value)


def _about(stack: Stack) -> dict[str, str]:
    target = stack.target
    about = {
        "target": " ".join(filter(None, (target.platform, target.account, target.region, target.context))),
        "environment": stack.environment,
        "owner": stack.owner,
        "protected": ", ".join(stack.protect),
        "inputs": ", ".join(
            f"{name}={value_text(value, secret=is_secret_at((name,), value))}" for name, value in stack.inputs.items()
        ),
    }
    return {name: what for name, what in about.items() if what}


def _entries(content: object) -> str:
    """The names of a section's entries, or its keys: either says what was written there."""
    return ", ".join(map(str, content)) if isinstance(content, Mapping) and content else "defaults"
