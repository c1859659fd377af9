"""Whatever a file holds, the loader answers with a stack or with mistakes, never with anything else."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlinfra.config import expand, load_stack
from mlinfra.config.layout import layout
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.stack import Stack
from tests.config.language import LANGUAGE
from tests.config.project import Project
from tests.config.test_published import WHOLE

GOOD = WHOLE.replace("registries.models.url", "network.vpcId").replace(
    "inputs: {most: {type: integer, default: 8, description: most nodes}}",
    """inputs:
  most: {type: integer, default: 8, description: most nodes}
  zones: {type: array, default: [a]}
  nat: {type: string, default: none}
  type: {type: string, default: a}
  base: {type: integer, default: 1}
  volume: {type: object, default: {size: 1Gi}}
  types: {type: array, default: [a]}
  logs: {type: boolean, default: true}""",
)
PIECES = [
    "${", "}", "$$", "${inputs.most}", "${secret.sm:a#b}", "${network.vpcId}", "${env.HOME}",
    "${stacks.shared.outputs.x}", "&a ", "*a", "<<: ", "!!str ", "---\n", "null", "~", "[", "]", "{", "}", ": ",
    "- ", "\n", "\n  ", "\t", '"', "'", "|\n", ">\n", "%", "@", "0x", "1e999", "\u202e", "\x00", "\ufeff", "# ",
    "? ", "..", "true", "-1", "\xe9",
]  # fmt: skip
NAMES = "type properties max instances capacity state from to default a gpu zones network packs waive until tags name"
HEAD = {"apiVersion": "mlinfra/v1", "kind": "Stack", "metadata": {"name": "shop"}, "target": {"platform": "sandbox"}}

quietly = settings(max_examples=150, suppress_health_check=list(HealthCheck))
words = st.sampled_from(PIECES) | st.text("ab${}.:", max_size=12)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words
contents = st.recursive(
    leaves,
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()) | words, below, max_size=3)
    ),
    max_leaves=6,
)


def outcome(project: Project, data: bytes) -> Stack | tuple[Diagnostic, ...]:
    """What loading gives; any other exception than the one that carries mistakes gets through."""
    file = project.write(data)
    try:
        stack, _ = load_stack(file, LANGUAGE, environ={"HOME": "/root"}, sets=["most=2"], root=Path())
    except ConfigError as error:
        return error.diagnostics
    return stack


def is_explained(result: Stack | tuple[Diagnostic, ...]) -> bool:
    if isinstance(result, Stack):
        return bool(expand(result, LANGUAGE))
    return bool(result) and all(found.code.startswith("MLI1") and found.summary for found in result)


def test_the_stack_that_is_mutated_is_a_good_one(project: Project) -> None:
    assert isinstance(outcome(project, GOOD.encode()), Stack)


@quietly
@given(data=st.binary(max_size=200))
def test_any_bytes_give_a_stack_or_mistakes(project: Project, data: bytes) -> None:
    assert is_explained(outcome(project, data))


@quietly
@given(text=st.text(max_size=200))
def test_any_text_gives_a_stack_or_mistakes(project: Project, text: str) -> None:
    assert is_explained(outcome(project, text.encode("utf-8", "surrogatepass")))


@quietly
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 20), st.sampled_from(PIECES) | st.text(max_size=5)),
        min_size=1,
        max_size=4,
    )
)
def test_any_mutation_of_a_good_stack_gives_a_stack_or_mistakes(
    project: Project, edits: list[tuple[int, int, str]]
) -> None:
    text = GOOD
    for at, removed, added in edits:
        text = text[:at] + added + text[at + removed :]
    assert is_explained(outcome(project, text.encode("utf-8", "surrogatepass")))


@quietly
@given(sections=st.dictionaries(st.sampled_from(sorted(layout(LANGUAGE))), contents, max_size=4))
def test_any_data_in_any_section_give_a_stack_or_mistakes(project: Project, sections: dict[str, object]) -> None:
    text = json.dumps(HEAD | sections, ensure_ascii=False)
    assert is_explained(outcome(project, text.encode("utf-8", "surrogatepass")))
