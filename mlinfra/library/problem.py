"""Problems: what a module has against its inputs, before it is known where those were written.

Modules make them, the scope turns them into diagnostics.
"""

from __future__ import annotations

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.source import Source
from mlinfra.core.value import Path


class Problem(msgspec.Struct, frozen=True):
    """One mistake: `Problem(Code.REFUSED, "...", at=("volume", "size"))`.

    at: the path of the field below the entry. hint: what to do instead.
    """

    code: str
    summary: str
    at: Path = ()
    detail: str = ""
    hint: str = ""

    def diagnostic(self, source: Source | None, address: Address | None = None) -> Diagnostic:
        """The same, with its place in the stack file, and the entry that it is about."""
        return Diagnostic(
            code=self.code, summary=self.summary, detail=self.detail, hint=self.hint, source=source, address=address
        )


class RefusedError(Exception):
    """A module cannot be built from these inputs; without diagnostics where enough was said already.

    Never leaves `mlinfra.library`.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(", ".join(one.summary for one in diagnostics))
        self.diagnostics = diagnostics
