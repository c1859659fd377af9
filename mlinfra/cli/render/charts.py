"""Charts: which a stack uses, and whether they are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlinfra.cli.answers import ChartInfo
from mlinfra.cli.render.document import document
from mlinfra.cli.render.page import Page
from mlinfra.cli.shell import Shell

_DIGITS = 12  # of a digest, where people read it


def show_charts(shell: Shell, charts: Sequence[ChartInfo], form: str) -> int:
    """Show them as asked, and answer with the exit code."""
    if form == "json":
        shell.write(document([chart_data(chart) for chart in charts]))
    else:
        shell.show(charts_page(charts))
    return 1 if any(chart.problem for chart in charts) else 0


def charts_page(charts: Sequence[ChartInfo]) -> Page:
    """Two lines for each: what it is, and where it comes from."""
    page = Page()
    if not charts:
        return page.line("the stack uses no charts")
    width = max(len(_name(chart)) for chart in charts)
    for chart in charts:
        page.line((f"{_name(chart):<{width}}  ", "bold"), (chart.source, "dim"))
        page.line("  ", chart.address, "  ", *_standing(chart), below="    ")
    return page


def chart_data(chart: ChartInfo) -> dict[str, Any]:
    """The same for programs."""
    return {
        "address": chart.address,
        "chart": chart.chart,
        "version": chart.version,
        "source": chart.source,
        "digest": f"sha256:{chart.digest}" if chart.digest else None,
        "pinned": chart.pinned,
        "path": chart.path or None,
        "problem": chart.problem or None,
    }


def _name(chart: ChartInfo) -> str:
    return " ".join(filter(None, (chart.chart.rpartition("/")[2], chart.version)))


def _standing(chart: ChartInfo) -> tuple[str | tuple[str, str], ...]:
    if chart.problem:
        return ((chart.problem, "red"),)
    if not chart.path:
        return (("not at hand", "yellow"),)
    pinned = ", pinned" if chart.pinned else ", not pinned by the stack"
    return ((f"at hand, sha256:{chart.digest[:_DIGITS]}{pinned}", "green"),)
