from __future__ import annotations

import pytest

from mlinfra.documents.near import near, suggest

NAMES = ["min", "max", "minSize", "desiredSize", "nodeGroups", "on-demand", "aws:s3/bucket:Bucket"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("minsize", "minSize"), ("min_size", "minSize"), ("minSze", "minSize"), ("nodegroup", "nodeGroups"),
        ("onDemand", "on-demand"), ("maximum", "max"), ("aws:s3/Bucket:bucket", "aws:s3/bucket:Bucket"),
        ("zzz", None), ("", None), ("x" * 100_000, None),
    ],
)  # fmt: skip
def test_the_name_that_was_meant_is_found(name: str, found: str | None) -> None:
    assert near(name, NAMES) == found


def test_without_a_near_name_there_is_a_list_of_what_there_is() -> None:
    assert suggest("zzz", ["b", "a"]) == "there is a, b"
    assert suggest("zzz", (f"n{n:02}" for n in range(20))).endswith("n11 and 8 more")
    assert suggest("zzz", [], otherwise="nothing") == "nothing"
