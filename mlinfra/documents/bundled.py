"""Bundled folders: where what travels with the package lies, such as modules and policies.

The library and the policies look there. It names a place and opens nothing.
"""

from __future__ import annotations

from pathlib import Path


def bundled(name: str) -> Path:
    """The folder `name`: beside the package in an installation, at the root of a checkout otherwise."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "bundled" / name
    return installed if installed.is_dir() else package.parent / name
