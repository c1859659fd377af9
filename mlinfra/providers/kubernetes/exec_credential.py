"""Credentials from a program: what a kubeconfig's `exec` names is run, and answers a token or a certificate.

Protocol: kubernetes.io, "client-go credential plugins", client.authentication.k8s.io v1 and v1beta1 (read November
2026). It is asked again once what it gave has expired.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import AccessDenied
from mlinfra.providers.kubernetes.codes import Code

_GROUP = "client.authentication.k8s.io/"
_VERSIONS = frozenset({f"{_GROUP}v1", f"{_GROUP}v1beta1"})
_INFO = "KUBERNETES_EXEC_INFO"
_PATIENCE = 60  # seconds that the program may take
_MARGIN = timedelta(minutes=1)  # before its end in which a credential is not used any more
_LONGEST = 300  # characters of what it complains


class Shown(msgspec.Struct, frozen=True):
    """What the program answered: a token, or a certificate with its key. `expires` is `None` for what does not."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expires: datetime | None = None


class ExecCredential:
    """The credentials of one user. Safe to share between threads."""

    def __init__(
        self,
        about: Mapping[str, Any],
        beside: Path,
        endpoint: ClusterEndpoint,
        clock: Clock,
        environ: Mapping[str, str],
    ) -> None:
        self._about, self._beside, self._endpoint, self._clock = about, beside, endpoint, clock
        self._environ = dict(environ)
        self._lock = threading.Lock()
        self._shown: Shown | None = None
        self._version = str(about.get("apiVersion", ""))

    def token(self) -> str:
        """A token that is good now."""
        return self.now().token

    def now(self) -> Shown:
        """What is good now. Raises `AccessDenied` (MLI5111) where the program gives nothing."""
        with self._lock:
            shown = self._shown
            if shown is None or (shown.expires is not None and self._clock.now() > shown.expires - _MARGIN):
                self._shown = shown = self._read(self._run())
            return shown

    def _run(self) -> str:
        if self._version not in _VERSIONS:
            raise self._refusal(f"it speaks {self._version or 'nothing known'}", f"expected {_GROUP}v1 or v1beta1")
        command = [self._program(), *map(str, self._about.get("args") or ())]
        added = {str(one["name"]): str(one.get("value", "")) for one in self._about.get("env") or ()}
        environ = {**self._environ, **added, _INFO: json.dumps(self._info())}
        try:
            done = subprocess.run(  # the user's own kubeconfig names it, as it does for kubectl
                command, env=environ, capture_output=True, text=True, timeout=_PATIENCE, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            hint = " ".join(str(self._about.get("installHint") or "see that it is installed, and on the PATH").split())
            raise self._refusal(f"it cannot be run: {type(error).__name__}", hint) from error
        if done.returncode:
            said = " ".join(done.stderr.split())[-_LONGEST:]
            raise self._refusal(f"it ended with {done.returncode}: {said}", "run it yourself to see what it wants")
        return done.stdout

    def _program(self) -> str:
        """A path with a slash in it is meant from the kubeconfig's own folder; a bare name is looked up."""
        name = str(self._about.get("command", ""))
        return str(self._beside / name) if os.sep in name else name

    def _info(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"interactive": False}
        if self._about.get("provideClusterInfo"):
            authority = base64.b64encode(self._endpoint.authority.encode()).decode()
            spec["cluster"] = {"server": self._endpoint.server, "certificate-authority-data": authority}
        return {"apiVersion": self._version, "kind": "ExecCredential", "spec": spec}

    def _read(self, answer: str) -> Shown:
        try:
            status = json.loads(answer)["status"]
            expires = status.get("expirationTimestamp")
            shown = Shown(
                token=str(status.get("token") or ""),
                certificate=str(status.get("clientCertificateData") or ""),
                key=str(status.get("clientKeyData") or ""),
                expires=datetime.fromisoformat(expires).astimezone(UTC) if expires else None,
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # What it answered may be a credential: it is no part of the message, nor of the traceback.
            raise self._refusal("its answer is no ExecCredential") from error.with_traceback(None)
        if not shown.token and not (shown.certificate and shown.key):
            raise self._refusal("its answer holds no token and no certificate")
        return shown

    def _refusal(self, why: str, hint: str = "") -> AccessDenied:
        name = self._about.get("command") or "(nothing)"
        return AccessDenied(
            f"{name}, which the kubeconfig names, gives no credentials: {why}", code=Code.NO_CREDENTIAL, hint=hint
        )
