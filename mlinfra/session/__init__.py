"""The composition root: the one place that knows concrete classes.

It reads a stack, connects it to a cloud and a state, and hands schemas, clients and token sources to whoever needs
them. The command line calls it and nothing else. docs/decisions/ says why it is a package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlinfra.session.catalogue import language, modules, schema
    from mlinfra.session.charts import list_charts, pull_charts
    from mlinfra.session.comments import post_comment
    from mlinfra.session.comparison import compare
    from mlinfra.session.kubeconfig import token_credential
    from mlinfra.session.naming import stack_name
    from mlinfra.session.offline import check_policies, estimate_cost
    from mlinfra.session.options import Options
    from mlinfra.session.policies import rules
    from mlinfra.session.sandbox import sandbox_down, sandbox_reset, sandbox_status, sandbox_up
    from mlinfra.session.session import Session, open_plan, open_session
    from mlinfra.session.state_bucket import make_state_bucket
    from mlinfra.session.status import check_health, list_endpoints

# Where each is. A command imports what it uses: a plan needs neither forges nor revisions.
_WHERE = {
    "language": "catalogue",
    "modules": "catalogue",
    "schema": "catalogue",
    "list_charts": "charts",
    "pull_charts": "charts",
    "post_comment": "comments",
    "compare": "comparison",
    "check_policies": "offline",
    "estimate_cost": "offline",
    "token_credential": "kubeconfig",
    "stack_name": "naming",
    "Options": "options",
    "rules": "policies",
    "sandbox_down": "sandbox",
    "sandbox_reset": "sandbox",
    "sandbox_status": "sandbox",
    "sandbox_up": "sandbox",
    "Session": "session",
    "open_plan": "session",
    "open_session": "session",
    "make_state_bucket": "state_bucket",
    "check_health": "status",
    "list_endpoints": "status",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"mlinfra.session.{_WHERE[name]}"), name)


__all__ = [
    "Options",
    "Session",
    "check_health",
    "check_policies",
    "compare",
    "estimate_cost",
    "language",
    "list_charts",
    "list_endpoints",
    "make_state_bucket",
    "modules",
    "open_plan",
    "open_session",
    "post_comment",
    "pull_charts",
    "rules",
    "sandbox_down",
    "sandbox_reset",
    "sandbox_status",
    "sandbox_up",
    "schema",
    "stack_name",
    "token_credential",
]
