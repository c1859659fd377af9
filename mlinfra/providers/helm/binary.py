"""Helm through the `helm` program, version 4, for machines that the SDK is not made for.

Nothing secret is an argument: credentials are in files without a name that the child inherits (`credentials`), values
go through its standard input. Flags: `helm install|upgrade|rollback|uninstall|template --help` of Helm 4.2.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.providers.helm.credentials import access
from mlinfra.providers.helm.helm import Capabilities, HelmError, Rendering, Running, Wish

_LOOK = 0.5  # seconds between looks at whether the run is being stopped
_SOURCE = "# Source: "
_BREAK = re.compile(r"^---[ \t]*\n", re.MULTILINE)
_MINE = ("HELM_", "KUBECONFIG")  # what would change what is asked for; where charts come from is settled already


def is_installed() -> bool:
    """Whether there is a `helm` on the PATH."""
    return shutil.which("helm") is not None


class BinaryHelm:
    """Helm as a program; see `Helm`."""

    def __init__(self, endpoint: ClusterEndpoint | None, program: str = "helm") -> None:
        self._endpoint, self._program = endpoint, program

    def render(self, wish: Wish, capabilities: Capabilities, *, upgrade: bool) -> Rendering:
        """Render offline."""
        words = ["template", wish.name, str(wish.chart), "--namespace", wish.namespace, "--values", "-"]
        words += ["--is-upgrade"] if upgrade else []
        words += ["--kube-version", capabilities.kubernetes] if capabilities.kubernetes else []
        words += [word for api in capabilities.apis for word in ("--api-versions", api)]
        words += [] if wish.check_values else ["--skip-schema-validation"]
        whole = _by_source(self._answer([*words, "--include-crds"], wish.values))
        without = _by_source(self._answer([*words, "--skip-crds"], wish.values))
        crds = {path: text for path, text in whole.items() if path not in without}
        return Rendering(without, crds)

    def install(self, wish: Wish, running: Running) -> None:
        """Make a release."""
        words = ["install", wish.name, str(wish.chart), "--values", "-", "--skip-crds", *_how(wish), *_what(wish)]
        words += ["--create-namespace"] if wish.create_namespace else []
        self._run(words, wish, running)

    def upgrade(self, wish: Wish, running: Running) -> None:
        """Make a new revision."""
        words = ["upgrade", wish.name, str(wish.chart), "--values", "-", "--skip-crds", *_how(wish), *_what(wish)]
        words += ["--reset-values", *_again(wish)]
        self._run(words, wish, running)

    def rollback(self, wish: Wish, revision: int, running: Running) -> None:
        """Make a new revision like an earlier one."""
        self._run(["rollback", wish.name, str(revision), *_how(wish), *_again(wish)], wish, running)

    def uninstall(self, wish: Wish, running: Running) -> None:
        """Remove a release."""
        words = ["uninstall", wish.name, "--ignore-not-found", "--timeout", f"{wish.timeout}s", _wait(wish)]
        words += [] if wish.hooks else ["--no-hooks"]
        self._run(words, wish, running)

    def _answer(self, words: Iterable[str], values: Mapping[str, Any]) -> str:
        done = subprocess.run(
            [self._program, *words], input=json.dumps(values), capture_output=True, text=True, env=_environment()
        )
        if done.returncode:
            raise HelmError(_said(done.stderr))
        return done.stdout

    def _run(self, words: list[str], wish: Wish, running: Running) -> None:
        assert self._endpoint is not None, "only rendering needs no cluster"
        with access(self._endpoint) as kubeconfig:
            command = [self._program, *words, "--namespace", wish.namespace, "--kubeconfig", kubeconfig.path]
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=_environment(),
                pass_fds=kubeconfig.descriptors,
            )
            said = _wait_for(child, json.dumps(wish.values), running)
        if child.returncode:
            raise HelmError(_said(said))


def _wait_for(child: subprocess.Popen[str], given: str, running: Running) -> str:
    """What it says when it ends; where nobody waits any longer, it is told to end by itself."""
    text: str | None = given
    while True:
        try:
            return child.communicate(text, timeout=_LOOK)[1]
        except subprocess.TimeoutExpired:
            text = None  # what was given is being read already
        try:
            running.check()
        except BaseException:
            child.terminate()
            raise


def _how(wish: Wish) -> list[str]:
    words = ["--timeout", f"{wish.timeout}s", _wait(wish)]
    words += ["--wait-for-jobs"] if wish.jobs else []
    words += [] if wish.hooks else ["--no-hooks"]
    return [*words, *(["--force-replace"] if wish.replace_objects else [])]


def _wait(wish: Wish) -> str:
    return "--wait=watcher" if wish.wait else "--wait=hookOnly"


def _what(wish: Wish) -> list[str]:
    words = [word for key, value in wish.labels.items() for word in ("--labels", f"{key}={value}")]
    words += ["--description", wish.description] if wish.description else []
    words += ["--take-ownership"] if wish.take_ownership else []
    return [*words, *([] if wish.check_objects else ["--disable-openapi-validation"])]


def _again(wish: Wish) -> list[str]:
    words = ["--history-max", str(wish.history), "--server-side=true"]
    words += ["--cleanup-on-fail"] if wish.cleanup else []
    return [*words, *([] if wish.replace_objects else ["--force-conflicts"])]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_MINE)}


def _said(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(("WARNING:", "level=", "walk.go"))]
    return "\n".join(lines).removeprefix("Error: ").strip() or "helm failed without a word"


def _by_source(text: str) -> dict[str, str]:
    """The documents of a rendering by the template that each comes from, as Helm notes it above them."""
    found: dict[str, str] = {}
    path = ""
    for part in _BREAK.split(text):
        first, _, rest = part.partition("\n")
        if first.startswith(_SOURCE):
            path = first.removeprefix(_SOURCE).strip()
        else:
            rest = part  # a further document of the same file
        if path and rest.strip():
            found[path] = f"{found[path]}\n---\n{rest}" if path in found else rest
    return found
