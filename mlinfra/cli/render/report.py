"""What became of a walk: root causes first, then how much was not reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlinfra.cli.codes import Code
from mlinfra.cli.render.changes import PARTICIPLE, counts
from mlinfra.cli.render.diagnostics import failure_page
from mlinfra.cli.render.duration import duration_text
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.cli.render.value import value_json, value_text
from mlinfra.core.plan import Plan
from mlinfra.core.report import Ended, Failed, Report
from mlinfra.core.value import Value
from mlinfra.core.written_secrets import is_secret_at

_MANY = 5


def report_page(report: Report, look: Look) -> Page:
    """The failures of an incomplete walk."""
    page = Page()
    for failed in report.failed:
        page.blank().line(
            (f"error {failed.code}", "bold red"),
            f" {failed.step.verb.value} {failed.step.address}",
            (f"  after {duration_text(failed.seconds)}", "dim"),
        )
        for line in failed.message.splitlines():
            page.line("    ", line, below="    ")
        if failed.hint:
            page.line(("    hint: ", "dim"), failed.hint, below="          ")
    if report.skipped:
        page.blank()
        for because, addresses in _echoes(report).items():
            more = f" and {len(addresses) - _MANY} more" if len(addresses) > _MANY else ""
            shown = ", ".join(addresses[:_MANY]) + more
            page.line((f"{len(addresses):,} not reached {because}: ", "yellow"), shown, below="    ")
    return page.blank()


def done_page(plan: Plan, seconds: float, look: Look) -> Page:
    """The last words of a walk that is complete: what was planned is done, counted as the plan counted it."""
    done = counts(plan.pending())
    words = ", ".join(f"{number:,} {PARTICIPLE[action]}" for action, number in done.items())
    took = f"  in {duration_text(seconds)}"
    return Page().line((look.done, "green"), f" {plan.ownership.stack}: ", (words, "bold"), (took, "dim"))


def left_page(unread: Sequence[str], look: Look) -> Page:
    """What an apply left as it is, since it could not be read."""
    one = len(unread) == 1
    what = (
        f"incomplete: {number_of(len(unread), 'object')} could not be read, and {'was' if one else 'were'} left alone"
    )
    return failure_page(Code.LEFT_UNREAD, what, "see the warnings above; then run the same command again", look)


def outputs_page(outputs: Mapping[str, Value]) -> Page:
    """The stack's outputs, aligned."""
    page = Page()
    width = max(map(len, outputs), default=0)
    for name, value in sorted(outputs.items()):
        page.line(
            (f"{name:<{width}}", "bold"),
            ("  = ", "dim"),
            value_text(value, secret=is_secret_at((name,), value)),
            below=" " * (width + 4),
        )
    return page


def report_json(
    report: Report, seconds: float, *, stack: str, outputs: Mapping[str, Value], unread: Sequence[str] = ()
) -> dict[str, Any]:
    """The report as docs/json.md documents it. `unread`: the addresses of what could not be read and was left alone."""
    return {
        "formatVersion": "1.0",
        "stack": stack,
        "complete": report.complete and not unread,
        "stopped": report.stopped,
        "seconds": round(seconds, 3),
        "done": [
            {**_about(ended), "id": ended.id or None, "seconds": round(ended.seconds, 3)} for ended in report.ended
        ],
        "failed": [
            {**_about(failed), "code": failed.code, "message": failed.message, "hint": failed.hint or None}
            for failed in report.failed
        ],
        "notReached": [
            {"address": str(s.step.address), "because": str(s.because) if s.because else None} for s in report.skipped
        ],
        "unreadable": list(unread),
        "outputs": value_json(dict(sorted(outputs.items()))),
    }


def _about(event: Ended | Failed) -> dict[str, Any]:
    return {"address": str(event.step.address), "verb": event.step.verb.value}


def _echoes(report: Report) -> dict[str, list[str]]:
    """The addresses not reached, by what kept them from being reached; what failed itself is not its own echo."""
    failed = {failed.step.address: failed.step.verb.value for failed in report.failed}
    echoes: dict[str, dict[str, None]] = {}
    for skipped in report.skipped:
        cause = skipped.because
        because = f"because {failed.get(cause, 'work on')} {cause} failed" if cause else "before the stop"
        if skipped.step.address != cause:
            echoes.setdefault(because, {})[skipped.step.address] = None
    return {because: list(addresses) for because, addresses in echoes.items()}
