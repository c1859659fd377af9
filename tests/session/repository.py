"""A git repository to compare revisions of: real, small, and with no settings but its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: demo, tags: {team: recsys}}
target: {platform: aws, region: us-east-1}
lifecycle: {environment: development}
network: {cidr: 10.40.0.0/16, zones: 2, nat: single}
cluster: {version: "1.32", endpoint: {public: true, allowedCidrs: [203.0.113.0/24]}}
nodeGroups:
  system: {instances: [m6i.large], min: 2, max: 4}
"""


class Checkout:
    """A clone to write to. Every revision is named by a tag."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", ".")

    def git(self, *words: str) -> str:
        """What git answers."""
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = {f"GIT_{role}_{what}": "t@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return subprocess.run(
            ["git", *words],
            cwd=self.place,
            env={**os.environ, **own, **who},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def write(self, files: Mapping[str, str | None]) -> None:
        """Put files where they are to be; `None` takes one away."""
        for name, text in files.items():
            path = self.place / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")

    def commit(self, tag: str, files: Mapping[str, str | None]) -> None:
        """A revision called `tag`."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", tag)
        self.git("tag", tag)
