"""What a stack never spoke of, and somebody changed."""

from __future__ import annotations

import pytest

from mlinfra.core.errors import StalePlan
from mlinfra.core.plan import Cause
from mlinfra.core.value import path_text

from .one_group import only, stack
from .world import World


def test_what_nobody_declared_and_somebody_changed_is_drift_named_sealed_and_put_right() -> None:
    world = World()
    world.apply(stack())
    only(world, "net/Net").properties["dns"] = True
    (change,) = world.plan(stack()).pending()
    assert [(path_text(f.path), f.before, f.after, f.cause) for f in change.fields] == [
        ("dns", True, False, Cause.DRIFT)
    ]
    world.apply(stack())
    assert only(world, "net/Net").properties["dns"] is False
    assert world.settled(stack())
    plan = world.plan(stack(policy='{"a": 1}'))
    only(world, "net/Net").properties["dns"] = True
    with pytest.raises(StalePlan, match=r"network\.vpc: dns of net-1 has changed"):
        world.carry_out(plan, stack(policy='{"a": 1}'))
