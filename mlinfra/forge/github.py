"""A pull request on GitHub, through its GraphQL API: it alone says which comments are ours, whatever kind the token is.

Sources: docs.github.com, "GraphQL API", objects IssueComment (`viewerDidAuthor`) and PullRequest, mutations addComment,
updateIssueComment and deleteIssueComment (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.errors import AccessDenied, InvalidRequest, NotFound, ProviderError, Throttled
from mlinfra.forge.codes import Code
from mlinfra.forge.http import Http, readable, safe
from mlinfra.forge.thread import Comment

_COMMENTS = """query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { id comments(first: 100, after: $after) {
    nodes { id body viewerDidAuthor } pageInfo { hasNextPage endCursor } } } } }"""
_ADD = "mutation($id: ID!, $body: String!) { addComment(input: {subjectId: $id, body: $body}) { clientMutationId } }"
_UPDATE = (
    "mutation($id: ID!, $body: String!) { updateIssueComment(input: {id: $id, body: $body}) { clientMutationId } }"
)
_DELETE = "mutation($id: ID!) { deleteIssueComment(input: {id: $id}) { clientMutationId } }"


class GitHubThread:
    """The comments of one pull request. `repository` is `owner/name`, `api` the address of the GraphQL API."""

    def __init__(self, api: str, repository: str, number: int, token: str) -> None:
        self._http = Http(api, {"Authorization": f"Bearer {token}"}, token)
        self._repository, self._number, self._token = repository, number, token
        self._pull_request = ""

    def own(self) -> list[Comment]:
        """Those that the token's owner wrote, oldest first."""
        owner, _, name = self._repository.partition("/")
        found: list[Comment] = []
        after: str | None = None
        while True:
            given = {"owner": owner, "name": name, "number": self._number, "after": after}
            data = self._ask(_COMMENTS, given)
            with readable("GitHub"):
                pull_request = data["repository"]["pullRequest"]
                self._pull_request = pull_request["id"]
                comments = pull_request["comments"]
                found += [Comment(one["id"], one["body"]) for one in comments["nodes"] if one["viewerDidAuthor"]]
                after = comments["pageInfo"]["endCursor"] if comments["pageInfo"]["hasNextPage"] else ""
            if not after:
                return found

    def create(self, body: str) -> None:
        """Write a new one."""
        self._ask(_ADD, {"id": self._pull_request, "body": body})

    def update(self, comment: Comment, body: str) -> None:
        """Put another text into one."""
        self._ask(_UPDATE, {"id": comment.id, "body": body})

    def delete(self, comment: Comment) -> None:
        """Take one away."""
        self._ask(_DELETE, {"id": comment.id})

    def _ask(self, query: str, given: dict[str, Any]) -> Any:
        answer = self._http.send("POST", "", {"query": query, "variables": given}).data
        with readable("GitHub"):
            errors, data = answer.get("errors"), answer.get("data")
            refused = self._refused(errors[0]) if errors else None
        if refused is not None:
            raise refused
        return data

    def _refused(self, error: Any) -> ProviderError:
        """GraphQL says what is wrong within an answer that is fine."""
        kind = error.get("type", "") if isinstance(error, dict) else ""
        said = error.get("message", "no reason is given") if isinstance(error, dict) else str(error)
        words = safe(f"GitHub: {said}", self._token)
        match kind:
            case "NOT_FOUND":
                hint = f"check that {self._repository} has a pull request {self._number}, and that the token may see it"
                return NotFound(words, code=Code.NOT_FOUND, hint=hint)
            case "FORBIDDEN" | "INSUFFICIENT_SCOPES":
                hint = "the job needs `permissions: {pull-requests: write}`, which pull requests from forks never have"
                return AccessDenied(words, code=Code.REFUSED, hint=hint)
            case "RATE_LIMITED" | "MAX_NODE_LIMIT_EXCEEDED" | "SERVICE_UNAVAILABLE":
                return Throttled(words, code=Code.UNREACHABLE, hint="try again")
        return InvalidRequest(words, code=Code.INVALID)
