from __future__ import annotations

import json

import pytest

from tests.config.project import Project

DECLARED = """
inputs:
  account: {type: string, default: 0123}
  most: {type: integer, default: 8, minimum: 0, maximum: 10}
  ratio: {type: number, default: 0.5}
  blue: {type: boolean, default: false}
  zones: {type: array, default: [a]}
  labels: {type: object, default: {a: b}}
  nat: {type: string, default: single, enum: [none, single]}
  region: {type: string, default: eu-west-1, pattern: "^[a-z0-9-]+$"}
"""


def test_inputs_take_their_defaults(project: Project) -> None:
    assert project.load(DECLARED).inputs == {
        "account": "0123", "most": 8, "ratio": 0.5, "blue": False, "zones": ["a"], "labels": {"a": "b"},
        "nat": "single", "region": "eu-west-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ("account=007", "account", "007"),
        ("account=", "account", ""),
        ("account=a=b: [", "account", "a=b: ["),
        ("most=4", "most", 4),
        ("ratio=2", "ratio", 2),
        ("blue=true", "blue", True),
        ("zones=[x, 010]", "zones", ["x", 10]),
        ("labels={x: 1}", "labels", {"x": 1}),
    ],
)
def test_set_gives_a_value_by_the_type_of_its_input(project: Project, given: str, name: str, value: object) -> None:
    assert project.load(DECLARED, sets=[given]).inputs[name] == value


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("most=four", "MLI1032"),
        ("most=4.5", "MLI1032"),
        ("most=11", "MLI1034"),
        ("blue=yes", "MLI1032"),
        ("zones=a", "MLI1032"),
        ("zones=[a", "MLI1003"),
        ("labels={a: *x}", "MLI1008"),
        ("nat=double", "MLI1033"),
        ("region=EU", "MLI1035"),
        ("region=eu\n", "MLI1035"),
        ("=3", "MLI1122"),
        ("account=a\u202eb", "MLI1002"),
        ("account=a\0b", "MLI1002"),
        ("zones=[a\u200bb]", "MLI1002"),
    ],
)
def test_set_refuses_what_its_input_does_not_take(project: Project, given: str, code: str) -> None:
    assert [diagnostic.code for diagnostic in project.refused(DECLARED, sets=[given])] == [code]


def test_set_wins_over_the_files_and_the_last_of_each_wins(project: Project) -> None:
    project.write("most: 1\nratio: 1\nblue: true\n", "one.yaml")
    project.write(json.dumps({"most": 2, "ratio": 2.5}), "two.json")
    stack = project.load(DECLARED, input_files=["one.yaml", "two.json"], sets=["most=3", "most=4"])
    assert (stack.inputs["most"], stack.inputs["ratio"], stack.inputs["blue"]) == (4, 2.5, True)


def test_an_inputs_file_may_be_json_as_other_tools_write_it(project: Project) -> None:
    project.write(json.dumps({"account": "\N{GRINNING FACE}/\t\\", "zones": ["a"]}, indent="\t"), "in.json")
    assert project.load(DECLARED, input_files=["in.json"]).inputs["account"] == "\N{GRINNING FACE}/\t\\"


def test_an_inputs_file_is_checked_like_the_stack(project: Project) -> None:
    project.write("most: x\nmots: 3\nmost: 4\n", "in.yaml")
    found = project.refused(DECLARED, input_files=["in.yaml", "gone.yaml"])
    assert [(d.code, str(d.source)) for d in found] == [
        ("MLI1101", "gone.yaml"),
        ("MLI1120", "in.yaml:2:1"),
        ("MLI1005", "in.yaml:3:1"),
    ]


def test_an_inputs_file_that_is_no_mapping_is_refused(project: Project) -> None:
    project.write("- 1\n", "in.yaml")
    assert [d.code for d in project.refused(DECLARED, input_files=["in.yaml"])] == ["MLI1123"]


def test_text_given_for_an_input_stays_text_where_a_number_is_wanted(project: Project) -> None:
    found = project.refused(
        "inputs: {most: {type: string, default: 4}}\nnodeGroups: {gpu: {instances: [a], max: '${inputs.most}'}}"
    )
    assert [diagnostic.code for diagnostic in found] == ["MLI1032"]


def test_an_inputs_file_read_for_a_run_is_recorded(project: Project) -> None:
    project.write("most: 1\n", "in.yaml")
    assert set(project.load(DECLARED, input_files=["in.yaml"]).documents) == {"stack.yaml", "in.yaml"}


def test_inputs_of_extended_files_are_inputs_of_the_stack(project: Project) -> None:
    project.write("inputs: {most: {type: integer, default: 1}}\n", "base.yaml")
    stack = project.load("extends: [base.yaml]\ninputs: {most: {default: 2}}\noutputs: {most: '${inputs.most}'}")
    assert stack.outputs == {"most": 2}


@pytest.mark.parametrize("pattern", ["(", "[", "a{99999999999999999999}", "*"])
def test_a_pattern_that_is_no_regular_expression_is_refused(project: Project, pattern: str) -> None:
    found = project.refused(f"inputs: {{a: {{type: string, default: x, pattern: '{pattern}'}}}}")
    assert [diagnostic.code for diagnostic in found] == ["MLI1124"]


def test_a_pattern_that_python_would_warn_of_is_taken(project: Project) -> None:
    stack = project.load("inputs: {a: {type: string, default: 'x[', pattern: '^x[[a]$'}}")
    assert stack.inputs == {"a": "x["}
