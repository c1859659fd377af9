"""What a command answers that has no answer, in the form that it was asked for.

Whoever reads standard output, a program or the comment on a pull request, learns what is wrong from it too: nothing at
all would leave the last answer standing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from mlinfra.cli.render.alike import told_once
from mlinfra.cli.render.diagnostics import diagnostic_json, gravest_first
from mlinfra.cli.render.document import document
from mlinfra.cli.render.findings import findings_html, findings_markdown
from mlinfra.cli.render.html import about_html, page_html, text
from mlinfra.cli.render.markdown import code, mark, prose
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.plan_json import FORMAT_VERSION, KEYS
from mlinfra.core.diagnostic import Diagnostic, errors_in

_HEADINGS = {"drift": "Drift", "diff": "Diff", "plan": "Plan"}  # of what has a comment of its own
_NONE = {"drift": "Nobody can tell what has drifted", "diff": "These cannot be compared", "plan": "There is no plan"}
_ROOM = 60_000  # bytes of findings, of the 65,536 that a comment may have


class Unanswered(msgspec.Struct, frozen=True):
    """A command that failed: `command` such as `policy check`; `stack` is its name, empty where nobody can tell."""

    command: str
    file: str
    stack: str
    diagnostics: tuple[Diagnostic, ...]

    @property
    def heading(self) -> str:
        """What the answer would have been called."""
        return _HEADINGS.get(self.command, self.command.capitalize())

    @property
    def verdict(self) -> str:
        """One sentence."""
        none = _NONE.get(self.command, "There is no answer")
        return f"{none}: {number_of(len(errors_in(self.diagnostics)), 'error')} below."


def unanswered_in(form: str) -> Callable[[Unanswered], str] | None:
    """Who writes it in `form`; `None` of forms in which nothing can be said."""
    return {"json": _as_json, "markdown": _as_markdown, "html": _as_html}.get(form)


def _as_json(failed: Unanswered) -> str:
    """The keys of a plan, where one was asked for: what does not apply is null, as everywhere."""
    is_plan = failed.command in _HEADINGS
    told = [diagnostic_json(one) for one in gravest_first(failed.diagnostics)]
    content: dict[str, object] = dict.fromkeys(KEYS if is_plan else KEYS[:2])
    content |= {"formatVersion": FORMAT_VERSION if is_plan else "1.0", "stack": failed.stack or None}
    return document({**content, "diagnostics": told})


def _as_markdown(failed: Unanswered) -> str:
    found = told_once(gravest_first(failed.diagnostics))
    lines = [
        mark(failed.heading, failed.stack or _slug(failed.file)),
        f"## {prose(failed.heading)}: {code(failed.stack or failed.file)}",
        "",
        f"**{failed.verdict}**",
        "",
        *findings_markdown(found, _ROOM),
        "",
        f"file {code(failed.file)}",
    ]
    return "\n".join(lines) + "\n"


def _as_html(failed: Unanswered) -> str:
    stack = failed.stack or failed.file
    body = [
        f"<header><h1>{text(failed.heading)}: {text(stack)}</h1>",
        f'<p class="verdict grave">{text(failed.verdict)}</p>',
        about_html({"file": failed.file}),
        '</header><main id="main">',
        findings_html(gravest_first(failed.diagnostics)),
        "</main>",
    ]
    return page_html(f"{failed.heading}: {stack}", "\n".join(body))


def _slug(file: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", file.lower()).strip("-")
