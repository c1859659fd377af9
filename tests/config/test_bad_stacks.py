from __future__ import annotations

import pytest

from mlinfra.config import load_stack
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from tests.config.bad_case import Case
from tests.config.bad_stacks import CASES
from tests.config.language import HEAD, LANGUAGE
from tests.config.project import Project


def told(diagnostic: Diagnostic, project: Project) -> str:
    hint = f" | {diagnostic.hint}" if diagnostic.hint else ""
    text = f"{diagnostic.code} {diagnostic.source or '-'}: {diagnostic.summary}{hint}"
    return text.replace(str(project.directory), "PROJECT")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_stack_is_refused_with_the_message_that_helps(case: Case, project: Project) -> None:
    project.write("", ".git")
    project.write("{}", "base.yaml")
    file = project.write(((HEAD.lstrip("\n") if case.head else "") + case.body).encode())
    with pytest.raises(ConfigError) as refused:
        load_stack(file, LANGUAGE, environ={}, sets=case.sets, stacks_reader=case.reader)
    assert [told(diagnostic, project) for diagnostic in refused.value.diagnostics] == list(case.told)


def test_all_mistakes_of_a_stack_are_told_at_once(project: Project) -> None:
    diagnostics = project.refused("""
        network: {nta: single, cidr: "${env.NONE}"}
        nodeGroups: {gpu: {instances: [a], max: x}}
        nonsense: 1
        outputs: {a: "${registries.models.url}"}
    """)
    assert [diagnostic.code for diagnostic in diagnostics] == ["MLI1030", "MLI1132", "MLI1032", "MLI1150", "MLI1138"]


def test_more_mistakes_than_anyone_reads_are_counted(project: Project) -> None:
    diagnostics = project.refused("network:\n" + "".join(f"  wrong{n}: 1\n" for n in range(500)))
    assert len(diagnostics) == 101
    assert diagnostics[-1].code == "MLI1017"
    assert str(diagnostics[-1].source) == "stack.yaml"


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40
