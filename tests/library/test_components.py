"""What modules share on a cluster is there once, at the wish of all that want it, and tells why it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Severity
from mlinfra.core.errors import ConfigError
from mlinfra.core.value import Concat, Ref
from mlinfra.library.addon import filled
from mlinfra.library.library import Library
from tests.library.samples import codes, graph_of, refusals

_HEAD = '''"""A module for a test."""
from __future__ import annotations
from typing import Any
from msgspec import Struct
from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope, Wish
from mlinfra.library.contract import Chart, Contract, Definition, Namespace, Rival, Teardown
class Outputs(Struct, frozen=True):
    """Outputs."""
def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    scope.add("", "aws:s3/bucket:Bucket", {"tags": {"inputs": str(inputs)}})
    return Outputs()
'''
_WISHES = '''
USES = ("store", "cache")
class Inputs(Block, frozen=True, kw_only=True):
    """Inputs."""
    wish: dict[str, dict[str, Any]] = {}
def wishes(inputs: Inputs, facts: Facts) -> list[Wish]:
    return [Wish(name, settings) for name, settings in inputs.wish.items()]
'''
_SETTINGS = '''
class Inputs(Block, frozen=True, kw_only=True):
    """Inputs."""
    size: int = 1
    names: tuple[str, ...] = ()
'''
_THINGS = 'crds=(Definition("things.example.org", "Thing", ("v1",)),)'
_TEARDOWN = 'teardown=Teardown(recipe="It goes.")'


def _module(root: Path, name: str, place: str, more: str) -> None:
    (root / name).mkdir(parents=True, exist_ok=True)
    (root / name / "module.py").write_text(f"{_HEAD}\nSECTION = {place}\n{more}")


def _component(root: Path, name: str, contract: str = "", more: str = "") -> None:
    words = ", ".join(filter(None, (contract, _TEARDOWN)))
    _module(root, name, f'Place("components", entry="{name}")', f"{_SETTINGS}\nCONTRACT = Contract({words})\n{more}")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    _module(tmp_path, "first", 'Place("first")', _WISHES)
    _module(tmp_path, "second", 'Place("second")', _WISHES)
    _component(tmp_path, "store")
    _component(tmp_path, "cache", more='USES = ("store",)')
    return Library.find([tmp_path])


def _wish(**wishes: dict[str, Any]) -> dict[str, Any]:
    return {"wish": wishes}


def test_a_component_is_there_only_where_something_wants_it(library: Library) -> None:
    assert set(graph_of({"first": {}}, library=library).resources) == {"first"}
    assert set(graph_of({"first": _wish(store={})}, library=library).resources) == {"components.store", "first"}


def test_it_is_there_once_however_many_want_it_and_the_plan_says_who(library: Library) -> None:
    graph = graph_of({"first": _wish(store={}), "second": _wish(store={})}, library=library)
    assert [one.address for one in graph if one.address.section == "components"] == ["components.store"]
    (note,) = graph.notes
    assert (note.severity, note.code) == (Severity.NOTE, "MLI2018")
    assert note.summary == "store comes along: wanted by first, second"


def test_it_is_said_to_be_written_where_the_first_is_that_wants_it(library: Library) -> None:
    graph = graph_of({"second": _wish(store={})}, library=library)
    assert [one.source.file if one.source else "" for one in graph] == ["second", "second"]


def test_a_component_brings_those_that_it_wants_itself(library: Library) -> None:
    graph = graph_of({"first": _wish(cache={})}, library=library)
    assert set(graph.resources) == {"components.cache", "components.store", "first"}
    assert [note.summary for note in graph.notes] == [
        "cache comes along: wanted by first",
        "store comes along: wanted by components.cache",
    ]


def test_wishes_are_brought_together(library: Library) -> None:
    sections = {"first": _wish(store={"size": 3, "names": ["a"]}), "second": _wish(store={"names": ["b", "a"]})}
    store = next(one for one in graph_of(sections, library=library) if one.address == "components.store")
    assert store.properties["tags"]["inputs"] == "Inputs(size=3, names=('a', 'b'))"


def test_wishes_that_contradict_each_other_are_refused_with_both(library: Library) -> None:
    wrong = refusals({"first": _wish(store={"size": 3}), "second": _wish(store={"size": 4})}, library=library)
    assert codes(wrong) == [("MLI2016", "second")]
    assert wrong[0].summary == "first and second want store with different settings"
    assert wrong[0].detail == "size: 3 and 4"


@pytest.mark.parametrize(
    ("contract", "reason"),
    [
        ('rivals=(Rival("store", "both want the same port"),)', "both want the same port"),
        (_THINGS, "both bring things.example.org, of which a cluster has one"),
    ],
)
def test_a_pair_that_cannot_live_together_is_refused_with_the_reason(
    tmp_path: Path, contract: str, reason: str
) -> None:
    _module(tmp_path, "first", 'Place("first")', _WISHES)
    _component(tmp_path, "store", _THINGS)
    _component(tmp_path, "cache", contract)
    wrong = refusals({"first": _wish(store={}, cache={})}, library=Library.find([tmp_path]))
    assert [(one.code, one.detail) for one in wrong] == [("MLI2017", reason)]
    assert "components.cache" in wrong[0].summary
    assert "components.store" in wrong[0].summary


def test_a_wish_for_what_uses_does_not_name_is_the_modules_mistake(library: Library) -> None:
    wrong = refusals({"first": _wish(other={})}, library=library)
    assert [(one.code, one.summary) for one in wrong] == [
        ("MLI2002", "the module first wishes for other, and there is no such component")
    ]


def test_nobody_writes_a_component_into_a_stack(library: Library) -> None:
    wrong = refusals({"components": {"store": {}}}, library=library)
    assert [one.code for one in wrong] == ["MLI2015"]


@pytest.mark.parametrize(
    ("contract", "breach"),
    [
        ("", "it puts something onto clusters and has no CONTRACT; expected CONTRACT = Contract(...)"),
        ("CONTRACT = 3", "its CONTRACT is no Contract"),
        ("CONTRACT = Contract()", "its CONTRACT has no teardown recipe; expected teardown=Teardown(recipe=...)"),
        (
            'CONTRACT = Contract(charts=(Chart(name="x", version="1", repository="http://x", source="https://x", '
            f'looked_up="2026-11-24"),), namespaces=(Namespace(name="x"),), {_TEARDOWN})',
            "its CONTRACT has x from http://x; expected https:// or oci://",
        ),
        (
            'CONTRACT = Contract(charts=(Chart(name="x", version="1", repository="https://x", source="", '
            f'looked_up="today"),), namespaces=(Namespace(name="x"),), {_TEARDOWN})',
            "its CONTRACT does not say where and when x was looked up",
        ),
    ],
)
def test_a_runtime_without_a_whole_contract_is_not_loaded(tmp_path: Path, contract: str, breach: str) -> None:
    _module(tmp_path, "mine", 'Place("runtimes", entry="mine")', f"{_SETTINGS}\n{contract}")
    with pytest.raises(ConfigError) as caught:
        _ = Library.find([tmp_path]).modules
    (wrong,) = caught.value.diagnostics
    assert (wrong.code, wrong.detail) == ("MLI2002", breach)


def test_statements_are_filled_with_names_keys_included() -> None:
    cluster = Ref(Address("cluster"), ("name",))
    names = {"region": "us-east-1", "cluster": cluster}
    assert filled("arn:{region}:x", names) == "arn:us-east-1:x"
    assert filled("{cluster}", names) is cluster
    assert filled({"tag/{cluster}": ["{region}-{cluster}"]}, names) == {
        Concat(("tag/", cluster)): [Concat(("us-east-1-", cluster))]
    }
    with pytest.raises(KeyError):
        filled("{bucket}", names)
