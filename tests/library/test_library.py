from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError
from mlinfra.library.folders import bundled_modules
from mlinfra.library.library import Library
from mlinfra.library.sections import language

_GOOD = '''"""A module for a test."""
from __future__ import annotations
from msgspec import Struct
from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
SECTION = Place("{section}")
class Inputs(Block, frozen=True, kw_only=True):
    """Inputs."""
class Outputs(Struct, frozen=True):
    """Outputs."""
def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    return Outputs()
'''


def _write(root: Path, folder: str, text: str, *, file: str = "module.py") -> Path:
    path = root / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / file).write_text(text)
    return root


def _wrong(library: Library) -> tuple[Diagnostic, ...]:
    with pytest.raises(ConfigError) as caught:
        _ = library.order
    return caught.value.diagnostics


def test_a_folder_with_underscores_is_a_module_with_dashes(tmp_path: Path) -> None:
    library = Library.find([_write(tmp_path, "feature_store", _GOOD.format(section="featureStore"))])
    module = library.modules["feature-store"]
    assert (module.section, module.summary, module.folder.name) == (
        "featureStore",
        "A module for a test.",
        "feature_store",
    )
    assert library.module_for("featureStore") is module


def test_our_own_modules_are_found_beside_any_project(tmp_path: Path) -> None:
    library = Library.of_project(tmp_path)
    assert {"network", "cluster", "node-group", "registry"} <= set(library.modules)
    assert library.modules["network"].folder == bundled_modules() / "network"


def test_a_project_that_holds_our_modules_has_them_once() -> None:
    assert Library.of_project(bundled_modules().parent).notes == ()


def test_a_folder_without_module_py_is_none(tmp_path: Path) -> None:
    _write(tmp_path, "notes", "hello", file="README.md")
    assert not Library.find([tmp_path]).modules


def test_an_absent_root_holds_nothing(tmp_path: Path) -> None:
    assert not Library.find([tmp_path / "modules"]).modules


def test_a_module_may_have_several_files(tmp_path: Path) -> None:
    _write(tmp_path, "two_files", _GOOD.format(section="two") + "from .names import NAME\n")
    _write(tmp_path, "two_files", "NAME = 'x'\n", file="names.py")
    assert list(Library.find([tmp_path]).modules) == ["two-files"]


def test_modules_are_loaded_once_and_only_when_asked_for(tmp_path: Path) -> None:
    counter = f"from pathlib import Path\nwith Path({str(tmp_path / 'count')!r}).open('a') as f:\n    f.write('x')\n"
    library = Library.find([_write(tmp_path, "counted", _GOOD.format(section="counted") + counter)])
    assert not (tmp_path / "count").exists()
    assert library.modules
    assert Library.find([tmp_path]).modules
    assert (tmp_path / "count").read_text() == "x"


def test_our_own_modules_are_described_only_where_a_stack_uses_them() -> None:
    library = Library.find([bundled_modules()])
    spoken = language(library, {})
    assert spoken.sections["network"].schema["properties"]
    assert [module.name for module in library.modules.values() if "schema" in vars(module)] == ["network"]


@pytest.mark.parametrize(
    ("text", "detail", "line"),
    [
        ("x = 1\ndef broken(:\n", "SyntaxError: invalid syntax", 2),
        ("import nothing_of_that_name\n", "ModuleNotFoundError: No module named 'nothing_of_that_name'", 1),
        ("x = 1\ny = x / 0\n", "ZeroDivisionError: division by zero", 2),
    ],
)
def test_a_module_that_cannot_be_loaded_is_said_so_with_its_line(
    tmp_path: Path, text: str, detail: str, line: int
) -> None:
    (wrong,) = _wrong(Library.find([_write(tmp_path, "broken", text)]))
    assert (wrong.code, wrong.detail) == ("MLI2001", detail)
    assert wrong.source is not None
    assert (wrong.source.file, wrong.source.line) == (str(tmp_path / "broken" / "module.py"), line)


def test_all_broken_modules_are_named_at_once(tmp_path: Path) -> None:
    _write(tmp_path, "one", "1/0\n")
    _write(tmp_path, "two", "1/0\n")
    assert len(_wrong(Library.find([tmp_path]))) == 2


def test_a_folder_with_dashes_is_told_its_name(tmp_path: Path) -> None:
    (wrong,) = _wrong(Library.find([_write(tmp_path, "node-group", _GOOD.format(section="x"))]))
    assert wrong.code == "MLI2001"
    assert "rename it to node_group" in wrong.hint


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('"""Nothing."""\n', "it defines no SECTION"),
        (_GOOD.format(section="x").replace("class Inputs(Block", "class Others(Block"), "it defines no Inputs"),
        (_GOOD.format(section="x").replace("class Outputs(Struct", "class Others(Struct"), "it defines build and no"),
        (_GOOD.format(section="x").replace("inputs: Inputs, facts: Facts", "inputs: Inputs"), "does not take 3"),
        (_GOOD.format(section="x") + "NEEDS = ('network',)\n", "NEEDS holds something"),
        (_GOOD.format(section="x") + "    \nclass Inputs(Block, frozen=True):\n    a: complex\n", "cannot be used"),
    ],
)
def test_a_module_that_breaks_the_contract_is_told_how(tmp_path: Path, text: str, detail: str) -> None:
    (wrong,) = _wrong(Library.find([_write(tmp_path, "broken", text)]))
    assert wrong.code == "MLI2002"
    assert detail in wrong.detail


def test_two_modules_of_one_root_cannot_claim_one_section(tmp_path: Path) -> None:
    _write(tmp_path, "one", _GOOD.format(section="same"))
    _write(tmp_path, "two", _GOOD.format(section="same"))
    (wrong,) = _wrong(Library.find([tmp_path]))
    assert (wrong.code, wrong.summary) == ("MLI2003", "the modules one and two both claim the section same")


def test_a_section_of_parts_cannot_be_claimed_whole(tmp_path: Path) -> None:
    _write(tmp_path, "part", _GOOD.format(section="x").replace('Place("x")', 'Place("x", entry="a")'))
    _write(tmp_path, "whole", _GOOD.format(section="x"))
    assert [one.code for one in _wrong(Library.find([tmp_path]))] == ["MLI2003"]


def test_a_module_of_the_project_stands_in_for_ours_and_that_is_noted(tmp_path: Path) -> None:
    project = _write(tmp_path, "modules/own_network", _GOOD.format(section="network"))
    library = Library.of_project(project)
    chosen = library.module_for("network")
    assert chosen is not None
    assert chosen.name == "own-network"
    assert "network" not in library.modules
    (note,) = library.notes
    assert (note.severity, note.code) == (Severity.NOTE, "MLI2014")
    assert "own-network" in note.summary


def test_modules_that_need_each_other_are_refused(tmp_path: Path) -> None:
    for name, need in (("one", "Registry"), ("two", "LoadBalancer")):
        other = "LoadBalancer" if need == "Registry" else "Registry"
        text = _GOOD.format(section=name).replace("class Outputs(Struct", f"class Outputs({other}")
        imports = "from mlinfra.library.outputs import LoadBalancer, Registry\n"
        head, _, tail = text.partition("SECTION")
        _write(tmp_path, name, f"{head}{imports}NEEDS = ({need},)\nSECTION{tail}")
    (wrong,) = _wrong(Library.find([tmp_path]))
    assert wrong.code == "MLI2004"
    assert set(wrong.detail.split(" needs ")) == {"one", "two"}


def test_a_module_is_built_after_what_it_needs() -> None:
    names = [module.name for module in Library.find([bundled_modules()]).order]
    assert names.index("network") < names.index("cluster") < names.index("node-group")
