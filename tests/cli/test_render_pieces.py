from __future__ import annotations

import json

import msgspec
import pytest

from mlinfra.cli.render.diagnostics import diagnostics_page
from mlinfra.cli.render.difference import differences
from mlinfra.cli.render.layout import DRAWN_EDGES, lay_out
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import Page, plain
from mlinfra.cli.render.value import both_texts, inert, value_json, value_text
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.value import Base64, Concat, Json, Ref, Secret, TrimPrefix, Value

VPC = Ref(Address("network.vpc"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("m6i.large", "m6i.large"),
        ("10.0.0.0/16", "10.0.0.0/16"),
        ("1.33", '"1.33"'),
        ("1.", '"1."'),
        (".5", '".5"'),
        ("0x1f", '"0x1f"'),
        (".inf", '".inf"'),
        ("1_000", '"1_000"'),
        ("-x", '"-x"'),
        ("123.dkr.ecr.us-east-1.amazonaws.com/models", "123.dkr.ecr.us-east-1.amazonaws.com/models"),
        ("123456789012/us-east-1", "123456789012/us-east-1"),
        ("2012-10-17", "2012-10-17"),
        ("0123", '"0123"'),
        ("true", '"true"'),
        ("Off", '"Off"'),
        ("", '""'),
        ("two words", '"two words"'),
        ("a\nb", '"a\\nb"'),
        ("1e5", '"1e5"'),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        ([1, "a b"], '[1, "a b"]'),
        ({"k": {"n": VPC}}, "{k: {n: ${network.vpc.id}}}"),
        ({VPC: 1}, "{${network.vpc.id}: 1}"),
        (msgspec.UNSET, "(absent)"),
        (Concat(("arn:", VPC, "/x")), "arn:${network.vpc.id}/x"),
        (Json({"a": VPC}), "${json({a: ${network.vpc.id}})}"),
        (Base64(Concat(("id=", VPC))), "${base64(id=${network.vpc.id})}"),
        (TrimPrefix(VPC, "https://"), "${network.vpc.id without https://}"),
        (Secret("sm", "a/b", "k"), "(secret sm:a/b#k)"),
        (Concat(("user:", Secret("ssm", "/p"))), "(secret ssm:/p)"),
    ],
)
def test_values_are_shown_as_one_would_write_them(value: Value, text: str) -> None:
    assert value_text(value) == text


def test_values_as_json_spell_out_what_is_not_known() -> None:
    assert value_json({"a": [VPC, Secret("env", "T")], VPC: None}) == {
        "a": [{"unknown": "network.vpc.id"}, {"secret": "env:T"}],
        "${network.vpc.id}": None,
    }


def test_control_characters_are_spelt_out_and_others_left_alone() -> None:
    assert inert("a\x1b[0m\u202eb\r\n\x85é🙂") == "a\\x1b[0m\\u202eb\\r\\n\\x85é🙂"


def test_documents_differ_leaf_by_leaf() -> None:
    before = json.dumps({"a": [{"b": 1, "c": ["x", "y"]}], "same": 1, "gone": None})
    after = Json({"a": [{"b": VPC, "c": ["y", "z"]}, "more"], "same": 1})
    assert differences(before, after) == [
        (("a", 0, "b"), 1, VPC),
        (("a", 0, "c"), "x", msgspec.UNSET),
        (("a", 0, "c"), msgspec.UNSET, "z"),
        (("a", 1), msgspec.UNSET, "more"),
        (("gone",), None, msgspec.UNSET),
    ]


def test_an_order_that_changed_is_a_difference_and_so_is_a_kind() -> None:
    assert differences([1, 2], [2, 1]) == [((), [1, 2], [2, 1])]
    assert differences({"a": True}, {"a": 1}) == [(("a",), True, 1)]


def test_what_is_not_two_of_a_kind_has_no_leaves() -> None:
    assert differences("plain", "text") is None
    assert differences("{broken", "{broken too") is None
    assert differences("{}", "[]") is None
    deep = "[" * 900 + "1" + "]" * 900
    assert value_text(differences(deep, deep.replace("1", "2")))


def test_a_long_line_folds_below_its_own_place() -> None:
    page = Page().line("head ", ("word " * 12, "bold"), below="| ")
    assert plain(page, 30).splitlines() == [
        "head word word word word word",
        "| word word word word word",
        "| word word",
    ]


def test_what_is_needed_stands_left_of_what_needs_it() -> None:
    layout = lay_out({"network.vpc": [], "cluster.plane": ["network.vpc"], "nodeGroups.a": ["cluster.plane"]})
    assert [box.section for box in sorted(layout.boxes, key=lambda box: box.x)] == ["network", "cluster", "nodeGroups"]


def test_of_two_sections_that_need_each_other_the_one_more_needed_stands_left() -> None:
    needs = {"cluster.plane": [], "cluster.dns": ["nodeGroups.a"], "nodeGroups.a": ["cluster.plane"]}
    layout = lay_out(needs | {"nodeGroups.b": ["cluster.plane"]})
    assert [box.section for box in sorted(layout.boxes, key=lambda box: box.x)] == ["cluster", "nodeGroups"]


def test_sections_that_need_each_other_still_have_a_place() -> None:
    layout = lay_out({"a.x": ["b.y"], "b.z": ["a.x"], "b.y": []})
    assert len({(box.x, box.y) for box in layout.boxes}) == 2
    assert len(layout.edges) == 2


def test_nodes_never_overlap_and_stay_within_their_box() -> None:
    layout = lay_out({f"s{n % 3}.node-{n}": [] for n in range(200)})
    places = {(node.x, node.y) for box in layout.boxes for node in box.nodes}
    assert len(places) == 200
    for box in layout.boxes:
        for node in box.nodes:
            assert box.x <= node.x <= node.x + node.width <= box.x + box.width
            assert box.y <= node.y <= box.y + box.height


def test_too_many_edges_are_drawn_between_sections() -> None:
    needs: dict[str, list[str]] = {"a.hub": []} | {f"b.n{n}": ["a.hub"] for n in range(DRAWN_EDGES + 1)}
    layout = lay_out(needs)
    assert layout.coarse
    assert layout.edges == (("a", "b"),)


def test_findings_of_one_kind_that_are_told_in_a_line_each_stand_together() -> None:
    def note(code: str, summary: str, hint: str = "") -> Diagnostic:
        return Diagnostic(severity=Severity.NOTE, code=code, summary=summary, hint=hint)

    found = [note("MLI3010", "x is protected", "take it out"), note("MLI3010", "y is protected", "take it out")]
    assert plain(diagnostics_page(found, Look())).splitlines() == [
        "note MLI3010: x is protected",
        "note MLI3010: y is protected",
        "    hint: take it out",
    ]
    found = [note("MLI2018", "a comes"), note("MLI2018", "b comes"), note("MLI3076", "c", "pull"), note("MLI3076", "d")]
    assert plain(diagnostics_page(found, Look())).splitlines() == [
        "note MLI2018: a comes",
        "note MLI2018: b comes",
        "",
        "note MLI3076: c",
        "    hint: pull",
        "",
        "note MLI3076: d",
    ]


def test_in_a_policy_one_value_is_as_good_as_a_list_of_it_alone() -> None:
    before = json.dumps({"Statement": [{"Action": "s3:ListBucket", "Resource": "a"}], "Other": "x"})
    after = Json({"Statement": [{"Action": ["s3:ListBucket"], "Resource": [VPC]}], "Other": ["x"]})
    assert differences(before, after) == [(("Statement", 0, "Resource"), "a", VPC), (("Other",), "x", ["x"])]


def test_two_long_texts_are_cut_to_where_they_differ() -> None:
    same = "x" * 500
    old, new = both_texts(f"{same}-one-{same}", f"{same}-two-{same}", 120, "…")
    assert ("-one-" in old, "-two-" in new, old.startswith("…x")) == (True, True, True)
    assert max(len(old), len(new)) <= 140
    assert both_texts("one" + same, "two" + same, 120, "…")[0].startswith("onexx")
    assert both_texts(same, same, 120, "…")[0] == both_texts(same, same, 120, "…")[1]
    assert both_texts("short", "shorter", 120, "…") == ("short", "shorter")
