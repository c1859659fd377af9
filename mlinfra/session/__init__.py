"""The composition root: the one place that knows concrete classes.

It reads a stack, connects it to a cloud and a state, and hands schemas, clients and token sources to whoever needs
them. The command line calls it and nothing else. docs/decisions/ says why it is a package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlinfra.session.charts import list_charts, pull_charts
    from mlinfra.session.connections.kubeconfig import token_credential
    from mlinfra.session.connections.sandbox import sandbox_down, sandbox_reset, sandbox_status, sandbox_up
    from mlinfra.session.plans.policies import rules
    from mlinfra.session.pull_requests.comments import post_comment
    from mlinfra.session.pull_requests.comparison import compare
    from mlinfra.session.pull_requests.offline import check_policies, estimate_cost
    from mlinfra.session.reading.catalogue import language, modules, schema
    from mlinfra.session.reading.naming import stack_name
    from mlinfra.session.reading.options import Options
    from mlinfra.session.session import Session, open_plan, open_session
    from mlinfra.session.state.bucket import make_state_bucket
    from mlinfra.session.status.health import check_health, list_endpoints

# Where each is. A command imports what it uses: a plan needs neither forges nor revisions.
_WHERE = {
    "language": "reading.catalogue",
    "modules": "reading.catalogue",
    "schema": "reading.catalogue",
    "list_charts": "charts",
    "pull_charts": "charts",
    "post_comment": "pull_requests.comments",
    "compare": "pull_requests.comparison",
    "check_policies": "pull_requests.offline",
    "estimate_cost": "pull_requests.offline",
    "token_credential": "connections.kubeconfig",
    "stack_name": "reading.naming",
    "Options": "reading.options",
    "rules": "plans.policies",
    "sandbox_down": "connections.sandbox",
    "sandbox_reset": "connections.sandbox",
    "sandbox_status": "connections.sandbox",
    "sandbox_up": "connections.sandbox",
    "Session": "session",
    "open_plan": "session",
    "open_session": "session",
    "make_state_bucket": "state.bucket",
    "check_health": "status.health",
    "list_endpoints": "status.health",
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
