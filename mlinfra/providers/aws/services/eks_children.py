"""What belongs to clusters, listed cluster by cluster: EKS has no listing over all of them.

The declarations of node groups, add-ons, access entries and pod identities list through here.
"""

from __future__ import annotations

import re
from typing import Any

from mlinfra.aws.errors import Failure
from mlinfra.core.errors import InvalidRequest, NotFound
from mlinfra.providers.aws.aws_type import AwsType, Item
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.eks_cluster import CLUSTER
from mlinfra.providers.aws.wanted import Wanted

_GENERATION = re.compile(r"-\d+$")  # at the end of a derived name, from the second on


def clusters_of(kind: AwsType, reader: Reader, wanted: Wanted) -> list[str]:
    """The clusters whose children concern us: our own, those of interest, those that ids of interest name.

    Of a name that is of interest nobody knows whether a cluster bears it, or a child, unless a recorded child tells:
    its own name, or the one that its successor would have.
    """
    told = [kind.parts_of(one) for one in wanted.interest.ids]
    ours = {present.id for present in reader.objects(CLUSTER).objects}
    known = ours | {parts["clusterName"] for parts in told if "clusterName" in parts}
    named = {part for parts in told for part in parts.values()}
    unsure = {name for name in wanted.interest.names - known if _GENERATION.sub("", name) not in named}
    if unsure:
        known |= unsure & set(reader.pages("eks", "ListClusters", "clusters"))
    return sorted(known)


def children(reader: Reader, clusters: list[str], operation: str, items: str, name: str, **more: Any) -> list[Item]:
    """What `operation` lists of each cluster, as objects that bear the cluster's name and, at `name`, their own."""
    found: list[Item] = []
    for cluster in clusters:
        try:
            listed = reader.pages("eks", operation, items, {"clusterName": cluster, **more})
        except NotFound:  # the cluster is gone meanwhile, and all that was in it
            continue
        except InvalidRequest as error:
            # A cluster that admits by its configuration map alone has no access entries, and refuses to list them.
            if not Failure(error).matches("authentication mode"):
                raise
            continue
        found += [{"clusterName": cluster, **(item if isinstance(item, dict) else {name: item})} for item in listed]
    return found
