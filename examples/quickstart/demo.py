"""The main job, shown: plan, apply, an empty second plan, a drift made, found and repaired, destroy, nothing left.

Run by `make demo`, on the simulated cloud, in a folder of its own. Every line that it shows is a command that you can
type yourself. Exits with 1 where anything does not come out as it says.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3

HERE = Path(__file__).parent
MLINFRA = Path(sys.executable).with_name("mlinfra")
BOLD, DIM, END = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class Demo:
    """One showing, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copy(HERE / "stack.yaml", folder)

    def run(self, *arguments: str, expect: int = 0) -> None:
        """Show a command and what it prints; stop where it does not end as expected."""
        print(f"\n{BOLD}$ mlinfra {' '.join(arguments)}{END}", flush=True)
        code = subprocess.run([MLINFRA, *arguments], cwd=self._folder, check=False).returncode
        if code != expect:
            raise SystemExit(f"that ended with exit code {code}, where {expect} was expected")

    def say(self, words: str) -> None:
        """A word between commands."""
        print(f"\n{DIM}# {words}{END}", flush=True)

    def endpoint(self) -> str:
        """Where the simulated cloud answers."""
        status = [MLINFRA, "sandbox", "status", "-o", "json"]
        told = subprocess.run(status, cwd=self._folder, check=True, capture_output=True, text=True).stdout
        return str(json.loads(told)["endpoint"])

    def interfere(self) -> None:
        """What a colleague does in the console at night."""
        ecr = boto3.client(
            "ecr",
            endpoint_url=self.endpoint(),
            region_name="us-east-1",
            aws_access_key_id="colleague",
            aws_secret_access_key="colleague",
        )
        name = ecr.describe_repositories()["repositories"][0]["repositoryName"]
        ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
        print(f"{BOLD}$ aws ecr put-image-tag-mutability --repository-name {name} --image-tag-mutability MUTABLE{END}")

    def show(self) -> None:
        """The main job from beginning to end."""
        self.say("one file says what there shall be; the plan lists every object before anything is made")
        self.run("plan", "stack.yaml")
        self.say("the simulated cloud is up already; a real account would see the very same calls")
        self.run("apply", "stack.yaml", "--yes")
        self.say("the second plan is empty: exit code 0 says so to scripts")
        self.run("plan", "stack.yaml", "--detailed-exitcode")
        self.say("somebody makes a registry mutable, past the stack file")
        self.interfere()
        self.run("drift", "stack.yaml", expect=2)
        self.say("apply puts it back")
        self.run("apply", "stack.yaml", "--yes")
        self.run("drift", "stack.yaml")
        self.say("and nothing is left at the end: destroy succeeds only on an empty inventory")
        self.run("destroy", "stack.yaml", "--yes")


def main() -> int:
    """Show it, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="mlinfra-demo-") as folder:
        demo = Demo(Path(folder))
        try:
            demo.show()
        finally:
            subprocess.run([MLINFRA, "sandbox", "down"], cwd=folder, check=False, capture_output=True)
    print(f"\n{BOLD}done: planned, applied, drifted, repaired, destroyed; nothing is left{END}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
