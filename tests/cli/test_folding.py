"""Many findings of one kind are told in few words for people, and none loses its address, reason, date or line."""

from __future__ import annotations

import pytest

from mlinfra.cli.render.diagnostics import diagnostics_page
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.plan_html import plan_html
from mlinfra.cli.render.plan_json import plan_json
from mlinfra.cli.render.plan_markdown import plan_markdown
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from tests.cli import plans


def waived(number: int, line: int) -> Diagnostic:
    address = Address(f"resources.p{number:02}")
    return Diagnostic(
        severity=Severity.NOTE,
        code="MLI7005",
        summary=f"ACME-001 (high): {address}: it is open",
        detail=f"see policy\nwaived until 2027-01-{number + 1:02}: reason{number:02}",
        address=address,
        source=Source("stack.yaml", line),
    )


@pytest.mark.parametrize("lines", ["one line", "lines of their own"])
def test_no_form_loses_an_address_a_reason_a_date_or_a_line(lines: str) -> None:
    found = tuple(waived(number, 7 if lines == "one line" else 100 + number) for number in range(30))
    plan = plans.plan(diagnostics=found)
    forms = {
        "text": plain(diagnostics_page(found, Look(width=10_000))),
        "markdown": plan_markdown(plan, {}).replace("\\", ""),
        "json": plan_json(plan),
        "html": plan_html(plan, {}, Graph({})),
    }
    for form, told in forms.items():
        for one in found:
            when, reason = one.detail.splitlines()[1].split(": ")
            words = (str(one.address), str(one.source), when, reason)
            assert [word for word in words if word not in told] == [], form
    assert forms["text"].count("it is open") < len(found)
    assert forms["html"].count("it is open") == forms["json"].count("it is open") == len(found)
