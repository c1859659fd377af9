"""Pieces of the stacks that between them have every property of every type: random parts that stand by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st

from .foreign import STACKS

Resources = dict[str, Any]

_NAMED = re.compile(r"\$\{resources\.([a-z0-9-]+)\.")
_MOST = 4  # resources that are asked for; what they refer to comes along


@cache
def _stacks() -> Mapping[str, Resources]:
    """The resources of each stack, but for those that need what others made before."""
    read = {file.stem: yaml.safe_load(file.read_text())["resources"] for file in sorted(STACKS.glob("*.yaml"))}
    return {name: _without_foreign(resources) for name, resources in read.items()}


def _without_foreign(resources: Resources) -> Resources:
    kept = {name: one for name, one in resources.items() if "${inputs." not in str(one)}
    while lacking := [name for name, one in kept.items() if not _needs(one) <= set(kept)]:
        kept = {name: one for name, one in kept.items() if name not in lacking}
    return kept


def _needs(one: Any) -> set[str]:
    after = {str(address).removeprefix("resources.") for address in one.get("dependsOn", ())}
    return set(_NAMED.findall(str(one))) | after


def types_in_pieces() -> set[str]:
    """Every type that a piece may have."""
    return {one["type"] for resources in _stacks().values() for one in resources.values()}


@st.composite
def pieces(draw: st.DrawFn) -> Resources:
    """A few resources of one of the stacks, and all that they refer to."""
    stack = _stacks()[draw(st.sampled_from(sorted(_stacks())))]
    found = set(draw(st.lists(st.sampled_from(sorted(stack)), max_size=_MOST)))
    while more := {need for name in found for need in _needs(stack[name])} - found:
        found |= more
    return {name: stack[name] for name in stack if name in found}
