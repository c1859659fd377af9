"""Every code that a user can meet is listed once, in the code and in docs/codes.md, line by line the same."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import mlinfra
from mlinfra.core.codes import Coded

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "codes.md"
HEADER = """# Codes

Everything that mlinfra complains about has a code, and a code keeps its meaning. This list is made from the `codes.py`
of each package; a test holds the two together.
"""


def listings() -> list[tuple[str, type[Coded]]]:
    """Each package's codes, by package."""
    names = [info.name for info in pkgutil.walk_packages(mlinfra.__path__, "mlinfra.") if info.name.endswith(".codes")]
    found = [(name, getattr(import_module(name), "Code", None)) for name in sorted(names)]
    return [(name.split(".")[1], kind) for name, kind in found if kind is not None]


def document() -> str:
    parts = [HEADER]
    for package, kind in sorted(listings(), key=lambda pair: min(pair[1])):
        rows = "\n".join(f"| {code.value} | {code.meaning} |" for code in sorted(kind))
        parts.append(f"## {package}\n\n| code | meaning |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def test_the_document_lists_every_code() -> None:
    assert DOCUMENT.read_text() == document()


def test_no_code_has_two_meanings() -> None:
    codes = [code.value for _, kind in listings() for code in kind]
    assert sorted(codes) == sorted(set(codes))


def test_every_code_in_the_source_is_listed() -> None:
    listed = {code.value for _, kind in listings() for code in kind}
    used = {
        code
        for folder in ("mlinfra", "modules")
        for path in (ROOT / folder).rglob("*.py")
        for code in re.findall(r'"(MLI\d{4})"', path.read_text())
    }
    assert used - listed == set()
