"""Conditions: what is wrong in the cluster with each release, as its listing shows it.

All are looked at together, each kind of object listed once. Where something of one may not be read, that is no reason
to know nothing of the others: then each is looked at by itself. Called by the provider.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence

from mlinfra.core.errors import ProviderError
from mlinfra.providers.helm.cluster import Cluster
from mlinfra.providers.helm.definitions import edited_kinds, lost_kinds
from mlinfra.providers.helm.drift import drift_of, sentences
from mlinfra.providers.helm.releases import Release


def conditions(cluster: Cluster, releases: Sequence[Release]) -> tuple[Mapping[str, list[str]], Mapping[str, str]]:
    """By the id of the release: what is wrong with it, in sentences; and of others, why that cannot be read."""
    try:
        return _together(cluster, releases), {}
    except ProviderError as error:
        if len(releases) == 1:
            return {}, {releases[0].last.id: str(error)}
    each = [conditions(cluster, [release]) for release in releases]
    return ChainMap(*(dict(wrong) for wrong, _ in each)), ChainMap(*(dict(unread) for _, unread in each))


def _together(cluster: Cluster, releases: Sequence[Release]) -> dict[str, list[str]]:
    drift = drift_of(cluster, releases)
    lost, edited = lost_kinds(cluster, releases), edited_kinds(cluster, releases)
    return {
        name: [*lost.get(name, ()), *edited.get(name, ()), *sentences(drift.get(name, ()))]
        for name in (one.last.id for one in releases)
    }
