"""What our own sections say of stacks that cannot be built: the code, the place, the sentence and the hint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mlinfra.config import load_stack
from mlinfra.core.errors import ConfigError
from mlinfra.library.assembly import build
from mlinfra.session.reading.catalogue import language
from tests.library.samples import FACTS, LIBRARY

HEAD = "apiVersion: mlinfra/v1\nkind: Stack\nmetadata: {name: shop}\ntarget: {platform: sandbox, region: us-east-1}\n"
LANGUAGE = language(LIBRARY)
CASES = yaml.safe_load(Path(__file__).with_name("bad-stacks.yaml").read_text())


def told(folder: Path, body: str) -> Iterator[str]:
    """Everything that is said of the stack, as one line each."""
    (folder / "stack.yaml").write_text(HEAD + body)
    with pytest.raises(ConfigError) as refused:
        _build()
    for one in refused.value.diagnostics:
        detail, hint = (f" | {text}" if text else "" for text in (one.detail, one.hint))
        at = f"{one.address}: " if one.address and one.address not in one.summary else ""
        yield f"{one.code} {one.source or '-'}: {at}{one.summary}{detail}{hint}"


def _build() -> None:
    stack, _ = load_stack("stack.yaml", LANGUAGE, environ={})
    build(stack, LIBRARY, FACTS, frozenset())


@pytest.mark.parametrize("name", CASES)
def test_a_stack_that_cannot_be_built_is_refused_with_the_message_that_helps(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(told(tmp_path, CASES[name]["stack"])) == CASES[name]["told"]


def test_there_are_forty_over_every_section() -> None:
    assert len(CASES) >= 40
    sections = {section for section, modules in LIBRARY.sections.items() if section != "components" and modules}
    assert (
        sections - {line.partition(":")[0] for case in CASES.values() for line in case["stack"].splitlines()} == set()
    )
