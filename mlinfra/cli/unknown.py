"""What to say of a name that nothing bears."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from mlinfra.cli.codes import Code
from mlinfra.core.errors import MlinfraError


def unknown(kind: str, name: str, known: Collection[str]) -> MlinfraError:
    """The error for `name`, with near names, or with all of a few."""
    near = get_close_matches(name, known)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known)[:12])}" if known else ""
    )
    return MlinfraError(f"no {kind} is called {name!r}", code=Code.UNKNOWN_NAME, hint=hint)
