"""Idle parts: what a stack file says in the sections that belong to no module, and what changes nothing there.

The loader calls it on a stack without mistakes. What modules do with their own settings, they say themselves. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mlinfra.config.codes import Code
from mlinfra.config.expression import Name, parse
from mlinfra.config.layout import INPUTS, STACKS
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.value import Path, path_text
from mlinfra.documents.node import Node

_OF_AN_ACCOUNT = ("account",)  # not the region: secrets that are referred to are read there
_OF_A_CLUSTER = ("kubeconfig", "context")


def idle_parts(root: Node, data: Mapping[str, Any], given: Collection[str]) -> Iterator[Diagnostic]:
    """A warning for each. root: the merged tree, before anything is substituted; given: the inputs set by `--set`."""
    for path, because, hint in (*_of_lifecycle(data.get("lifecycle", {})), *_of_target(data["target"])):
        node = root.find(path)
        if node is not None:
            summary = f"{path_text(path)} has no effect: {because}"
            yield _warning(summary, node, hint or f"take {path[-1]} out")
    file, used = root.source.file, set(_referred(root))
    for section, what in ((INPUTS, "input"), (STACKS, "stack")):
        for name, node in _entries(root, section):
            # What a shared base offers, not everybody who extends it has to use.
            if (section, name) not in used and (node.source.file == file or (section == INPUTS and name in given)):
                hint = f"take it out, or use it: ${{{section}.{name}{'.outputs.OUTPUT' if section == STACKS else ''}}}"
                yield _warning(f"the {what} {name} has no effect: nothing refers to it", node, hint)


def _of_lifecycle(lifecycle: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    if lifecycle.get("hibernate"):
        yield ("lifecycle", "hibernate"), "no node is put to sleep by this version", "set min of the groups to 0"
    if lifecycle.get("extendOnApply") and not lifecycle.get("ttl"):
        yield ("lifecycle", "extendOnApply"), "the stack has no time to live", "add a ttl such as 8h, or take it out"


def _of_target(target: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    platform = target.get("platform")
    foreign = _OF_AN_ACCOUNT if platform == "kubernetes" else _OF_A_CLUSTER
    because = f"on platform {platform} the cluster is the stack's own"
    if platform == "kubernetes":
        because = "a cluster that exists is found by its kubeconfig"
    for field in foreign:
        if target.get(field):
            yield ("target", field), because, ""


def _entries(root: Node, section: str) -> Iterator[tuple[str, Node]]:
    written = root.below(section)
    if written is not None and isinstance(written.value, dict):
        yield from written.value.items()


def _referred(node: Node) -> Iterator[tuple[str, str]]:
    """The roots of all expressions below a node, each with the name that follows: `("inputs", "gpuMax")`."""
    if isinstance(node.value, str):
        if "${" in node.value:
            yield from ((one.root, str(one.path[0])) for one in parse(node.value) if isinstance(one, Name) and one.path)
    elif isinstance(node.value, dict | list):
        for item in node.value.values() if isinstance(node.value, dict) else node.value:
            yield from _referred(item)


def _warning(summary: str, node: Node, hint: str) -> Diagnostic:
    return Diagnostic(severity=Severity.WARNING, code=Code.IDLE.value, summary=summary, source=node.place, hint=hint)
