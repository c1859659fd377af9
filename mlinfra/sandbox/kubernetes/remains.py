"""What a namespace under deletion says of its remains: the conditions of its status. Called by `namespaces`. Pure.

Types, reasons and sentences: kubernetes/kubernetes, pkg/controller/namespace/deletion/status_condition_utils.go (read
November 2026).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Object, Objects


def conditions(contents: Iterable[tuple[Kind, Object]]) -> Objects:
    """The conditions of a namespace that has these contents left."""
    kinds: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    for kind, item in contents:
        kinds[f"{kind.plural}.{kind.group}"] += 1  # the core group's have a dot at the end, there too
        holders.update(item["metadata"].get("finalizers") or ())
    remaining = ", ".join(f"{name} has {count} resource instances" for name, count in sorted(kinds.items()))
    holding = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(holders.items()))
    return [
        _condition("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered",
                   "All resources successfully discovered"),
        _condition("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions",
                   "All legacy kube types successfully parsed"),
        _condition("NamespaceDeletionContentFailure", "ContentDeleted",
                   "All content successfully deleted, may be waiting on finalization"),
        _condition("NamespaceContentRemaining", "SomeResourcesRemain",
                   f"Some resources are remaining: {remaining}") if remaining else
        _condition("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
        _condition("NamespaceFinalizersRemaining", "SomeFinalizersRemain",
                   f"Some content in the namespace has finalizers remaining: {holding}") if holding else
        _condition("NamespaceFinalizersRemaining", "ContentHasNoFinalizers",
                   "All content-preserving finalizers finished"),
    ]  # fmt: skip


def _condition(kind: str, reason: str, message: str) -> Object:
    remain = reason in ("SomeResourcesRemain", "SomeFinalizersRemain")
    return {"type": kind, "status": "True" if remain else "False", "reason": reason, "message": message}
