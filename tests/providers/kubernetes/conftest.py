"""One cluster for each file of tests: they use names of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.kubernetes.cluster import Cluster, cluster_with


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with cluster_with() as made:
        made.secrets["sample"] = "a sample of a secret"
        yield made
