"""Hosts: the node groups that an endpoint may run on."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from mlinfra.core.gpu_parts import GPU
from mlinfra.library import Problem
from mlinfra.library.codes import Code
from mlinfra.library.outputs import NodeGroup


def hosts_of(names: tuple[str, ...], gpus: int, groups: tuple[NodeGroup, ...]) -> tuple[NodeGroup, ...]:
    """Those that were named; else those with enough GPUs by their plain name, or, without any, those without taints."""
    if names:
        return tuple(group for group in groups if group.key in names)
    return tuple(group for group in groups if (_has(group, gpus) if gpus else not group.taints))


def _has(group: NodeGroup, gpus: int) -> bool:
    return group.gpus >= gpus and group.gpu_resource == GPU


def gpu_resource_of(hosts: tuple[NodeGroup, ...]) -> str:
    """What a replica asks for to have a GPU there."""
    return hosts[0].gpu_resource if hosts else GPU


def host_problems(names: tuple[str, ...], gpus: int, groups: tuple[NodeGroup, ...]) -> Iterator[Problem]:
    """Groups that are not there, or on whose nodes no replica ever fits."""
    known = {group.key: group for group in groups}
    for index, name in enumerate(names):
        at = ("nodeGroups", index)
        if name not in known:
            near = get_close_matches(name, known) or sorted(known)
            hint = f"there is {', '.join(near)}" if near else "add a node group"
            yield Problem(Code.ENDPOINT_HOSTS, f"the stack has no node group {name}", at=at, hint=hint)
        elif known[name].gpus < gpus:
            summary = (
                f"a replica takes {gpus} GPU{'s' if gpus > 1 else ''}, and a node of {name} has {known[name].gpus}"
            )
            hint = "name another group, or lower resources.gpu"
            yield Problem(Code.ENDPOINT_HOSTS, summary, at=at, hint=hint)
    called = {known[name].gpu_resource: name for name in reversed(names) if name in known}
    if gpus and len(called) > 1:
        said = ", ".join(f"{resource} on {name}" for resource, name in sorted(called.items()))
        summary = f"a replica asks for a GPU by one name, and these groups have several: {said}"
        yield Problem(Code.ENDPOINT_HOSTS, summary, at=("nodeGroups",), hint="name groups of one kind")
    if not names and not hosts_of((), gpus, groups):
        summary = (
            f"no node group has {gpus} GPU{'s' if gpus > 1 else ''} for a replica"
            if gpus
            else "every node group has taints"
        )
        yield Problem(Code.ENDPOINT_HOSTS, summary, hint="add a node group for it, or name one in nodeGroups")
