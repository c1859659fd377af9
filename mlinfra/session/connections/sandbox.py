"""The simulated cloud in the background, as the command line and sandbox targets reach it.

moto is an extra: its absence is an error that says what to install.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.core.errors import MlinfraError
from mlinfra.session.codes import Code

if TYPE_CHECKING:
    from mlinfra.sandbox.background import SandboxStatus

FOLDER = ".mlinfra"


def sandbox_up(port: int | None, root: Path | None = None) -> SandboxStatus:
    """Start it, unless it runs already."""
    _require_moto()
    from mlinfra.sandbox import background

    return background.up(port, root=_folder(root))


def sandbox_down(root: Path | None = None) -> None:
    """End it, and its data with it."""
    from mlinfra.sandbox import background

    background.down(root=_folder(root))


def sandbox_status(root: Path | None = None) -> SandboxStatus:
    """Whether and where it runs."""
    from mlinfra.sandbox import background

    return background.status(root=_folder(root))


def sandbox_reset(root: Path | None = None) -> None:
    """Empty it."""
    from mlinfra.sandbox import background

    background.reset(root=_folder(root))


def _folder(root: Path | None) -> Path:
    return (root or Path()) / FOLDER


def _require_moto() -> None:
    from importlib.util import find_spec

    if find_spec("moto") is None:
        raise MlinfraError(
            "the simulated cloud is not installed",
            code=Code.NO_SANDBOX,
            hint="pip install 'mlinfra[sandbox]'",
        )
