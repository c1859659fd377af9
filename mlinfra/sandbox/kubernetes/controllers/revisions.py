"""ControllerRevisions: the history of templates that StatefulSets and DaemonSets keep. Called by these two."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers.catalog import CONTROLLER_REVISION
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster, owner_reference
from mlinfra.sandbox.kubernetes.controllers.pods import template_hash
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, clone

HASH = "controller-revision-hash"


def history(cluster: Cluster, owner: Object) -> Objects:
    """The revisions of an object, oldest first."""
    return sorted(cluster.dependents(owner, CONTROLLER_REVISION), key=lambda item: int(item["revision"]))


def present(cluster: Cluster, owner: Object) -> Object:
    """The revision of the present template: found, or made as the newest."""
    known = history(cluster, owner)
    data = {"spec": {"template": clone(owner["spec"]["template"])}}
    name = template_hash(owner["spec"]["template"])
    latest = max((int(item["revision"]) for item in known), default=0)
    for item in known:
        if at(item, ("metadata", "labels", HASH)) == name:
            if int(item["revision"]) < latest:
                return cluster.patch(CONTROLLER_REVISION, item, {"revision": latest + 1})
            return item
    return cluster.create(_revision(owner, name, data, latest + 1))


def _revision(owner: Object, name: str, data: Object, number: int) -> Object:
    labels = at(owner, ("spec", "template", "metadata", "labels")) or {}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{name}",
            "namespace": owner["metadata"]["namespace"],
            "labels": {**labels, HASH: name},
            "ownerReferences": [owner_reference(owner)],
        },
        "data": data,
        "revision": number,
    }


def template_of(revision: Object) -> Object:
    """The pod template that a revision keeps."""
    template: Object = revision["data"]["spec"]["template"]
    return template


def forget(cluster: Cluster, owner: Object, used: set[str]) -> None:
    """Delete revisions that nothing uses, beyond the history limit."""
    limit = int(at(owner, ("spec", "revisionHistoryLimit"), 10))
    idle = [item for item in history(cluster, owner) if item["metadata"]["name"] not in used]
    for item in idle[: max(0, len(idle) - limit)]:
        cluster.delete(CONTROLLER_REVISION, item)
