"""How text is to be laid out: how wide, with which signs, how much of it."""

from __future__ import annotations

import msgspec


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """`width` in columns; `unicode`: arrows and lines can be shown; `full`: nothing is summed up."""

    width: int = 100
    unicode: bool = True
    full: bool = False

    @property
    def arrow(self) -> str:
        """Between before and after."""
        return "→" if self.unicode else "->"

    @property
    def ellipsis(self) -> str:
        """For what was cut."""
        return "…" if self.unicode else "..."

    @property
    def done(self) -> str:
        """A step that succeeded."""
        return "✓" if self.unicode else "ok"

    @property
    def failed(self) -> str:
        """A step that failed."""
        return "✗" if self.unicode else "!!"

    def guide(self, *, last: bool) -> tuple[str, str]:
        """The lines of a tree: before a child, and before what lies below it."""
        if self.unicode:
            return ("└─ ", "   ") if last else ("├─ ", "│  ")
        return ("`- ", "   ") if last else ("|- ", "|  ")
