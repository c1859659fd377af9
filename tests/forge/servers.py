"""Two small forges on real sockets, which keep comments as GitHub and GitLab do and can be told to misbehave."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "t0ken-that-nobody-may-see"
ME, OTHER = 7, 8


class Server:
    """A forge on this machine. `faults` are taken one by one: what each answers instead, before or after acting."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.faults: list[tuple[int, Any, bool]] = []
        self.headers: dict[str, str] = {}
        self._count = 0
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                content = json.loads(self.rfile.read(length)) if length else None
                forge.asked.append(f"{self.command} {self.path}")
                status, data = forge.answered(self.command, self.path, dict(self.headers), content)
                body = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                for name, value in forge.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - the standard library's names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}{self.root}"

    root = ""

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def say(self, body: str, author: int = OTHER) -> None:
        """Somebody writes a comment."""
        self._count += 1
        self.comments.append({"id": self._count, "body": body, "author": {"id": author}, "system": False})

    def fail(self, status: int, data: Any = None, *, afterwards: bool = False, times: int = 1) -> None:
        """Answer with a failure, before acting or after it."""
        self.faults += [(status, data or {"message": "no"}, afterwards)] * times

    def bodies(self, author: int | None = None) -> list[str]:
        return [one["body"] for one in self.comments if author is None or one["author"]["id"] == author]

    def answered(self, method: str, path: str, headers: dict[str, str], content: Any) -> tuple[int, Any]:
        if not self.knows(headers):
            return 401, {"message": f"Bad credentials {headers}"}
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not fault[2]:
            return fault[:2]
        answer = self.answer(method, path, content)
        return fault[:2] if fault is not None else answer

    def knows(self, headers: dict[str, str]) -> bool:
        raise NotImplementedError

    def answer(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        raise NotImplementedError

    def _edit(self, number: int, change: Callable[[dict[str, Any]], None]) -> None:
        for one in self.comments:
            if one["id"] == number:
                change(one)


class GitHub(Server):
    """GraphQL, as far as comments need it. A page holds two, so that pages are turned."""

    def knows(self, headers: dict[str, str]) -> bool:
        return headers.get("Authorization") == f"Bearer {TOKEN}"

    def answer(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        query, given = content["query"], content["variables"]
        if query.startswith("query"):
            return 200, self._listed(given)
        if "addComment" in query:
            assert given["id"] == "PR_1"
            # GitHub gives texts back with the line ends of browsers.
            self.say(given["body"].replace("\n", "\r\n"), ME)
        elif "updateIssueComment" in query:
            self._edit(int(given["id"]), lambda one: one.update(body=given["body"]))
        else:
            self.comments = [one for one in self.comments if one["id"] != int(given["id"])]
        return 200, {"data": {}}

    def _listed(self, given: dict[str, Any]) -> dict[str, Any]:
        if (given["owner"], given["name"], given["number"]) != ("acme", "platform", 12):
            said = "Could not resolve to a PullRequest with the number of 13."
            return {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": said}]}
        start = int(given["after"] or 0)
        nodes = [
            {"id": str(one["id"]), "body": one["body"], "viewerDidAuthor": one["author"]["id"] == ME}
            for one in self.comments[start : start + 2]
        ]
        page = {"hasNextPage": start + 2 < len(self.comments), "endCursor": str(start + 2)}
        return {"data": {"repository": {"pullRequest": {"id": "PR_1", "comments": {"nodes": nodes, "pageInfo": page}}}}}


class GitLab(Server):
    """REST, as far as notes need it. A page holds two."""

    root = "/api/v4"

    def knows(self, headers: dict[str, str]) -> bool:
        # urllib capitalises the names of headers, which mean the same in any case.
        return {name.lower(): value for name, value in headers.items()}.get("private-token") == TOKEN

    def answer(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        where = urlsplit(path)
        notes = "/api/v4/projects/acme%2Fplatform/merge_requests/12/notes"
        self.headers = {}
        if where.path == "/api/v4/user":
            return 200, {"id": ME}
        if not where.path.startswith(notes):
            return 404, {"message": "404 Project Not Found"}
        number = int(where.path.removeprefix(notes).lstrip("/") or 0)
        match method:
            case "GET":
                page = int(parse_qs(where.query)["page"][0])
                rest = len(self.comments) > page * 2
                self.headers = {"X-Next-Page": str(page + 1) if rest else ""}
                return 200, self.comments[page * 2 - 2 : page * 2]
            case "POST":
                self.say(content["body"], ME)
            case "PUT":
                self._edit(number, lambda one: one.update(body=content["body"]))
            case _:
                self.comments = [one for one in self.comments if one["id"] != number]
                return 204, b""
        return 201, {}
