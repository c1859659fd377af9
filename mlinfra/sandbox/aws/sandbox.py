"""The simulated AWS account as one thing: started, stopped, reset, asked what is in it.

Tests use it in their own process, the background process serves it. One process may run several, each with an account
id of its own: moto keeps its data in the process, by account.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any

from mlinfra.core.clock import Clock, SystemClock
from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.composition import Services
from mlinfra.sandbox.aws.control import Control
from mlinfra.sandbox.aws.endpoints import ClusterEndpoints, PlainEndpoints
from mlinfra.sandbox.aws.gateway import Gateway
from mlinfra.sandbox.aws.interruptions import Announced, Interruption, announce
from mlinfra.sandbox.aws.inventory import take
from mlinfra.sandbox.aws.quotas import Grant, grant, quotas
from mlinfra.sandbox.aws.server import Server
from mlinfra.sandbox.calls import CallLog
from mlinfra.sandbox.faults import Faults
from mlinfra.sandbox.timeline import Pace

ACCOUNT = "123456789012"
REGION = "us-east-1"


class Sandbox:
    """A simulated account behind a loopback port.

        with Sandbox() as sandbox:
            ec2 = boto3.client("ec2", endpoint_url=sandbox.endpoint, region_name=sandbox.region, ...)

    clock: what time is, for everything that takes time; a fake one lets a test decide what has happened.
    pace: how long things take by that clock; by default they are done at the next call.
    endpoints: makes what stands behind the Kubernetes endpoints of simulated clusters (`KubernetesEndpoints`); by
    default they only say that they are alive.

    `inside` is the account itself, for code in this process that composes more around it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        account: str = ACCOUNT,
        region: str = REGION,
        clock: Clock | None = None,
        pace: Pace | None = None,
        endpoints: Callable[[Account], ClusterEndpoints] | None = None,
    ) -> None:
        self.faults = Faults()
        self.calls = CallLog()
        self.region = region
        self._port = port
        self.inside = Account(
            account,
            region=region,
            clock=clock or SystemClock(),
            pace=pace or Pace.instant(),
            faults=self.faults,
            calls=self.calls,
        )
        self._endpoints = endpoints(self.inside) if endpoints else PlainEndpoints()
        self._services = Services(self.inside, self._endpoints)
        self._server: Server | None = None

    def __enter__(self) -> Sandbox:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def account(self) -> str:
        """The account's id."""
        return self.inside.id

    @property
    def port(self) -> int:
        """The port that it listens on, while started."""
        return self._server.port if self._server else self._port

    @property
    def endpoint(self) -> str:
        """Its URL, while started."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve an empty account. Raises `OSError` where the port is taken."""
        self._services.reset()
        gateway = Gateway(self.inside, self._services, Control(self))
        self._server = Server(gateway, self._port)
        self._server.start()

    def stop(self) -> None:
        """Serve no longer, and forget everything."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._endpoints.stop()
        self._services.reset()

    def reset(self) -> None:
        """Empty the account, the faults and the log of calls."""
        self.faults.clear()
        self._endpoints.stop()
        self._services.reset()
        self.calls.clear()

    def warm(self) -> None:
        """Import what nearly every stack needs, so that the first calls need not wait for it one by one."""
        self._services.warm()

    def settle(self) -> None:
        """Do what is due by the clock, as every call does first."""
        with self.inside.lock:
            self.inside.timeline.settle()

    def interrupt(self, asked: Interruption) -> datetime:
        """Have EC2 take a spot instance back, announced; answers when. Raises `ValueError` where it cannot be."""
        with self.inside.lock:
            moment = announce(self.inside, self.region, asked)
            self._endpoints.machines_changed()
            return moment

    def grant(self, asked: Grant) -> dict[str, Any]:
        """Have a quota be so much, less than the default included. Raises `ValueError` where there is none."""
        with self.inside.lock:
            return grant(self.inside, self.region, asked)

    def quotas(self) -> list[dict[str, Any]]:
        """Every quota as it holds."""
        with self.inside.lock:
            return quotas(self.inside, self.region)

    def interruptions(self) -> dict[str, datetime]:
        """The instances that are about to be taken back, and when."""
        with self.inside.lock:
            return dict(self.inside.store(Announced, self.region).moments)

    def inventory(self) -> list[tuple[str, str]]:
        """Everything in the account, as sorted pairs of type and id (`mlinfra.sandbox.aws.inventory`)."""
        with self.inside.lock:
            self.inside.timeline.settle()
            return take(self.inside)

    def about(self) -> dict[str, Any]:
        """What this sandbox is."""
        return {"account": self.account, "region": self.region, "pid": os.getpid(), "calls": len(self.calls)}
