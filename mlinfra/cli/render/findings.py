"""Findings: diagnostics as Markdown and as HTML, for plans and for what is said where there is none."""

from __future__ import annotations

from collections.abc import Sequence

from mlinfra.cli.render.diagnostics import flat
from mlinfra.cli.render.html import code as html_code
from mlinfra.cli.render.html import text
from mlinfra.cli.render.markdown import code, prose, size, spoken
from mlinfra.cli.render.value import cut
from mlinfra.core.diagnostic import Diagnostic

_LONGEST = 500  # characters of a sentence
_ALL = 20_000  # characters of what says it of many


def findings_markdown(diagnostics: Sequence[Diagnostic], room: int) -> list[str]:
    """Each with what it says below it; in `room` bytes, of which the first take theirs."""
    lines: list[str] = []
    room -= 100
    for index, found in enumerate(diagnostics):
        where = "".join(f" {code(str(place))}" for place in (found.source, found.address) if place)
        told = [f"- **{found.severity.value}** {code(found.code)}{where}: {prose(cut(found.summary, _LONGEST, '…'))}"]
        below = ((prose, flat(found.detail), _LONGEST if found.address else _ALL), (spoken, found.hint, _LONGEST))
        told += [f"  - {tell(cut(words, longest, '…'))}" for tell, words, longest in below if words]
        room -= size(told)
        if room < 0:
            return [*lines, f"- and {len(diagnostics) - index:,} more, which the JSON and the HTML name"]
        lines += told
    return lines


def findings_html(diagnostics: Sequence[Diagnostic]) -> str:
    """A list below its heading."""
    rows = []
    for found in diagnostics:
        places = "".join(f" {html_code(place)}" for place in (found.source, found.address) if place)
        more = f"<br>{text(flat(found.detail))}" if found.detail else ""
        hint = f'<br><span class="soft">What to do: </span>{text(found.hint)}' if found.hint else ""
        rows.append(
            f'<li class="{found.severity.value}"><strong>{found.severity.value}</strong> {html_code(found.code)}'
            f"{places}: {text(found.summary)}{more}{hint}</li>"
        )
    return f'<h2>Findings</h2><ul class="findings">{"".join(rows)}</ul>'
