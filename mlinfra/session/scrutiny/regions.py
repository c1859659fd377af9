"""The target's region: one that there is, said at the line where it is written, before anything is asked or fetched.

Called when a stack is read or validated. Whoever makes clients holds the region to the same table, for stacks that come
from a plan file.
"""

from __future__ import annotations

from mlinfra.aws.regions import check_region
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import InvalidRequest
from mlinfra.core.stack import Stack


def misspelt_region(stack: Stack) -> tuple[Diagnostic, ...]:
    """The mistake in it, if there is one."""
    try:
        check_region(stack.target.region, simulated=stack.target.platform == "sandbox")
    except InvalidRequest as error:
        source = stack.positions.at(("target", "region"))
        return (Diagnostic(code=error.code, summary=str(error), source=source, hint=error.hint),)
    return ()
