"""Unknowns: what a stack names and nobody here knows, said as warnings, since somebody else may know it.

Called for stacks that are validated and for graphs that are planned; pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlinfra.core.connections import HELM, KUBERNETES, is_in_cluster
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.resource import Resource
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path
from mlinfra.documents.near import near, suggest
from mlinfra.library.eks_addons import KNOWN, meant
from mlinfra.session.codes import Code
from mlinfra.session.scrutiny.pointing import source_at

_NAMESPACE = "kubernetes:core/v1:Namespace"
_RAW = "resources."
# Every cluster has these (kubernetes.io, "Namespaces", November 2026).
_OF_EVERY_CLUSTER = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def unknown_addons(stack: Stack) -> Iterator[Diagnostic]:
    """Add-ons that only EKS may know; a plan asks it."""
    cluster = stack.sections.get("cluster")
    addons = cluster.get("addons") if isinstance(cluster, Mapping) else None
    for name in addons if isinstance(addons, Mapping) else ():
        if name not in KNOWN and not meant(name):
            found = near(name, KNOWN)
            yield Diagnostic(
                severity=Severity.WARNING,
                code=Code.UNKNOWN_ADDON,
                summary=f"{name} is an EKS add-on that this version does not know: nothing about it was checked",
                source=stack.positions.at(("cluster", "addons", name)),
                hint=f"did you mean {found}? If it is a new one, all is well" if found else "a plan asks EKS for it",
            )


def unknown_namespaces(stack: Stack, resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    """Namespaces that objects of the stack's own cluster stand in, and that nothing in the stack makes.

    Of a cluster that others fill as well nobody can tell, and what charts and add-ons bring is left to those who wrote
    their modules: only what stands under `resources` is looked at.
    """
    if stack.target.platform == KUBERNETES:
        return
    inside = [one for one in resources if is_in_cluster(one.connection.kind)]
    made = {name for one in inside if (name := _made(one))}
    theirs = {str(_space(one)[1]) for one in inside if not str(one.address).startswith(_RAW)}
    for one in inside:
        path, space = _space(one)
        if not str(one.address).startswith(_RAW) or not isinstance(space, str):
            continue
        if space not in made | theirs | _OF_EVERY_CLUSTER | KNOWN and not space.startswith("amazon-"):
            yield Diagnostic(
                severity=Severity.WARNING,
                code=Code.NO_NAMESPACE,
                summary=f"{one.address} stands in the namespace {space}, which nothing in the stack makes",
                address=one.address,
                source=source_at(one, path, stack.positions),
                hint=suggest(space, made) if near(space, made) else f"add a Namespace {space} under `resources`",
            )


def _made(one: Resource) -> str:
    """The namespace that a resource makes; empty where it makes none."""
    if one.type == _NAMESPACE:
        metadata = one.properties.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
    else:
        name = one.properties.get("namespace") if one.properties.get("createNamespace") is True else None
    return name if isinstance(name, str) else ""


def _space(one: Resource) -> tuple[Path, object]:
    """Where a resource says which namespace it stands in, and what it says."""
    if one.connection.kind == HELM:
        return ("namespace",), one.properties.get("namespace")
    metadata = one.properties.get("metadata")
    return ("metadata", "namespace"), metadata.get("namespace") if isinstance(metadata, Mapping) else None
