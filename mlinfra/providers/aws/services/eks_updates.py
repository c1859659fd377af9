"""EKS's updates: changes that run for minutes behind an id of their own, one at a time for each object.

The declarations of clusters, node groups and add-ons begin them through here. Calls and fields: EKS API reference,
2017-11-01.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.clock import waited_text
from mlinfra.core.errors import ProviderError
from mlinfra.providers.aws.aws_type import Item
from mlinfra.providers.aws.template import dig
from mlinfra.providers.aws.waiting import cause
from mlinfra.providers.aws.work import Work

_EVERY, _LIMIT = 15.0, 7200.0  # an update of a large node group replaces its nodes one after the other


def carry_through(work: Work, operation: str, **params: Any) -> None:
    """Begin an update and wait until it succeeded. Raises the error that its failure amounts to."""
    names = {key: value for key, value in params.items() if key in ("nodegroupName", "addonName")}
    cluster = params.get("name") or params["clusterName"]
    update = work.call(operation, **params)["update"]
    began = work.clock.monotonic()
    while update["status"] == "InProgress":
        if work.clock.monotonic() - began > _LIMIT:
            patience = waited_text(work.clock, _LIMIT)
            raise ProviderError(
                f"{work.target.address}: {update['type']} of {work.id} runs for more than {patience}",
                hint="run the same command again to go on waiting",
            )
        work.pause(_EVERY, f"{update['type']} is in progress")
        update = work.call("DescribeUpdate", name=cluster, updateId=update["id"], **names)["update"]
    if update["status"] != "Successful":
        said = "; ".join(f"{error.get('errorCode')}: {error.get('errorMessage')}" for error in update.get("errors", []))
        raise cause(f"{work.target.address}: {update['type']} of {work.id} {update['status'].lower()}: {said}")


def health(item: Item) -> str:
    """What EKS says is wrong with a cluster, a node group or an add-on."""
    issues = dig(item, "health.issues") or []
    return "; ".join(
        f"{issue.get('code')}: {issue.get('message')}"
        + (f" ({', '.join(issue['resourceIds'])})" if issue.get("resourceIds") else "")
        for issue in issues
    )
