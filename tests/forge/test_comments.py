"""One comment for each pull request: posted, brought up to date, never doubled, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlinfra.core.errors import AccessDenied, InvalidRequest, NotFound, ProviderError, Throttled
from mlinfra.forge.codes import Code
from mlinfra.forge.surroundings import Place, place_of
from mlinfra.session.pull_requests.comments import Posted, post_comment
from tests.cli.fakes import run
from tests.forge.servers import ME, TOKEN, GitHub, GitLab, Server

MARK = "<!-- mlinfra:plan:demo -->"
FIRST, SECOND = f"{MARK}\n## Plan: `demo`\n\n**Nothing**\n", f"{MARK}\n## Plan: `demo`\n\n**Something**\n"


class Still:
    """A clock at which waiting is over at once, and remembered."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture(params=[GitHub, GitLab], ids=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> Iterator[Server]:
    server: Server = request.param()
    yield server
    server.close()


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    yield server
    server.close()


def surroundings(forge: Server, **more: str) -> dict[str, str]:
    """The environment of a job for pull request 12."""
    if isinstance(forge, GitHub):
        about = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/platform", "GITHUB_REF": "refs/pull/12/merge"}
        return {**about, "GITHUB_GRAPHQL_URL": forge.url, "GITHUB_TOKEN": TOKEN, **more}
    about = {"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/platform", "CI_MERGE_REQUEST_IID": "12"}
    return {**about, "CI_API_V4_URL": forge.url, "GITLAB_TOKEN": TOKEN, **more}


def post(forge: Server, body: str, clock: Still | None = None) -> Posted:
    return post_comment(body, surroundings(forge), clock=clock or Still())


def test_a_comment_is_posted_once_and_then_brought_up_to_date(forge: Server) -> None:
    forge.say("please have a look")
    assert post(forge, FIRST).done == "posted"
    assert post(forge, FIRST).done == "as it was"
    forge.say("it says nothing")
    assert post(forge, SECOND).done == "updated"
    assert [body.replace("\r\n", "\n") for body in forge.bodies()] == ["please have a look", SECOND, "it says nothing"]


def test_other_stacks_and_kinds_have_comments_of_their_own(forge: Server) -> None:
    for name in ("plan:demo", "plan:other", "drift:demo", "plan:demo"):
        post(forge, f"<!-- mlinfra:{name} -->\n{name}\n")
    assert len(forge.bodies(ME)) == 3


def test_a_mark_that_others_copied_is_theirs(forge: Server) -> None:
    """Whoever wrote a comment can change it: a plan put into theirs could be made to say anything."""
    forge.say(FIRST)
    assert post(forge, SECOND).done == "posted"
    assert forge.bodies()[0] == FIRST


def test_two_that_were_made_at_once_become_one(forge: Server) -> None:
    for body in (FIRST, FIRST, FIRST):
        forge.say(body, ME)
    assert post(forge, SECOND).done == "updated"
    assert forge.bodies() == [SECOND]


def test_ours_is_found_on_the_last_page(forge: Server) -> None:
    for number in range(5):
        forge.say(f"remark {number}")
    post(forge, FIRST)
    assert post(forge, SECOND).done == "updated"
    assert len(forge.bodies()) == 6


@pytest.mark.parametrize("status", [500, 502, 429])
def test_a_lost_answer_makes_no_second_comment(forge: Server, status: int) -> None:
    forge.fail(status, afterwards=True, times=3)
    clock = Still()
    assert post(forge, FIRST, clock).place in ("acme/platform#12", "acme/platform!12")
    assert len(forge.bodies(ME)) == 1
    assert clock.waited == [1.0, 4.0, 15.0][: len(clock.waited)]
    assert clock.waited


def test_it_gives_up_in_the_end_and_says_so(forge: Server) -> None:
    forge.fail(503, {"message": "down for maintenance"}, times=99)
    with pytest.raises(Throttled, match="503 down for maintenance") as error:
        post(forge, FIRST)
    assert error.value.code == Code.UNREACHABLE


@pytest.mark.parametrize(("status", "kind"), [(403, AccessDenied), (422, InvalidRequest), (302, InvalidRequest)])
def test_refusals_are_told_apart_and_not_repeated(forge: Server, status: int, kind: type[ProviderError]) -> None:
    forge.fail(status, {"message": "Resource not accessible by integration"})
    with pytest.raises(kind, match="Resource not accessible by integration"):
        post(forge, FIRST)
    assert len(forge.asked) == 1


def test_no_redirect_is_followed_with_the_token(forge: Server) -> None:
    elsewhere = GitHub()
    try:
        forge.headers = {"Location": elsewhere.url}
        forge.fail(307, {"message": "elsewhere"})
        with pytest.raises(InvalidRequest):
            post(forge, FIRST)
        assert elsewhere.asked == []
    finally:
        elsewhere.close()


def test_an_unknown_pull_request_is_said_to_be_one(forge: Server) -> None:
    with pytest.raises(NotFound) as error:
        post_comment(FIRST, surroundings(forge), number=13, clock=Still())
    assert error.value.code == Code.NOT_FOUND


def test_the_token_is_said_to_nobody(forge: Server) -> None:
    """Not even where a server says it back to us."""
    forge.fail(400, {"message": f"bad header: {TOKEN}"})
    with pytest.raises(InvalidRequest) as error:
        post(forge, FIRST)
    assert TOKEN not in str(error.value)
    assert "(token)" in str(error.value)
    assert all(TOKEN not in asked for asked in forge.asked)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"null", b'{"data": {"repository": null}}', b'{"errors": [3]}'])
def test_answers_of_no_known_form_are_said_to_be_that(forge: Server, answer: bytes) -> None:
    forge.faults += [(200, answer, False)] * 9
    if isinstance(forge, GitLab) and answer == b"[]":
        assert post(forge, FIRST).done == "posted"  # no notes at all: that is an answer
        return
    with pytest.raises(InvalidRequest) as error:
        post(forge, FIRST)
    assert error.value.code == Code.INVALID


def test_graphql_says_that_it_refuses_within_a_fine_answer(github: GitHub) -> None:
    for kind, expected in (("FORBIDDEN", AccessDenied), ("SOMETHING", InvalidRequest)):
        github.fail(200, {"errors": [{"type": kind, "message": f"no {TOKEN}"}]})
        with pytest.raises(expected) as error:
            post(github, FIRST)
        assert TOKEN not in str(error.value)


def test_nothing_is_sent_in_the_clear() -> None:
    environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_GRAPHQL_URL": "http://github.example.org/graphql"}
    with pytest.raises(ProviderError) as error:
        post_comment(FIRST, environ, forge="github", repository="acme/platform", number=12)
    assert error.value.code == Code.UNSAFE


@pytest.mark.parametrize(
    ("event", "number"),
    [({"pull_request": {"number": 5}}, 5), ({"issue": {"number": 6}}, 6), ({"number": 7}, 7), ({"x": 1}, None)],
)
def test_the_number_comes_from_the_event(tmp_path: Path, event: dict[str, object], number: int | None) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/platform", "GITHUB_EVENT_PATH": str(path)}
    if number is None:
        with pytest.raises(InvalidRequest, match="names no pull request"):
            place_of(environ)
    else:
        api = "https://api.github.com/graphql"
        assert place_of(environ) == Place(forge="github", api=api, repository="acme/platform", number=number)


def test_the_command_posts_what_it_is_handed(github: GitHub, tmp_path: Path) -> None:
    path = tmp_path / "comment.md"
    path.write_text(FIRST, encoding="utf-8")
    done = run("ci", "comment", str(path), environ=surroundings(github))
    assert (done.code, done.out) == (0, "acme/platform#12: the comment is posted\n")
    assert github.bodies()[0].startswith(MARK)
    told = run("ci", "comment", str(path), "-o", "json", environ=surroundings(github))
    assert json.loads(told.out) == {"comment": "as it was", "place": "acme/platform#12"}


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (("nowhere.md",), {}, "MLI9011: nowhere.md cannot be read: no such file"),
        (("plain.md",), {}, "MLI5902"),
        (("comment.md",), {}, "MLI5900: this is no job of GitHub Actions or GitLab CI"),
        (("comment.md", "--forge", "gitlab", "--repository", "a/b", "--number", "1"), {}, "GITLAB_TOKEN is not set"),
        (("comment.md", "--forge", "github"), {"GITHUB_TOKEN": TOKEN}, "say --repository"),
    ],
)
def test_mistakes_are_said(
    words: tuple[str, ...], environ: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "comment.md").write_text(FIRST)
    (tmp_path / "plain.md").write_text("# Hello")
    done = run("ci", "comment", *words, environ=environ)
    assert done.code == 1
    assert said in done.err
    assert TOKEN not in done.err
