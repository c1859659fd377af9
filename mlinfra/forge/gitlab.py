"""A merge request on GitLab, through its REST API.

Sources: docs.gitlab.com, "Notes API" and "Users API" (2026). A job's own token may not write notes (gitlab-org/gitlab,
issue 464591, read 2026-11-24): it takes a project access token.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import quote

from mlinfra.forge.http import Http, readable
from mlinfra.forge.thread import Comment


class GitLabThread:
    """The notes of one merge request. `project` is its number or path, `api` ends in `/api/v4`."""

    def __init__(self, api: str, project: str, number: int, token: str) -> None:
        self._http = Http(api, {"PRIVATE-TOKEN": token}, token)
        self._notes = f"/projects/{quote(project, safe='')}/merge_requests/{number}/notes"

    def own(self) -> list[Comment]:
        """Those that the token's owner wrote, oldest first."""
        found: list[Comment] = []
        page = "1"
        while page:
            answer = self._http.send("GET", f"{self._notes}?sort=asc&order_by=created_at&per_page=100&page={page}")
            with readable("GitLab"):
                found += [Comment(str(one["id"]), one["body"]) for one in answer.data if self._is_own(one)]
            page = answer.headers.get("x-next-page", "")
        return found

    def create(self, body: str) -> None:
        """Write a new one."""
        self._http.send("POST", self._notes, {"body": body})

    def update(self, comment: Comment, body: str) -> None:
        """Put another text into one."""
        self._http.send("PUT", f"{self._notes}/{comment.id}", {"body": body})

    def delete(self, comment: Comment) -> None:
        """Take one away."""
        self._http.send("DELETE", f"{self._notes}/{comment.id}")

    def _is_own(self, note: Any) -> bool:
        return not note.get("system") and note["author"]["id"] == self._me

    @cached_property
    def _me(self) -> Any:
        return self._http.send("GET", "/user").data["id"]
