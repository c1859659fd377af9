"""Status: how what a stack made is now, and the endpoints that it serves. The commands of these names call it.

Only looks. It puts together what was seen and who judges it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlinfra.core.clock import SystemClock
from mlinfra.core.endpoint import Endpoint
from mlinfra.core.errors import ProviderError
from mlinfra.core.health import Health
from mlinfra.core.state import State
from mlinfra.health.endpoints import SECTION, endpoints_of
from mlinfra.health.judgement import judge
from mlinfra.session.connections.road import road_of
from mlinfra.session.connections.targets import cloud_of
from mlinfra.session.reading import catalogue
from mlinfra.session.session import Session, open_session
from mlinfra.session.status.looking import Look, look


def check_health(options: Any) -> Health:
    """How it is. What cannot be read is said in it; raises `ConfigError` and `StateError` alone."""
    session = open_session(options)
    looked = _look(session)
    return judge(session.stack.name, looked.seen, looked.unread)


def list_endpoints(options: Any) -> tuple[Endpoint, ...]:
    """The stack's models as services. Raises as `check_health` does, and `ProviderError` where nothing can be seen."""
    session = open_session(options)
    looked = _look(session)
    health = judge(session.stack.name, looked.seen, looked.unread)
    entries = session.stack.sections.get(SECTION) or {}
    if entries and looked.unread and not looked.seen.objects and looked.seen.applied:
        raise ProviderError("; ".join(looked.unread))
    module = catalogue.library(Path()).module_for(SECTION)
    properties = module.schema.get("properties", {}) if module is not None else {}
    defaults = {name: about["default"] for name, about in properties.items() if "default" in about}
    return tuple(endpoints_of(entries, defaults, looked.seen, health))


def _look(session: Session) -> Look:
    root, clock = Path(), SystemClock()
    library = catalogue.library(root)
    cloud = cloud_of(session.stack.target, root, clock, library, road=road_of(session.stack))
    state = session.state() or State(stack=session.stack.name, lineage="")
    return look(cloud, library, state, session.holder(), clock)
