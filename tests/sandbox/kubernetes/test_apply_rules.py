"""Random sequences of server-side applies by three managers, held against the documented merge rules.

The rules (kubernetes.io, "Server-Side Apply"): a field that another manager owns cannot be given another value without
force; with force, or by agreeing, one becomes an owner, and a changed value has one owner; a field that its last owner
applies no longer is removed. The model below knows these rules over a flat map of leaves, and nothing of tries.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.fields import from_v1, written
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.ownership import Owner, record_apply
from mlinfra.sandbox.kubernetes.schema import Schema, Schemas, load_definitions
from mlinfra.sandbox.kubernetes.values import Object, clone, timestamp

GVK = GroupVersionKind("example.com", "v1", "Widget")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
STRING = {"type": "string"}
PART = {"type": "object", "required": ["name"], "properties": {"name": STRING, "value": STRING}}
SPEC = {
    "type": "object",
    "properties": {
        "a": STRING,
        "b": STRING,
        "map": {"type": "object", "additionalProperties": STRING},
        "tags": {"type": "array", "items": STRING, "x-kubernetes-list-type": "set"},
        "parts": {"type": "array", "items": PART, "x-kubernetes-list-type": "map",
                  "x-kubernetes-list-map-keys": ["name"]},
        "atomic": {"type": "array", "items": STRING},
    },
}  # fmt: skip


def widget_schema() -> Schema:
    schemas = Schemas(load_definitions("1.33"))
    schemas.add(GVK, {"type": "object", "properties": {"spec": SPEC}})
    found = schemas.get(GVK)
    assert found is not None
    return found


SCHEMA = widget_schema()
Leaves = dict[str, str]
VALUES = st.sampled_from(["1", "2"])


@st.composite
def configurations(draw: st.DrawFn) -> Leaves:
    """What a manager wants: a value for some leaves. An item of `parts` brings its name along."""
    leaves: Leaves = draw(
        st.dictionaries(
            st.sampled_from([".spec.a", ".spec.b", ".spec.map.x", ".spec.map.y", ".spec.atomic"]), VALUES, max_size=5
        )
    )
    for tag in draw(st.sets(st.sampled_from(["p", "q"]))):
        leaves[f'.spec.tags[="{tag}"]'] = tag
    for name in draw(st.sets(st.sampled_from(["u", "v"]))):
        leaves[f'.spec.parts[name="{name}"]'] = "item"
        leaves[f'.spec.parts[name="{name}"].name'] = name
        if draw(st.booleans()):
            leaves[f'.spec.parts[name="{name}"].value'] = draw(VALUES)
    return leaves


def as_object(leaves: Leaves) -> Object:
    """Write leaves as an object."""
    spec: Object = {}
    for path, value in sorted(leaves.items()):
        field = path.removeprefix(".spec.")
        if field.startswith("map."):
            spec.setdefault("map", {})[field[4:]] = value
        elif field.startswith("tags"):
            spec.setdefault("tags", []).append(value)
        elif field.endswith("]"):
            spec.setdefault("parts", []).append({})
        elif field.startswith("parts"):
            spec["parts"][-1][field.rpartition(".")[2]] = value
        else:
            spec[field] = [value] if field == "atomic" else value
    head: Object = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    return {**head, "spec": spec} if spec else head


def as_leaves(obj: Object) -> Leaves:
    """Read the leaves of an object."""
    spec, leaves = obj.get("spec", {}), {}
    for key in ("a", "b"):
        if key in spec:
            leaves[f".spec.{key}"] = spec[key]
    if "atomic" in spec:
        leaves[".spec.atomic"] = spec["atomic"][0]
    leaves |= {f".spec.map.{key}": value for key, value in spec.get("map", {}).items()}
    leaves |= {f'.spec.tags[="{tag}"]': tag for tag in spec.get("tags", [])}
    for part in spec.get("parts", []):
        path = f'.spec.parts[name="{part["name"]}"]'
        leaves |= {path: "item"} | {f"{path}.{key}": value for key, value in part.items()}
    return leaves


class Model:
    """The documented rules, over leaves."""

    def __init__(self) -> None:
        self.values: Leaves = {}
        self.owners: dict[str, set[str]] = {}

    def apply(self, manager: str, wanted: Leaves, force: bool) -> set[tuple[str, str]]:
        """Apply; gives the conflicts (owner, path) that refused it."""
        changed = {path for path, value in wanted.items() if self.values.get(path, value) != value}
        conflicts = {(owner, path) for path in changed for owner in self.owners[path] - {manager}}
        if conflicts and not force:
            return conflicts
        for path, value in wanted.items():
            self.owners[path] = {manager} if path in changed else self.owners.get(path, set()) | {manager}
            self.values[path] = value
        for path in self.values.keys() - wanted.keys():
            self.owners[path].discard(manager)
            if not self.owners[path]:
                del self.values[path], self.owners[path]
        return set()


def owners_of(obj: Object) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in obj["metadata"].get("managedFields", []):
        for path in from_v1(entry["fieldsV1"]):
            found.setdefault(written(path), set()).add(entry["manager"])
    return {path: names for path, names in found.items() if path not in (".spec.map", ".spec")}


def try_apply(obj: Object | None, manager: str, wanted: Leaves, force: bool) -> tuple[Object | None, ApiError | None]:
    owner = Owner("Apply", manager, "example.com/v1")
    try:
        done = record_apply(as_object(wanted), obj, SCHEMA, owner, NOW, force=force)
    except ApiError as error:
        return obj, error
    done["metadata"]["creationTimestamp"] = timestamp(NOW)
    return done, None


STEPS = st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), configurations(), st.booleans()), max_size=8)


@given(STEPS)
def test_any_sequence_of_applies_obeys_the_documented_rules(steps: list[tuple[str, Leaves, bool]]) -> None:
    model, obj = Model(), None
    for manager, wanted, force in steps:
        conflicts = model.apply(manager, wanted, force)
        before = clone(obj)
        obj, error = try_apply(obj, manager, wanted, force)
        if conflicts:
            assert error is not None
            assert error.details is not None
            told = {(c["message"].split('"')[1], c["field"]) for c in error.details["causes"]}
            assert (error.code, told) == (409, conflicts)
            assert obj == before
            continue
        assert error is None
        assert obj is not None
        assert as_leaves(obj) == model.values
        assert owners_of(obj) == model.owners


@given(STEPS)
def test_an_apply_repeated_changes_nothing(steps: list[tuple[str, Leaves, bool]]) -> None:
    obj: Object | None = None
    for manager, wanted, _ in steps:
        obj, _ = try_apply(obj, manager, wanted, True)
        again, error = try_apply(clone(obj), manager, wanted, False)
        assert error is None
        assert again == obj


@given(STEPS)
def test_the_order_of_items_is_that_of_the_last_apply(steps: list[tuple[str, Leaves, bool]]) -> None:
    obj: Object | None = None
    for manager, wanted, _ in steps:
        obj, _ = try_apply(obj, manager, wanted, True)
        assert obj is not None
        names = [part["name"] for part in as_object(wanted).get("spec", {}).get("parts", [])]
        found = [part["name"] for part in obj.get("spec", {}).get("parts", [])]
        assert [name for name in found if name in names] == names


def test_an_item_without_its_key_is_refused() -> None:
    broken = {**as_object({}), "spec": {"parts": [{"value": "1"}]}}
    with pytest.raises(ApiError, match='associative list with keys has an element that omits key field "name"'):
        record_apply(broken, None, SCHEMA, Owner("Apply", "one", "example.com/v1"), NOW, force=False)
