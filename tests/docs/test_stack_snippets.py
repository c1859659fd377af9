"""Whatever the documents show of a stack file is valid, and refers to nothing that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlinfra.config.loader import load_stack
from mlinfra.session.reading import catalogue
from tests.library.samples import LIBRARY

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("modules/*/README.md"))]
LANGUAGE = catalogue.language(LIBRARY)
AROUND = {
    "apiVersion": "mlinfra/v1",
    "kind": "Stack",
    "metadata": {"name": "demo", "owner": "${inputs.gpuMax} people"},
    "target": {"platform": "aws", "region": "us-east-1"},
    "network": {},
    "inputs": {"gpuMax": {"type": "integer", "default": 4}},
}
PARTS = {*AROUND, *LANGUAGE.sections, "resources", "lifecycle", "moved", "outputs", "policies"}


def _snippets() -> Iterator[Any]:
    """Each piece of YAML that begins at the top of a stack file: not one of a rule, or of a project's own module."""
    for document in DOCUMENTS:
        for text in re.findall(r"```ya?ml\n(.*?)```", document.read_text("utf-8"), re.DOTALL):
            found = yaml.safe_load(text)
            if isinstance(found, dict) and found.keys() <= PARTS:
                yield pytest.param(found, id=f"{document.relative_to(ROOT)}-{next(iter(found))}")


SNIPPETS = list(_snippets())


def test_there_are_snippets_to_hold_against_the_language() -> None:
    assert len(SNIPPETS) > 25


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_is_valid_where_it_would_be_written(snippet: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "stack.yaml"
    path.write_text(yaml.safe_dump(AROUND | snippet, sort_keys=False))
    stack, findings = load_stack(str(path), LANGUAGE, environ={})
    assert stack.name in ("demo", snippet.get("metadata", {}).get("name"))
    assert not findings
