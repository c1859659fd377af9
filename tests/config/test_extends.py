from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlinfra.config import load_stack
from mlinfra.config.files import find_root
from mlinfra.core.errors import ConfigError
from mlinfra.core.source import Source
from tests.config.language import HEAD, LANGUAGE
from tests.config.project import Project


def codes(found: object) -> list[str]:
    assert isinstance(found, tuple)
    return [diagnostic.code for diagnostic in found]


def test_mappings_merge_lists_replace_and_the_later_file_wins(project: Project) -> None:
    project.write("network: {nat: none, zones: [a, b]}\nregistries: {one: {keepLast: 1}}\n", "one.yaml")
    project.write("network: {nat: single, cidr: 10.1.0.0/16}\n", "two.yaml")
    stack = project.load("extends: [one.yaml, two.yaml]\nnetwork: {zones: [c]}\nregistries: {two: {}}\n")
    assert stack.sections["network"] == {"nat": "single", "zones": ["c"], "cidr": "10.1.0.0/16"}
    assert stack.sections["registries"] == {"one": {"keepLast": 1}, "two": {}}


def test_null_removes_what_an_extended_file_gives(project: Project) -> None:
    project.write("network: {nat: none}\nregistries: {one: {keepLast: 1}, two: {}}\n", "base.yaml")
    stack = project.load("extends: [base.yaml]\nnetwork: null\nregistries: {one: {keepLast: null}, two: ~}\n")
    assert stack.sections == {"registries": {"one": {}}}


def test_each_part_is_found_in_the_file_that_it_came_from(project: Project) -> None:
    project.write("network:\n  nat: none\n  cidr: 10.1.0.0/16\n", "base.yaml")
    stack = project.load("extends: [base.yaml]\nnetwork:\n  nat: single\n")
    assert stack.positions.at(("network", "cidr")) == Source("base.yaml", 3, 3)
    assert stack.positions.at(("network", "nat")) == Source("stack.yaml", 8, 3)


def test_a_mistake_in_an_extended_file_names_that_file(project: Project) -> None:
    project.write("network: {nta: none}\n", "base.yaml")
    found = project.refused("extends: [base.yaml]\n")
    assert [(d.code, str(d.source)) for d in found] == [("MLI1030", "base.yaml:1:11")]


def test_paths_are_relative_to_the_file_that_extends(project: Project) -> None:
    project.write("", ".git")
    project.write("extends: [../root.yaml]\nnetwork: {nat: none}\n", "bases/base.yaml")
    project.write("network: {zones: 2}\n", "root.yaml")
    project.write(HEAD + "extends: [../bases/base.yaml]\n", "stacks/prod.yaml")
    stack, _ = load_stack("stacks/prod.yaml", LANGUAGE, environ={})
    assert stack.sections["network"] == {"zones": 2, "nat": "none"}
    assert set(stack.documents) == {"stacks/prod.yaml", "bases/base.yaml", "root.yaml"}


def test_the_digest_of_a_file_changes_with_its_bytes(project: Project) -> None:
    before = project.load("network: {}\n").documents["stack.yaml"]
    assert project.load("network: {}\n").documents["stack.yaml"] == before
    assert project.load("network: {} # now\n").documents["stack.yaml"] != before


def test_files_that_extend_each_other_are_refused(project: Project) -> None:
    project.write("extends: [two.yaml]\n", "one.yaml")
    project.write("extends: [one.yaml]\n", "two.yaml")
    found = project.refused("extends: [one.yaml]\n")
    assert codes(found) == ["MLI1111"]
    assert "one.yaml -> two.yaml -> one.yaml" in found[0].summary


def test_a_file_that_extends_itself_is_refused(project: Project) -> None:
    assert codes(project.refused("extends: [stack.yaml]\n")) == ["MLI1111"]


def test_files_that_double_at_every_level_are_refused_soon(project: Project) -> None:
    for level in range(20):
        project.write(f"extends: [f{level + 1}.yaml, f{level + 1}.yaml]\n", f"f{level}.yaml")
    project.write("{}\n", "f20.yaml")
    assert codes(project.refused("extends: [f0.yaml]\n")) == ["MLI1112"]


def test_extends_takes_no_expressions(project: Project) -> None:
    found = project.refused("extends: ['${env.BASE}']\n", environ={"BASE": "base.yaml"})
    assert set(codes(found)) == {"MLI1131"}


def test_extends_that_is_no_list_is_refused(project: Project) -> None:
    project.write("{}\n", "base.yaml")
    assert codes(project.refused("extends: base.yaml\n")) == ["MLI1032"]


def test_a_symbolic_link_is_refused_wherever_it_stands_on_the_way(project: Project, tmp_path: Path) -> None:
    project.write("", ".git")
    project.write("{}\n", "real/base.yaml")
    (tmp_path / "link.yaml").symlink_to("real/base.yaml")
    (tmp_path / "linked").symlink_to("real")
    for path in ("link.yaml", "linked/base.yaml"):
        assert codes(project.refused(f"extends: [{path}]\n")) == ["MLI1103"]


def test_a_stack_file_that_is_a_symbolic_link_is_refused(project: Project, tmp_path: Path) -> None:
    project.write(HEAD, "real.yaml")
    (tmp_path / "stack.yaml").symlink_to("real.yaml")
    with pytest.raises(ConfigError) as refused:
        load_stack("stack.yaml", LANGUAGE, environ={})
    assert codes(refused.value.diagnostics) == ["MLI1103"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.yaml", "a/../../outside.yaml"])
def test_a_path_out_of_the_project_is_refused(project: Project, path: str) -> None:
    assert codes(project.refused(f"extends: [{path}]\n")) == ["MLI1104"]


def test_the_project_is_what_git_holds_or_the_directory_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "stack.yaml"
    file.parent.mkdir(parents=True)
    (tmp_path / "a" / ".git").mkdir()
    assert find_root(str(file)) == tmp_path / "a"


def test_a_root_that_is_given_bounds_the_project(project: Project, tmp_path: Path) -> None:
    project.write("{}\n", "base.yaml")
    project.write(HEAD + "extends: [../base.yaml]\n", "inner/stack.yaml")
    with pytest.raises(ConfigError) as refused:
        load_stack("inner/stack.yaml", LANGUAGE, environ={}, root=tmp_path / "inner")
    assert codes(refused.value.diagnostics) == ["MLI1104"]


def test_directories_and_pipes_are_no_stack_files(project: Project, tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("directory", "pipe"):
        with pytest.raises(ConfigError) as refused:
            load_stack(name, LANGUAGE, environ={})
        assert codes(refused.value.diagnostics) == ["MLI1102"]


def test_a_path_that_no_system_takes_is_refused(project: Project) -> None:
    for path in ("a\0b", "x" * 5000, "y" * 300):
        with pytest.raises(ConfigError) as refused:
            load_stack(path, LANGUAGE, environ={})
        assert codes(refused.value.diagnostics) in (["MLI1101"], ["MLI1105"])


def test_a_missing_stack_file_says_what_there_is_instead(project: Project) -> None:
    project.write(HEAD, "stack.yaml")
    with pytest.raises(ConfigError) as refused:
        load_stack("stack.yml", LANGUAGE, environ={})
    assert refused.value.diagnostics[0].hint == "did you mean stack.yaml?"
    assert refused.value.exit_code == 1
