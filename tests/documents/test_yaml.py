from __future__ import annotations

import json
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from mlinfra.core.source import Source
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import Places
from mlinfra.documents.text import FORBIDDEN, LARGEST
from mlinfra.documents.yaml import DEEPEST, FASTEST, parse, parse_value, read

PARSERS = [FASTEST, pyyaml.SafeLoader]


def data(text: str) -> Any:
    findings = Findings()
    node = parse(text, "a.yaml", findings)
    assert node is not None
    assert findings.diagnostics() == ()
    return node.plain()


def refused(text: str | bytes, parser: Any = FASTEST) -> list[tuple[str, str]]:
    findings = Findings()
    read(text.encode() if isinstance(text, str) else text, "a.yaml", findings, parser)
    return [(found.code, str(found.source).removeprefix("a.yaml:")) for found in findings.diagnostics()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-7", -7), ("+7", 7), ("007", 7), ("0o17", 15), ("0x1F", 31), ("1_000", "1_000"),
        ("1.30", 1.3), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("1e", "1e"), ("-.5e-1", -0.05),
        ("true", True), ("False", False), ("yes", "yes"), ("on", "on"), ("No", "No"),
        ("null", None), ("~", None), ("NULL", None), ("nUll", "nUll"),
        ("1:30", "1:30"), ("2027-03-31", "2027-03-31"), ("0b1", "0b1"), ("1.2.3", "1.2.3"), ("-a", "-a"), (".", "."),
        ('"1"', "1"), ("'true'", "true"), ('""', ""), ("|\n  a\n  b\n", "a\nb\n"), (">\n  a\n  b\n", "a b\n"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "\N{ARABIC-INDIC DIGIT ONE}"),
    ],
)  # fmt: skip
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = data(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_a_plain_scalar_keeps_its_spelling_and_a_quoted_one_has_none() -> None:
    findings = Findings()
    root = parse("a: 1.30\nb: '1.30'\nc: [007]\n", "a.yaml", findings)
    assert root is not None
    assert [root.find(path).text for path in (("a",), ("b",), ("c", 0))] == ["1.30", None, "007"]  # type: ignore[union-attr]


def test_every_key_and_value_has_its_place() -> None:
    root = parse("a:\n  - x\n  - {b: [1, two]}\n", "a.yaml", Findings())
    assert root is not None
    two = root.find(("a", 1, "b", 1))
    assert two is not None
    assert two.source == Source("a.yaml", 3, 13)
    places = Places(root)
    assert places.at(("a",)) == Source("a.yaml", 1, 1)
    assert places.at(("a", 1, "b")) == Source("a.yaml", 3, 6)
    assert places.at(("a", 1, "b", 7, "x")) == Source("a.yaml", 3, 6)
    assert places.at(("z",)) is None


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\na: 4\n", [("MLI1005", "3:1"), ("MLI1005", "4:1")]),
        ("{a: 1, a: 2}", [("MLI1005", "1:8")]),
        ("1: a\ntrue: b\n~: c\n1.5: d\n", [("MLI1006", f"{n}:1") for n in (1, 2, 3, 4)]),
        ("? [a, {b: c}]\n: d\ne: f\n", [("MLI1006", "1:3")]),
        ("? {a: b}\n: d\n", [("MLI1006", "1:3")]),
        ("? \n: a\n", [("MLI1006", "1:2")]),
        ("<<: {a: b}\n", [("MLI1007", "1:1")]),
        ("'<<': {a: b}\n", []),
        ("a: &x 1\nb: *x\n", [("MLI1008", "1:4"), ("MLI1008", "2:4")]),
        ("*x : 1\n", [("MLI1006", "1:1")]),
        ("a: !!str 1\nb: !x {}\nc: ! d\n", [("MLI1009", "1:4"), ("MLI1009", "2:4"), ("MLI1009", "3:4")]),
        ("a: 1\n---\nb: 2\n", [("MLI1010", "2:1")]),
        ("a: " + "1" * 101, [("MLI1012", "1:4")]),
        ("a: 0x" + "f" * 5000, [("MLI1012", "1:4")]),
        ("a: 1." + "1" * 5000, [("MLI1012", "1:4")]),
        ("a: '" + "1" * 5000 + "'", []),
        ("a: .inf\nb: -.INF\nc: .nan\nd: 1e999\n", [("MLI1013", f"{n}:4") for n in (1, 2, 3, 4)]),
        ("\u0430: 1\n", [("MLI1014", "1:1")]),
        ("[" * (DEEPEST + 1), [("MLI1011", f"1:{DEEPEST + 1}")]),
        ("a: {" * 3000, [("MLI1011", f"1:{DEEPEST * 4}")]),
        ("a:\n\tb: 1\n", [("MLI1004", "2:1")]),
        ("\ta: 1\n", [("MLI1004", "1:1")]),
        ("a: [1, 2\nb: 3\n", [("MLI1003", "1:4")]),
        ("a: {b: 1\nc: 3\n", [("MLI1003", "1:4")]),
        ("a: 'b\nc: d\n", [("MLI1003", "1:4")]),
        ("a: @b\n", [("MLI1003", "1:4")]),
        ("a: b: c\n", [("MLI1003", "1:5")]),
        ("a: - b\n", [("MLI1003", "1:4")]),
        ("a: }\n", [("MLI1003", "1:4")]),
        ("'a':b\n", [("MLI1003", "1:4")]),
        ("a:\n  b: 1\n c: 2\n", [("MLI1003", "3:2")]),
    ],
)
def test_what_could_mean_something_else_is_refused_with_its_place(
    text: str, found: list[tuple[str, str]], parser: Any
) -> None:
    assert refused(text, parser) == found


def test_a_repeated_key_names_both_lines() -> None:
    findings = Findings()
    parse("a: 1\nb: 2\na: 3\n", "a.yaml", findings)
    (found,) = findings.diagnostics()
    assert (found.summary, found.source) == (
        'the key "a" is repeated: it stands at line 1 already', Source("a.yaml", 3, 1)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"a: \xff\n", [("MLI1001", "1:4")]),
        (b"a: b\nc: \xc3(\n", [("MLI1001", "2:4")]),
        ("a: b\n".encode("utf-16"), [("MLI1001", "a.yaml")]),
        (b"a: b\nc: \0\n", [("MLI1016", "2:4")]),
        (b"\xef\xbb\xbfa: b\n", []),
        (b"a: \xef\xbb\xbfb\n", [("MLI1002", "1:4")]),
        (b"a: b\r\nc: d\r\n", []),
        (b"a: \x1b[31m\n", [("MLI1002", "1:4")]),
        (b"a: \x7f\n", [("MLI1002", "1:4")]),
        ("a: \u202ex\nb: \u2066y\n".encode(), [("MLI1002", "1:4"), ("MLI1002", "2:4")]),
        ("a: x\u200by\n".encode(), [("MLI1002", "1:5")]),
        ("# \u202e hidden\na: b\n".encode(), [("MLI1002", "1:3")]),
        (b'a: "\\u202e"\n', [("MLI1002", "1:4")]),
        (b'a: "\\0"\n', [("MLI1002", "1:4")]),
        ("a: \N{FAMILY}\u200d\N{GREEK SMALL LETTER ALPHA}\n".encode(), []),
        (b"#" * (LARGEST + 1), [("MLI1015", "a.yaml")]),
    ],
)
def test_what_a_reviewer_cannot_see_is_refused_with_its_place(text: bytes, found: list[tuple[str, str]]) -> None:
    assert refused(text) == found


def test_mistakes_leave_the_rest_of_a_document_readable() -> None:
    findings = Findings()
    root = parse("a: 1\na: 2\n3: x\nb: [1, &y 2]\n", "a.yaml", findings)
    assert root is not None
    assert root.plain() == {"a": 2, "b": [1, 2]}
    assert len(findings.diagnostics()) == 3


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\n\n"])
def test_an_empty_document_is_null(text: str) -> None:
    assert data(text) is None


def test_json_is_read_as_it_is_written_elsewhere() -> None:
    value = {"a": "\N{GRINNING FACE}\t", "b": [1, 2.5, None, True], "c\\ud83d": "\\ud83d\\ude00 / \\/"}
    for written in (json.dumps(value, indent="\t"), json.dumps(value, ensure_ascii=False)):
        findings = Findings()
        document = read(written.encode(), "a.json", findings)
        assert document is not None
        assert document.root.plain() == value


def test_a_value_of_the_command_line_names_where_it_was_given() -> None:
    findings = Findings()
    node = parse_value("[a, {b: 1}]", Source("--set zones"), findings)
    assert node is not None
    assert node.plain() == ["a", {"b": 1}]
    assert node.value[1].value["b"].source == Source("--set zones")
    assert parse_value("[a", Source("--set zones"), findings) is None
    assert [str(found.source) for found in findings.diagnostics()] == ["--set zones"]


keys = st.text("abc-_.$ :#'\"{}[],&*!|>%@`xyz019", min_size=1, max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Cn")), max_size=20).filter(
        lambda text: not FORBIDDEN.search(text)
    )
)
documents = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4),
    max_leaves=20,
)


@given(value=documents, indent=st.sampled_from([None, 2]))
def test_any_data_survive_being_written_and_read(value: Any, indent: int | None) -> None:
    assert data(json.dumps(value, indent=indent, ensure_ascii=False)) == value


@given(value=documents)
def test_any_data_survive_pyyaml_s_block_style(value: Any) -> None:
    # Quoted throughout: PyYAML writes for YAML 1.1, where 0o7 is text.
    text = pyyaml.dump(value, Dumper=_Quoting, default_flow_style=False, allow_unicode=True, width=1000)
    assert data(text) == value


class _Quoting(pyyaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(text=st.text(max_size=100), parser=st.sampled_from(PARSERS))
def test_any_text_gives_a_document_or_findings(text: str, parser: Any) -> None:
    findings = Findings()
    document = read(text.encode("utf-8", "surrogatepass"), "a.yaml", findings, parser)
    assert document is not None or findings.has_errors()


def test_a_hundred_thousand_entries_are_read() -> None:
    text = "resources:\n" + "".join(
        f"  r{n}: {{type: a, properties: {{name: n-{n}, size: {n}}}}}\n" for n in range(100_000)
    )
    root = parse(text, "a.yaml", Findings())
    assert root is not None
    assert root.find(("resources", "r99999", "properties", "size")).source.line == 100_001  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("a: {min: ${inputs.n}, max: 2}\n", "${inputs.n}"),
        ("a: {min: 1, max: ${inputs.n}}\n", "${inputs.n}"),
        ('a: {x: "${env.A}", y: ${inputs.n}}\n', "${inputs.n}"),
        ("a: [${inputs.n}, b]\n", "${inputs.n}"),
        ("a: {b: {c: ${stacks.x.outputs.y}}}\n", "${stacks.x.outputs.y}"),
    ],
)
def test_an_expression_within_braces_is_to_be_quoted(text: str, expression: str) -> None:
    findings = Findings()
    assert parse(text, "a.yaml", findings) is None
    (found,) = findings.diagnostics()
    assert found.code == "MLI1003"
    assert found.hint == f'quote it: "{expression}"'
    assert found.source is not None
    assert text[found.source.column - 2 :].startswith(expression)
