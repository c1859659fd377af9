"""How lists and what is hidden are compared: docs/diff.md, below its table."""

from __future__ import annotations

from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.observed import Present
from mlinfra.core.plan import Cause
from mlinfra.core.property import Property, Replace, anything, block, integer, keyed_list, map_of, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Ref, Secret, Value
from mlinfra.engine.diff import attributed, compare
from mlinfra.engine.locate import key_of
from mlinfra.engine.seal import seal_object

PORT = block({"port": integer(), "protocol": text(default="TCP"), "note": text(default=None)})
PORTS = keyed_list(PORT, "port", "protocol", default=None)
STEPS = keyed_list(block({"name": text(), "run": text(default=None)}), "name", default=None, ordered=True)
HOLDERS = keyed_list(text(), default=None)

Change = tuple[tuple[Any, ...], Cause]


def changes(declared: Property, desired: Value, last: Value, observed: Value) -> list[Change]:
    kind = ResourceType(token="t", inputs=block({"p": declared}))
    found = compare(kind, {"p": desired}, {"p": last}, {"p": observed})
    return [(field.path, field.cause) for field in found.fields]


def test_elements_that_others_added_to_a_keyed_list_are_not_ours() -> None:
    ours = [{"port": 80}]
    assert changes(PORTS, ours, ours, [{"port": 9090, "protocol": "TCP"}, {"port": 80, "protocol": "TCP"}]) == []


def test_a_part_of_a_key_that_is_left_out_has_its_default() -> None:
    assert changes(PORTS, [{"port": 53, "protocol": "TCP"}], [{"port": 53}], [{"port": 53}]) == []
    assert changes(PORTS, [{"port": 53, "protocol": "UDP"}], [], [{"port": 53}])[0][0] == ("p", "53/UDP", "port")


def test_a_change_within_an_element_names_the_element() -> None:
    ours, changed = [{"port": 80, "note": "a"}], [{"port": 80, "note": "b"}]
    assert changes(PORTS, changed, ours, ours) == [(("p", "80/TCP", "note"), Cause.CHANGE)]
    assert changes(PORTS, ours, ours, changed) == [(("p", "80/TCP", "note"), Cause.DRIFT)]


def test_an_element_taken_out_of_the_stack_goes() -> None:
    both, one = [{"port": 80}, {"port": 81}], [{"port": 80}]
    assert changes(PORTS, one, both, both) == [(("p", "81/TCP"), Cause.CHANGE)]


def test_an_element_that_somebody_took_away_is_drift() -> None:
    both, one = [{"port": 80}, {"port": 81}], [{"port": 80}]
    assert {cause for _, cause in changes(PORTS, both, both, one)} == {Cause.DRIFT}


def test_the_order_means_something_only_where_the_type_says_so() -> None:
    first, second = [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]
    assert changes(PORTS, [{"port": 1}, {"port": 2}], [], [{"port": 2}, {"port": 1}]) == []
    assert changes(STEPS, first, first, second) == [(("p",), Cause.DRIFT)]
    assert changes(STEPS, second, first, first) == [(("p",), Cause.CHANGE)]
    assert changes(STEPS, first, first, [first[0], {"name": "theirs"}, first[1]]) == []


def test_scalars_may_tell_themselves_apart() -> None:
    assert changes(HOLDERS, ["a"], ["a"], ["theirs", "a"]) == []
    assert changes(HOLDERS, [], ["a"], ["theirs", "a"]) == [(("p", "a"), Cause.CHANGE)]


def test_two_elements_of_one_key_make_it_a_plain_list() -> None:
    twice = [{"port": 80, "note": "a"}, {"port": 80, "note": "b"}]
    assert changes(PORTS, twice, twice, twice) == []
    assert changes(PORTS, twice, twice, twice[:1]) == [(("p",), Cause.DRIFT)]


def test_a_key_that_is_not_known_yet_leaves_the_list_to_be_known_after_apply() -> None:
    unknown = [{"port": Ref(Address("a.b"))}]
    assert changes(PORTS, unknown, [{"port": 80}], [{"port": 80}]) == [(("p",), Cause.UNKNOWN)]


def test_what_has_no_schema_is_compared_key_by_key_and_block_by_block() -> None:
    free = anything(default=None)
    ours = {"rules": [{"to": "a"}], "names": ["x"]}
    shown = {"rules": [{"to": "a", "weight": 1}], "names": ["x"], "mode": "auto"}
    assert changes(free, ours, ours, shown) == []
    shown["rules"][0]["to"] = "b"  # type: ignore[index]
    assert changes(free, ours, ours, shown) == [(("p", "rules", 0, "to"), Cause.DRIFT)]


def test_what_is_masked_is_compared_with_what_was_last_applied_unless_it_is_gone() -> None:
    masked = map_of(text(masked=True), default=None)
    old, new = Secret("sm", "old"), Secret("sm", "new")
    hidden = {"k": "(hidden)"}
    assert changes(masked, {"k": old}, {"k": old}, hidden) == []
    assert [path for path, _ in changes(masked, {"k": new}, {"k": old}, hidden)] == [("p", "k")]
    assert changes(masked, {"k": old}, {"k": old}, {}) == [(("p", "k"), Cause.DRIFT)]
    assert changes(masked, {}, {"k": old}, {}) == []


def test_what_is_masked_is_never_shown() -> None:
    kind = ResourceType(token="t", inputs=block({"p": map_of(text(masked=True), default=None)}))
    found = compare(kind, {"p": {"k": "written out"}}, {"p": {"k": "before"}}, {"p": {"k": "(hidden)"}})
    assert [field.secret for field in found.fields] == [True]


def test_an_open_block_has_declared_fields_and_others() -> None:
    declared = block({"name": text(replace=Replace.DELETE_FIRST)}, items=anything())
    kind = ResourceType(token="t", inputs=declared)
    found = compare(
        kind, {"name": "a", "more": {"x": 2}}, {"name": "a", "more": {"x": 1}}, {"name": "a", "more": {"x": 1}}
    )
    assert [(field.path, field.forces) for field in found.fields] == [(("more", "x"), False)]
    assert declared.json_schema()["additionalProperties"] == {}


def test_one_object_may_be_declared_otherwise_than_its_type() -> None:
    loose, tight = block({"p": text()}), block({"p": text(replace=Replace.DELETE_FIRST)})
    kind = ResourceType(token="t", inputs=loose, variant=lambda seen: tight if seen.get("sealed") else loose)
    assert compare(kind, {"p": "x"}, {"p": "y"}, {"p": "y"}).order is None
    assert compare(kind, {"p": "x"}, {"p": "y"}, {"p": "y", "sealed": True}).order is Replace.DELETE_FIRST


def test_an_id_that_properties_spell_out_locates() -> None:
    kind = ResourceType(token="t", inputs=block({"p": text()}), identify=lambda seen: seen.get("p"))
    assert key_of(kind, {"p": "here"}) == ("here",)
    assert key_of(kind, {}) is None


def test_elements_of_a_keyed_list_are_sealed_one_by_one() -> None:
    kind = ResourceType(token="t", inputs=block({"p": PORTS}))
    ours = {"p": [{"port": 80, "note": "a"}]}
    alone = seal_object(kind, Address("a.b"), 1, Present("i", ours), (ours,))
    among = seal_object(kind, Address("a.b"), 1, Present("i", {"p": [{"port": 1}, *ours["p"]]}), (ours,))
    assert alone.fields == among.fields
    assert alone.fields


def test_who_changed_something_outside_is_said_where_the_object_remembers() -> None:
    kind = ResourceType(token="t", inputs=block({"p": PORTS, "q": text(default=None)}))
    ours, seen = {"p": [{"port": 80, "note": "a"}], "q": "x"}, {"p": [{"port": 80, "note": "b"}], "q": "x"}
    authors: dict[Path, str] = {("p", "80/TCP", "note"): "flux", ("q",): "kubectl"}
    found = attributed(compare(kind, ours, ours, seen), authors)
    assert [(field.path, field.by) for field in found.fields] == [(("p", "80/TCP", "note"), "flux")]
    changed = attributed(compare(kind, {**ours, "q": "y"}, ours, ours), authors)
    assert [(field.path, field.by) for field in changed.fields] == [(("q",), "")]
