"""The sandbox's status."""

from __future__ import annotations

from typing import Any

from mlinfra.cli.answers import SandboxStatus
from mlinfra.cli.render.page import Page


def sandbox_page(status: SandboxStatus) -> Page:
    """Whether it runs, and where."""
    if not status.running:
        return Page().line("the sandbox is down", ("; mlinfra sandbox up starts it", "dim"))
    page = Page().line(("the sandbox is up", "green"))
    for name, what in (("endpoint", status.endpoint), ("process", str(status.pid))):
        page.line((f"  {name:<9} ", "dim"), what)
    return page.line(("  log       ", "dim"), status.log)


def sandbox_data(status: SandboxStatus) -> dict[str, Any]:
    """The same for programs."""
    return {
        "running": status.running,
        "endpoint": status.endpoint or None,
        "pid": status.pid or None,
        "log": status.log or None,
    }
