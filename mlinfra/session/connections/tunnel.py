"""Tunnels: a port of this machine that leads to a host within a network, through Session Manager and a machine there.

`session.clusters` opens one for each private cluster whose stack says `reach: ssm`. The session is asked for by the
API, with the document AWS-StartPortForwardingSessionToRemoteHost, and carried by AWS's session-manager-plugin; no port
of the network is opened. Protocol between the two: the AWS CLI's `customizations/sessionmanager.py`, as of November
2026. The session's token goes through the environment, never through the arguments, which whoever is on this machine
could read; plugins up to 1.2.497 do not know that, and end at once. A session that ends (idle for 20 minutes by
default) is begun anew on the same port.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import tempfile
import threading
from typing import IO, Any
from urllib.parse import urlsplit

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients
from mlinfra.core.clock import Clock
from mlinfra.core.errors import ProviderError
from mlinfra.session.codes import Code
from mlinfra.session.connections.road import DOCUMENT, PLUGIN

_RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"
_PATIENCE = 30.0  # seconds until the port has to be open
_LOOK = 0.1
_WORTH_ANOTHER = 10.0  # seconds that a session must have stood for a new one to be worth a try
_TOLD = 500  # characters of what the plugin says at its end


def bastion_in(calls: Calls, network: str) -> str:
    """A machine of the network `network` that Session Manager can reach. Raises `ProviderError` where there is none."""
    online = {
        str(one["InstanceId"])
        for page in calls.pages("ssm", "DescribeInstanceInformation")
        for one in page["InstanceInformationList"]
        if one.get("PingStatus") == "Online"
    }
    running = [{"Name": "vpc-id", "Values": [network]}, {"Name": "instance-state-name", "Values": ["running"]}]
    machines = sorted(
        str(one["InstanceId"])
        for page in calls.pages("ec2", "DescribeInstances", {"Filters": running})
        for reservation in page["Reservations"]
        for one in reservation["Instances"]
    )
    for machine in machines:
        if machine in online:
            return machine
    raise ProviderError(
        f"no machine in {network} answers Session Manager, of {len(machines)} that run: no tunnel can lead through it",
        code=Code.NO_BASTION,
        hint="name one that does with cluster.endpoint.bastion; its role needs AmazonSSMManagedInstanceCore, and its "
        "subnet a way to ssm and ssmmessages (NAT, or network.vpcEndpoints)",
    )


class Tunnel:
    """One tunnel, open until it is closed or this process ends."""

    def __init__(self, calls: Calls, clients: Clients, clock: Clock, *, bastion: str, server: str) -> None:
        self._calls, self._clients, self._clock = calls, clients, clock
        self._bastion, self._server = bastion, urlsplit(server)
        self.port = _free_port()
        self._closed = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._session = ""

    def open(self) -> int:
        """The port of this machine that leads to the host. Raises `ProviderError`."""
        self._begin()
        atexit.register(self.close)
        threading.Thread(target=self._keep, daemon=True).start()
        return self.port

    def close(self) -> None:
        """End the session. May be called twice."""
        self._closed.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        session, self._session = self._session, ""
        if session:
            try:
                self._calls.one("ssm", "TerminateSession", {"SessionId": session})
            except ProviderError:
                return  # it ends by itself when nobody uses it

    def _begin(self) -> None:
        asked = {
            "Target": self._bastion,
            "DocumentName": DOCUMENT,
            "Parameters": {
                "host": [str(self._server.hostname)],
                "portNumber": [str(self._server.port or 443)],
                "localPortNumber": [str(self.port)],
            },
        }
        answer = self._calls.one("ssm", "StartSession", asked, about=self._bastion)
        self._session = str(answer["SessionId"])
        told = {name: answer[name] for name in ("SessionId", "TokenValue", "StreamUrl")}
        with tempfile.TemporaryFile() as said:
            self._process = self._start(asked, told, said)
            self._wait(said)

    def _wait(self, said: IO[bytes]) -> None:
        """Until the port is open. `said`: what the plugin writes."""
        began = self._clock.monotonic()
        while not self._is_open():
            ended = self._process is None or self._process.poll() is not None
            if ended or self._clock.monotonic() - began > _PATIENCE:
                self.close()
                said.seek(0)
                words = " ".join(said.read().decode(errors="replace").split())[-_TOLD:]
                raise ProviderError(
                    f"the tunnel through {self._bastion} to {self._server.hostname} did not open"
                    + (f": {words}" if words else ""),
                    code=Code.NO_TUNNEL,
                    hint=f"try it alone: aws ssm start-session --target {self._bastion} --document-name {DOCUMENT}; "
                    "the plugin must be of 2023 or newer",
                )
            self._clock.sleep(_LOOK)

    def _start(self, asked: dict[str, Any], told: dict[str, Any], said: IO[bytes]) -> subprocess.Popen[bytes]:
        meta, profile = self._clients.of("ssm").meta, os.environ.get("AWS_PROFILE", "")
        session = ["StartSession", profile, json.dumps(asked), meta.endpoint_url]
        try:
            return subprocess.Popen(
                [PLUGIN, _RESPONSE, meta.region_name, *session],
                env={**os.environ, _RESPONSE: json.dumps(told)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to handle: what is in flight goes through the tunnel
            )
        except OSError as error:
            self.close()
            raise ProviderError(
                f"{PLUGIN} cannot be run: {error.strerror}", code=Code.NO_PLUGIN, hint="see that it is on the PATH"
            ) from error

    def _is_open(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
        except OSError:
            return False
        return True

    def _keep(self) -> None:
        """Begin a session anew when the one at hand has ended, unless it could not stand at all."""
        while not self._closed.is_set() and self._process is not None:
            began = self._clock.monotonic()
            self._process.wait()
            if self._closed.is_set() or self._clock.monotonic() - began < _WORTH_ANOTHER:
                return
            try:
                self._begin()
            except ProviderError:
                return  # whoever calls the cluster next is told that nobody answers


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
