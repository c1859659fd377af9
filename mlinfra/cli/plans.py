"""Plans on their way through a command: shown, confirmed, carried out, reported.

`plan`, `apply`, `destroy`, `adopt` and `drift` share it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.cli.answers import Comparison
from mlinfra.cli.codes import Code
from mlinfra.cli.confirm import confirm
from mlinfra.cli.render.changes import destroyed, existing, is_sweeping, unread
from mlinfra.cli.render.diagnostics import diagnostics_page
from mlinfra.cli.render.document import document
from mlinfra.cli.render.plan_json import plan_data, plan_json
from mlinfra.cli.render.plan_text import plan_page
from mlinfra.cli.render.report import done_page, left_page, outputs_page, report_json
from mlinfra.cli.sessions import Session, Stop
from mlinfra.cli.shell import Shell
from mlinfra.core.clock import SystemClock
from mlinfra.core.diagnostic import errors_in
from mlinfra.core.errors import ApplyIncomplete, MlinfraError, PolicyViolation
from mlinfra.core.plan import Plan
from mlinfra.core.report import Report

if TYPE_CHECKING:
    from mlinfra.cli.progress import Watch

# Errors with an exit code of their own: a mandatory rule that is broken or cannot be decided, so too a budget.
_EXITS = {"MLI7001": PolicyViolation.exit_code, "MLI7002": PolicyViolation.exit_code}
_EXITS |= {"MLI8001": 7, "MLI8071": 7}
# Of several, the first of these holds: what cannot be made at all, what must not be, what is too dear.
_PRECEDENCE = (1, PolicyViolation.exit_code, 7)


_STACKS, _PLANS = frozenset({".yaml", ".yml"}), frozenset({".mlinfra", ".plan"})  # what the two are called


def is_plan_file(path: str) -> bool:
    """Whether `path` is a plan rather than a stack: by what it is called, else by how it begins.

    So is what is damaged and may have been one: empty, or with a first byte that no stack begins with.
    """
    suffix = Path(path).suffix
    if suffix in _STACKS | _PLANS:
        return suffix in _PLANS
    try:
        with Path(path).open("rb") as file:
            return file.read(1) in (b"", b"{", b"[", b"\0")
    except OSError:
        return False  # the session says what is wrong with it


def refusal(plan: Plan) -> int:
    """The exit code of a plan that cannot be applied, by precedence 1, 3 (rules), 7 (budget); 0 of all others."""
    exits = {_EXITS.get(error.code, 1) for error in errors_in(plan.diagnostics)}
    return next((code for code in _PRECEDENCE if code in exits), 0)


def about(session: Session, plan: Plan) -> Mapping[str, str]:
    """What a plan's header says of the stack: before anybody says yes, which account or cluster is changed."""
    target = session.stack.target
    account = target.account or (str(plan.facts.get("account") or "") if target.platform == "aws" else "")
    where = " ".join(filter(None, (target.platform, account, target.region)))
    return {"target": where, **session.whereabouts(), "file": session.stack.file, "state": session.location()}


def show_plan(shell: Shell, session: Session, plan: Plan, form: str, *, full: bool = False, verb: str = "plan") -> None:
    """Print a plan in one of its forms."""
    match form:
        case "json":
            shell.write(plan_json(plan))
        case "markdown":
            from mlinfra.cli.render.plan_markdown import plan_markdown

            shell.write(plan_markdown(plan, about(session, plan), heading=_heading(verb)))
        case "html":
            from mlinfra.cli.render.plan_html import plan_html

            shell.write(plan_html(plan, about(session, plan), session.graph(), heading=_heading(verb)))
        case _:
            shell.show(plan_page(plan, shell.look(full=full), about(session, plan), verb=verb))


def show_comparison(shell: Shell, found: Comparison, form: str, *, full: bool = False) -> None:
    """Print what two revisions of a stack differ by, in one of the forms of a plan."""
    told = {"from": found.base, "to": found.head, "file": found.file}
    match form:
        case "json":
            revisions = {"base": found.base, "head": found.head}
            shell.write(document({**plan_data(found.plan), **revisions}))
        case "markdown":
            from mlinfra.cli.render.plan_markdown import plan_markdown

            shell.write(plan_markdown(found.plan, told, heading="Diff"))
        case "html":
            from mlinfra.cli.render.plan_html import plan_html

            shell.write(plan_html(found.plan, told, found.graph, heading="Diff"))
        case _:
            shell.show(plan_page(found.plan, shell.look(full=full), told, verb="diff"))


def _heading(verb: str) -> str:
    return "Drift" if verb == "drift" else "Plan"


def carry_out(
    shell: Shell, session: Session, plan: Plan, form: str, *, yes: bool, full: bool = False, verb: str = "apply"
) -> int:
    """Show, confirm, apply and report. Answers the exit code; raises `ApplyIncomplete` where steps are left."""
    stack = plan.ownership.stack
    if form == "text":
        show_plan(shell, session, plan, form, full=full, verb=verb)
    if refused := refusal(plan):
        if form == "json":
            shell.write(plan_json(plan))
        return refused
    if plan.pending() and not yes:
        _ask(shell, plan, form, verb)
    from mlinfra.cli.interrupt import interruptible
    from mlinfra.cli.progress import watching

    clock = SystemClock()
    began = time.monotonic()
    # The report is what a program reads on standard output; the events then go beside it.
    stream = shell.stderr if form == "json" else shell.stdout
    lively = stream.isatty() and shell.is_lively
    stop = session.stop()
    with (
        watching(shell.console(stream), shell.look(stream=stream), clock, lively=lively) as watch,
        interruptible(stop, watch.notice),
    ):
        report = _walk(session, plan, watch, stop, at_once=yes)
    seconds = time.monotonic() - began
    outputs = session.outputs() if report.complete else {}
    left = unread(plan)
    if form == "json":
        shell.write(document(report_json(report, seconds, stack=stack, outputs=outputs, unread=left)))
    if not report.complete:
        raise ApplyIncomplete(report, destroy=plan.destroy)
    if form == "text" and plan.pending():
        shell.write("")
        shell.show(done_page(plan, seconds, shell.look()))
        shell.show(outputs_page(outputs))
    if left:
        shell.tell(left_page(left, shell.look(stream=shell.stderr)))
    return ApplyIncomplete.exit_code if left else 0


def _walk(session: Session, plan: Plan, watch: Watch, stop: Stop, *, at_once: bool) -> Report:
    """The report of applying, also where the walk stays incomplete: that is told in every form."""
    try:
        return session.apply(plan, listener=watch, stop=stop, at_once=at_once)
    except ApplyIncomplete as incomplete:
        return incomplete.report


def recovered(shell: Shell, session: Session) -> None:
    """Before a change is planned, let the session look up what an interrupted run had begun."""
    if found := session.recover():
        shell.tell(diagnostics_page(found, shell.look(stream=shell.stderr)))


def _ask(shell: Shell, plan: Plan, form: str, verb: str) -> None:
    if form == "json":  # the plan was not shown, so there is nothing to agree to
        raise MlinfraError("with -o json nothing is asked", code=Code.NO_TERMINAL, hint="add --yes")
    stack = plan.ownership.stack
    confirm(shell, f"{verb} {stack}?", "yes")
    if is_sweeping(plan):
        share = f"{destroyed(plan):,} of {existing(plan):,} objects are deleted or replaced"
        confirm(shell, f"{share}. Once more, to be sure: which stack is this?", stack)
