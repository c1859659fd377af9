"""The composition root: the one place that knows concrete classes.

It reads a stack, connects it to a cloud and a state, and hands schemas, clients and token sources to whoever needs
them. The command line calls it and nothing else. docs/decisions/ says why it is a package.
"""

from __future__ import annotations

from mlinfra.session.catalogue import language, modules, schema
from mlinfra.session.charts import list_charts, pull_charts
from mlinfra.session.comments import post_comment
from mlinfra.session.comparison import compare
from mlinfra.session.kubeconfig import token_credential
from mlinfra.session.options import Options
from mlinfra.session.policies import rules
from mlinfra.session.sandbox import sandbox_down, sandbox_reset, sandbox_status, sandbox_up
from mlinfra.session.session import Session, open_plan, open_session

__all__ = [
    "Options",
    "Session",
    "compare",
    "language",
    "list_charts",
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
    "token_credential",
]
