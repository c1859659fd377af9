"""What every bundled module keeps: purity, descriptions, a README that is true, codes that are listed."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlinfra.core.language import COMPONENTS
from mlinfra.library.codes import Code
from mlinfra.library.folders import bundled_modules
from mlinfra.library.reference import contract_table, inputs_table, outputs_table
from mlinfra.library.sections import language
from tests.library.samples import LIBRARY

_PURE = {"__future__", "collections", "difflib", "hashlib", "ipaddress", "re", "typing", "msgspec", "mlinfra"}
_LAYERS = ("mlinfra.core", "mlinfra.library")
_FILES = sorted(bundled_modules().glob("*/*.py"))
_NAMES = sorted(LIBRARY.modules)
_WRITTEN = [name for name in _NAMES if LIBRARY.modules[name].section != COMPONENTS]


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        for member in field.get("anyOf", [field]):
            for below in (member, member.get("items"), member.get("additionalProperties")):
                if isinstance(below, dict):
                    yield from _fields(below, f"{path}.{name}")


@pytest.mark.parametrize("file", _FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_module_reads_and_calls_nothing(file: Path) -> None:
    names = set(_imports(file))
    assert {name.partition(".")[0] for name in names} <= _PURE
    assert all(name.startswith(_LAYERS) for name in names if name.startswith("mlinfra"))
    called = {
        node.func.id
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "eval", "exec", "compile", "__import__", "input", "print"}


@pytest.mark.parametrize("name", _NAMES)
def test_every_input_is_described(name: str) -> None:
    module = LIBRARY.modules[name]
    assert [path for path, field in _fields(module.schema, name) if not field.get("description")] == []
    assert module.summary.endswith(".")


@pytest.mark.parametrize("name", _NAMES)
def test_every_input_but_what_only_the_user_can_say_has_a_default(name: str) -> None:
    required = {
        "budget": ["monthlyUSD"],
        "node-group": ["instances", "max"],
    }
    assert LIBRARY.modules[name].schema.get("required", []) == required.get(name, [])


@pytest.mark.parametrize("name", _NAMES)
def test_the_readme_of_a_module_is_true(name: str) -> None:
    """GOLDEN=write writes the tables anew; the rest is written by hand."""
    module = LIBRARY.modules[name]
    path = module.folder / "README.md"
    text = path.read_text(encoding="utf-8")
    true = _with(_with(text, "inputs", inputs_table(module)), "outputs", outputs_table(module))
    if module.contract is not None:
        true = _with(true, "contract", contract_table(module))
    if os.environ.get("GOLDEN") == "write":
        path.write_text(true, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == true
    assert f"# {name}\n" in text


def _with(text: str, part: str, table: str) -> str:
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->"
    assert text.count(begin) == text.count(end) == 1
    head, _, rest = text.partition(begin)
    return f"{head}{begin}{table}\n{end}{rest.partition(end)[2]}"


@pytest.mark.parametrize("name", _WRITTEN)
def test_the_example_in_a_readme_is_valid(name: str) -> None:
    module = LIBRARY.modules[name]
    (example,) = re.findall(r"```yaml\n(.*?)```", (module.folder / "README.md").read_text(), re.DOTALL)
    data = yaml.safe_load(example)[module.section]
    entries = list(data.values()) if module.many else [data[module.place.entry] if module.place.entry else data]
    for entry in entries:
        assert list(Draft202012Validator(module.schema).iter_errors(entry)) == []


def test_every_schema_stands_by_itself() -> None:
    for name, section in language(LIBRARY, {}).sections.items():
        Draft202012Validator.check_schema(dict(section.schema))
        assert "$ref" not in str(section.schema), name


def test_sections_whose_entries_are_modules_are_one_object_to_the_loader() -> None:
    runtimes = language(LIBRARY, {}).sections["runtimes"]
    assert (runtimes.many, runtimes.built) == (False, True)
    assert {"kserve", "flyte", "mlflow", "jupyterhub"} <= set(runtimes.schema["properties"])
    assert "flyte" in runtimes.outputs


def test_the_defaults_of_the_schema_are_those_of_the_inputs() -> None:
    network = LIBRARY.modules["network"]
    defaults = {name: field["default"] for name, field in network.schema["properties"].items()}
    assert defaults == {
        "cidr": "10.0.0.0/16",
        "zones": 3,
        "nodeSubnets": "private",
        "nat": "per-zone",
        "vpcEndpoints": ["s3"],
        "flowLogs": True,
        "use": None,
    }


def test_every_code_is_listed_once_and_used() -> None:
    sources = "".join(file.read_text() for file in _FILES)
    sources += "".join(file.read_text() for file in Path(language.__code__.co_filename).parent.glob("*.py"))
    assert len({code.value for code in Code}) == len(Code)
    assert [code.name for code in Code if f"Code.{code.name}" not in sources] == []


@pytest.mark.parametrize("name", sorted(LIBRARY.modules))
def test_the_form_of_a_text_is_shown_by_an_example(name: str) -> None:
    """Else whoever writes it wrong is shown a regular expression."""
    assert list(_forms_without_examples(LIBRARY.modules[name].schema)) == []


def _forms_without_examples(schema: Any, at: str = "") -> Iterator[str]:
    if isinstance(schema, dict):
        if "pattern" in schema and "examples" not in schema:
            yield at
        for key, below in schema.items():
            yield from _forms_without_examples(below, f"{at}/{key}")
    elif isinstance(schema, list):
        for below in schema:
            yield from _forms_without_examples(below, at)
