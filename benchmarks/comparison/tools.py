"""The two tools, each behind the same five commands, with whatever either needs before it can run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any, Protocol

import msgspec

from benchmarks.comparison.stacks import REGION, Sizes, stack_of
from benchmarks.comparison.translation import configuration
from mlinfra.providers.aws.catalogue import catalogue

# Where Terraform itself looks for providers (its documentation, "Provider Installation", November 2026).
_USUAL = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class Missing(Exception):
    """Something that a run needs is not on this machine; the text says what, and how to get it."""


class Tool(Protocol):
    """One of the two. Every property is a command, to be run in `folder` with `environment`."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    plan: list[str]
    plan_without_refresh: list[str]
    apply: list[str]
    destroy: list[str]

    def prepare(self, sizes: Sizes) -> int:
        """Write what the tool reads, and answer how many resources that are."""
        ...


class Ours:
    """mlinfra, as it is installed beside this interpreter."""

    name = "mlinfra"

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.environment: Mapping[str, str] = _environment(endpoint)
        program = str(Path(sys.executable).with_name("mlinfra"))
        self.plan = [program, "plan", "stack.yaml", "--detailed-exitcode"]
        self.plan_without_refresh = [*self.plan, "--no-refresh"]
        self.apply = [program, "apply", "stack.yaml", "--yes"]
        self.destroy = [program, "destroy", "stack.yaml", "--yes"]

    def prepare(self, sizes: Sizes) -> int:
        """Write the stack."""
        return len(graph_of(stack_of("ours", sizes), self.folder, self.environment).resources)


class Terraform:
    """Terraform, with the AWS provider of a mirror on disk. Its configuration is translated from our graph."""

    name = "terraform"

    def __init__(self, folder: Path, endpoint: str, mirror: Path) -> None:
        self.folder = folder
        self._program = program()
        installation = folder / "installation.tfrc"
        installation.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
        self.environment: Mapping[str, str] = _environment(
            endpoint, TF_CLI_CONFIG_FILE=str(installation), TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1", TF_INPUT="0"
        )
        self.plan = [self._program, "plan", "-no-color", "-detailed-exitcode", "-refresh=true"]
        self.plan_without_refresh = [self._program, "plan", "-no-color", "-detailed-exitcode", "-refresh=false"]
        self.apply = [self._program, "apply", "-no-color", "-auto-approve"]
        self.destroy = [self._program, "destroy", "-no-color", "-auto-approve"]

    def prepare(self, sizes: Sizes) -> int:
        """Write the configuration, and let Terraform install its provider."""
        stack = "theirs"
        graph = graph_of(stack_of(stack, sizes), self.folder, self.environment)
        types = {token: kind.about for token, kind in catalogue().items()}
        written = configuration(graph, types, stack=stack, region=REGION)
        (self.folder / "main.tf.json").write_text(json.dumps(written, indent=1))
        told = subprocess.run(
            [self._program, "init", "-no-color"],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            raise Missing(f"terraform init failed:\n{told.stdout[-1000:]}{told.stderr[-3000:]}")
        return sum(map(len, written["resource"].values()))

    def version(self) -> str:
        """Of Terraform and its provider, in its own words."""
        told = subprocess.run(
            [self._program, "version"],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=True,
        )
        return ", ".join(line.removeprefix("+ provider ") for line in told.stdout.splitlines() if " v" in line)


def graph_of(stack: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> Any:
    """Write `stack` as a stack file, and answer the graph that mlinfra makes of it."""
    from mlinfra.session import Options, open_session

    (folder / "stack.yaml").write_bytes(msgspec.yaml.encode(stack))
    before = dict(os.environ)
    os.environ.update({name: text for name, text in environment.items() if name.startswith("AWS_")})
    try:
        with chdir(folder):
            return open_session(Options("stack.yaml")).graph()
    finally:
        os.environ.clear()
        os.environ.update(before)


def program() -> str:
    """Terraform's binary."""
    found = shutil.which("terraform")
    if found is None:
        raise Missing("there is no `terraform` on the PATH: https://developer.hashicorp.com/terraform/install")
    return found


def mirror_in(given: str) -> Path:
    """The mirror that holds the AWS provider: the one given, or that of TF_PLUGIN_DIR, or one in a usual place."""
    named = given or os.environ.get("TF_PLUGIN_DIR", "")
    places = [named] if named else list(_USUAL)
    for place in places:
        mirror = Path(place).expanduser().resolve()
        if any(mirror.glob("registry.terraform.io/hashicorp/aws/*")):
            return mirror
    raise Missing(
        f"there is no AWS provider for Terraform in {', '.join(places)}\n"
        "make a mirror with `terraform providers mirror DIR` in a folder whose configuration requires hashicorp/aws,\n"
        "and name it with --mirror DIR or TF_PLUGIN_DIR"
    )


def _environment(endpoint: str, **more: str) -> dict[str, str]:
    """This process's own, with what sends either tool to the simulated account and nowhere else."""
    # A package that was installed is compiled; that of a checkout shall not be compiled anew in every run.
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "TF_", "PYTHONDONTWRITE"))}
    return {**kept, **dict.fromkeys(_KEYS, "benchmark"), "AWS_REGION": REGION, "AWS_ENDPOINT_URL": endpoint, **more}
