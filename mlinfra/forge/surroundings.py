"""Where a job runs: which forge, which pull request, and the token, as the environment of the job says.

Sources: docs.github.com, "Variables reference"; docs.gitlab.com, "Predefined CI/CD variables reference" (2026).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from mlinfra.core.errors import AccessDenied, InvalidRequest
from mlinfra.forge.codes import Code
from mlinfra.forge.github import GitHubThread
from mlinfra.forge.gitlab import GitLabThread
from mlinfra.forge.thread import Thread

Forge = Literal["github", "gitlab"]
_TOKENS: dict[str, tuple[str, ...]] = {"github": ("GITHUB_TOKEN", "GH_TOKEN"), "gitlab": ("GITLAB_TOKEN",)}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One pull request."""

    forge: Forge
    api: str
    repository: str
    number: int

    def __str__(self) -> str:
        mark = "#" if self.forge == "github" else "!"
        return f"{self.repository}{mark}{self.number}"


def place_of(environ: Mapping[str, str], *, forge: str = "", repository: str = "", number: int | None = None) -> Place:
    """The pull request: what is given, and otherwise what the job's environment says. Raises `InvalidRequest`."""
    chosen = forge or ("gitlab" if environ.get("GITLAB_CI") else "github" if environ.get("GITHUB_ACTIONS") else "")
    match chosen:
        case "github":
            api = environ.get("GITHUB_GRAPHQL_URL", "https://api.github.com/graphql")
            where = repository or environ.get("GITHUB_REPOSITORY", "")
            which = number or _of_github(environ)
        case "gitlab":
            api = environ.get("CI_API_V4_URL", "https://gitlab.com/api/v4")
            where = repository or environ.get("CI_PROJECT_PATH", "")
            which = number or _number(environ.get("CI_MERGE_REQUEST_IID"))
        case _:
            raise InvalidRequest(
                "this is no job of GitHub Actions or GitLab CI",
                code=Code.NO_FORGE,
                hint="say which pull request: --forge github --repository acme/platform --number 12",
            )
    if not where or not which:
        missing = "--repository" if not where else "--number"
        hint = f"run it for a pull request, or say {missing}"
        raise InvalidRequest("the environment names no pull request", code=Code.NO_FORGE, hint=hint)
    return Place(forge="gitlab" if chosen == "gitlab" else "github", api=api, repository=where, number=which)


def thread_of(place: Place, environ: Mapping[str, str]) -> Thread:
    """Its comments. Raises `AccessDenied` where the environment holds no token."""
    names = _TOKENS[place.forge]
    token = next((environ[name].strip() for name in names if environ.get(name, "").strip()), "")
    if not token:
        hint = (
            "in GitHub Actions: env: {GITHUB_TOKEN: ${{ github.token }}}"
            if place.forge == "github"
            else "a project access token with the scope api, as a masked variable; a job's own token may not comment"
        )
        raise AccessDenied(f"{' or '.join(names)} is not set", code=Code.NO_TOKEN, hint=hint)
    make = GitHubThread if place.forge == "github" else GitLabThread
    return make(place.api, place.repository, place.number, token)


def _of_github(environ: Mapping[str, str]) -> int | None:
    """The number in the event that started the job, or in the ref that it was started for."""
    found = re.fullmatch(r"refs/pull/(\d+)/(merge|head)", environ.get("GITHUB_REF", ""))
    if found:
        return int(found[1])
    try:
        event: Any = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(event, dict):
        return None
    holder = event.get("pull_request") or event.get("issue") or event
    return _number(holder.get("number")) if isinstance(holder, dict) else None


def _number(value: Any) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None
