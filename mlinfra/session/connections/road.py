"""Roads: how the API of a private cluster is reached from here, as `cluster.endpoint` says.

Directly; through a proxy; or by a tunnel of Session Manager through a machine within the network (`session.tunnel`).
What a road needs on this machine is asked for before anything is made. The simulated cloud needs none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mlinfra.core.connections import is_in_cluster
from mlinfra.core.errors import PlanError
from mlinfra.core.plan import Plan, Verb
from mlinfra.core.stack import Stack
from mlinfra.session.codes import Code

PLUGIN = "session-manager-plugin"
DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
# Where clients of all kinds look for a proxy (curl's manual, "ENVIRONMENT", November 2026).
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_INSTALL = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)


class Road(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a cluster. reach: `direct`, `proxy`, `ssm`, or empty where nothing was said.

    proxy: the URL of the proxy; empty for that of the environment. bastion: the id of the machine that a tunnel leads
    through; empty for one that is found.
    """

    reach: str = ""
    proxy: str = ""
    bastion: str = ""

    def proxy_of(self, environ: Mapping[str, str]) -> str:
        """The URL of the proxy; empty where the road leads through none. Raises `PlanError` where none is named."""
        if self.reach != "proxy":
            return ""
        found = self.proxy or next((environ[name] for name in _PROXIES if environ.get(name)), "")
        if not found:
            raise PlanError(
                "cluster.endpoint.reach is proxy, and it is not said which proxy that is",
                code=Code.NO_PROXY,
                hint="set cluster.endpoint.proxy to its URL (http://proxy.acme.example:3128), "
                "or HTTPS_PROXY where apply runs",
            )
        if urlsplit(found).scheme.startswith("socks") and find_spec("socksio") is None:
            raise PlanError(
                "the way to the cluster leads through a SOCKS proxy, and what speaks SOCKS is not installed",
                code=Code.NO_PROXY,
                hint="pip install socksio, or use a proxy that speaks HTTP",
            )
        return found

    def require(self, environ: Mapping[str, str]) -> None:
        """Raise `PlanError` where this machine lacks what the road needs."""
        self.proxy_of(environ)
        if self.reach == "ssm" and shutil.which(PLUGIN, path=environ.get("PATH")) is None:
            raise PlanError(
                f"cluster.endpoint.reach is ssm, and {PLUGIN} is not on the PATH of this machine",
                code=Code.NO_PLUGIN,
                hint=f"install it ({_INSTALL}), or run mlinfra within the network with reach: direct",
            )


UNSAID = Road()


def road_of(stack: Stack) -> Road:
    """The road that `cluster.endpoint` describes."""
    endpoint: Mapping[str, Any] = (stack.sections.get("cluster") or {}).get("endpoint") or {}
    return Road(**{name: str(endpoint.get(name) or "") for name in ("reach", "proxy", "bastion")})


def require_road(plan: Plan, road: Road, *, simulated: bool) -> None:
    """Raise `PlanError` where the plan changes something within a cluster that this machine could not get to."""
    inside = any(is_in_cluster(step.connection.kind) and step.verb is not Verb.FORGET for step in plan.steps)
    if inside and not simulated:
        road.require(os.environ)
