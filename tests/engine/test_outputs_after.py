"""What is known of an object's outputs while an update of it is only planned."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Ref

from .world import World, graph, resource


def told(output: str, **group: object) -> Graph:
    """A group, and a net that bears one of its outputs."""
    size = {"min": 0, "max": 1}
    return graph(
        resource("group", "run/Group", {"name": "gpu", "subnets": [], "size": size, **group}),
        resource("net", "net/Net", {"cidr": "10.0.0.0/16", "tags": {"told": Ref(Address("group"), (output,))}}),
    )


@pytest.mark.parametrize(
    ("output", "change", "changed"),
    [
        ("edition", {"rank": 2}, ["group"]),
        ("edition", {"image": "other"}, ["group", "net"]),
        ("revision", {"rank": 2}, ["group", "net"]),
        ("revision", {"tags": {"team": "recsys"}}, ["group"]),
        ("image", {"image": "other"}, ["group", "net"]),
    ],
)
def test_an_update_leaves_an_output_known_unless_what_it_changes_alters_that(
    output: str, change: dict[str, object], changed: list[str]
) -> None:
    world = World()
    world.apply(told(output))
    assert [str(one.address) for one in world.plan(told(output, **change)).pending()] == changed
