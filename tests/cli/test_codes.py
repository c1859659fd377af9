from __future__ import annotations

import re
from pathlib import Path

from mlinfra.cli.codes import Code

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"


def test_every_code_is_documented_with_its_meaning() -> None:
    rows = re.findall(r"^\| (MLI\d+) \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.M)
    assert rows == [(str(code), code.meaning) for code in Code]
