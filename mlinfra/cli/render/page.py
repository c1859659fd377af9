"""A page of lines: rich text that folds with a hanging indent, so that trees stay trees on narrow terminals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from mlinfra.cli.render.value import inert

Piece: TypeAlias = str | tuple[str, str]


class Page:
    """Lines in the making, printed by any rich console. Pieces are (text, style); no markup is ever read."""

    def __init__(self) -> None:
        self._lines: list[tuple[Text, Text]] = []

    def line(self, *pieces: Piece, below: str = "  ") -> Page:
        """Add a line; where it folds, what follows stands after `below`."""
        text = Text()
        for piece in pieces:
            words, style = piece if isinstance(piece, tuple) else (piece, "")
            text.append(inert(words), style=style or None)
        self._lines.append((text, Text.assemble((below, "dim"))))
        return self

    def blank(self) -> Page:
        """Add an empty line, unless one is there or the page is still empty."""
        if self._lines and self._lines[-1][0].plain:
            self._lines.append((Text(), Text()))
        return self

    def extend(self, other: Page) -> Page:
        """Add the lines of another page."""
        self._lines.extend(other._lines)
        return self

    def prefixed(self, words: str) -> Page:
        """A page of the same lines, each after `words`."""
        page = Page()
        page._lines = [(Text.assemble((words, "dim"), text), below) for text, below in self._lines]
        return page

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, below in self._lines:
            text.rstrip()
            if text.cell_len <= options.max_width:
                yield from text.render(console, end="\n")  # many times faster than letting rich measure it again
            else:
                yield from _folded(text, below, console, options.max_width)


def _folded(text: Text, below: Text, console: Console, width: int) -> Iterable[Text]:
    first, *rest = text.wrap(console, width, overflow="fold") or [Text()]
    first.rstrip()
    yield first
    if rest:
        remainder = text[len(first.plain) :]
        remainder = remainder[len(remainder.plain) - len(remainder.plain.lstrip()) :]
        for piece in remainder.wrap(console, max(20, width - below.cell_len), overflow="fold"):
            piece.rstrip()
            yield below + piece


def plain(page: Page, width: int = 100_000) -> str:
    """The page without colours."""
    console = Console(width=width, color_system=None, force_terminal=False, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(page)
    return capture.get()
