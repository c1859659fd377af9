"""Major versions: a warning for each chart and each database engine that goes to another one.

What a plan shows of such a change is one field, and what comes with it stands in somebody's release notes. Called for
plans and comparisons. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Change, Plan
from mlinfra.core.value import Path, Value
from mlinfra.session.codes import Code

_VERSIONS: dict[str, tuple[Path, str]] = {
    "kubernetes:helm.sh/v3:Release": (("version",), "a chart"),
    "aws:rds/instance:Instance": (("engineVersion",), "a database engine"),
}
_MAJOR = re.compile(r"v?([0-9]+)(?:\.|@|$)")


def with_major_versions(plan: Plan) -> Plan:
    """The plan, with the warnings."""
    found = tuple(_warnings(plan))
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found)) if found else plan


def _warnings(plan: Plan) -> Iterator[Diagnostic]:
    for change in plan.pending():
        path, what = _VERSIONS.get(change.type, ((), ""))
        for field in change.fields if path else ():
            old, new = _major(field.before), _major(field.after)
            if field.path == path and old and new and old != new:
                yield _warning(change, what, str(field.before), str(field.after))


def _major(version: Value) -> str:
    found = _MAJOR.match(version) if isinstance(version, str) else None
    return found[1] if found else ""


def _warning(change: Change, what: str, old: str, new: str) -> Diagnostic:
    old, new = (version.partition("@")[0] for version in (old, new))
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.MAJOR_VERSION,
        summary=f"{change.address}: {what} goes to another major version, from {old} to {new}",
        address=change.address,
        source=change.source,
        hint="read what its release notes say of upgrades, and try it on a copy of the stack first",
    )
