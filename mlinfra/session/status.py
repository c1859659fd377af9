"""Status: how what a stack made is now, and the endpoints that it serves. The commands of these names call it.

Only looks. It puts together what was seen and who judges it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlinfra.core.clock import SystemClock
from mlinfra.core.health import Health
from mlinfra.core.state import State
from mlinfra.health.judgement import judge
from mlinfra.session import catalogue
from mlinfra.session.looking import Look, look
from mlinfra.session.session import Session, open_session
from mlinfra.session.targets import cloud_of


def check_health(options: Any) -> Health:
    """How it is. What cannot be read is said in it; raises `ConfigError` and `StateError` alone."""
    session = open_session(options)
    looked = _look(session)
    return judge(session.stack.name, looked.seen, looked.unread)


def _look(session: Session) -> Look:
    root, clock = Path(), SystemClock()
    library = catalogue.library(root)
    cloud = cloud_of(session.stack.target, root, clock, library)
    state = session.state() or State(stack=session.stack.name, lineage="")
    return look(cloud, library, state, session.holder(), clock)
