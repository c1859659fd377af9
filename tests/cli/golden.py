"""Texts that are known by heart: compared byte for byte with the files beside this one.

Run the tests with GOLDEN=write to write what is printed now, then read the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def is_golden(name: str, text: str) -> bool:
    """Whether `text` is what the file `name` says."""
    path = _FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text
