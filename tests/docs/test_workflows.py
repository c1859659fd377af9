"""The workflows in examples/: they parse, say the least that they need, and call mlinfra as it can be called.

Their scripts are also run, as the runners run them, against the simulated cloud and a small GitHub.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from mlinfra.cli.folder import Folder
from mlinfra.cli.main import application
from mlinfra.core.resource import Graph
from mlinfra.policy.evaluation import judge
from mlinfra.policy.rulebook import Rulebook
from mlinfra.session import Options, open_session
from mlinfra.session.pull_requests.comparison import compare
from tests.forge.servers import TOKEN, GitHub
from tests.session.repository import Checkout

ROLE = "aws:iam/role:Role"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ACTIONS = sorted((EXAMPLES / "github-actions").glob("*.yaml"))
WORKFLOWS = [path for path in ACTIONS if path.name != "access.yaml"]
GITLAB = EXAMPLES / "gitlab" / ".gitlab-ci.yml"
ATLANTIS = EXAMPLES / "atlantis" / "repos.yaml"
STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: small}
target: {platform: sandbox, region: us-east-1}
lifecycle: {environment: development}
inputs: {pullRequest: {type: integer, default: 0}}
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.9.0.0/16}}
"""


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


def scripts() -> Iterator[tuple[str, str]]:
    """Every script of every example, by where it stands."""
    for path in WORKFLOWS:
        for name, job in jobs(path).items():
            yield from ((f"{path.name}: {name}", step["run"]) for step in job["steps"] if "run" in step)
    for name, job in yaml.safe_load(GITLAB.read_text(encoding="utf-8")).items():
        if isinstance(job, dict):
            yield from ((f"gitlab: {name}", line) for line in job.get("script", ()))
    for name, stage in yaml.safe_load(ATLANTIS.read_text(encoding="utf-8"))["workflows"]["mlinfra"].items():
        yield from ((f"atlantis: {name}", step["run"]) for step in stage["steps"])


def calls() -> list[tuple[str, list[str]]]:
    """Every call of mlinfra in them, as its arguments."""
    found = []
    for place, script in scripts():
        for line in script.splitlines():
            for call in re.findall(r"(?:^|[;&|]|then )\s*mlinfra ([^;&|>]*)", line):
                found.append((place, shlex.split(call)))
    return found


CALLS = calls()


@pytest.mark.parametrize(("place", "words"), CALLS, ids=[f"{place}: {words[0]}" for place, words in CALLS])
def test_every_call_is_one_that_there_is(place: str, words: list[str]) -> None:
    words = [re.sub(r"\$\w+", "1", word) for word in words]
    command: Any = application()
    context = None
    while isinstance(command, Folder):
        context = command.make_context(command.name, [words[0]], parent=context, obj=None)
        command, words = command.get_command(context, words[0]), words[1:]
    assert command is not None, place
    # Raises what is wrong with an option or an argument, and leaves nothing over.
    assert command.make_context(command.name, words, parent=context).args == []


def test_an_option_that_there_is_not_would_be_found() -> None:
    command: Any = application().get_command(None, "plan")
    with pytest.raises(typer.TyperException):
        command.make_context("plan", ["stack.yaml", "--outt", "x"])


def test_there_is_a_call_for_each_step_of_the_way() -> None:
    said: dict[str, set[str]] = {}
    for place, words in CALLS:
        said.setdefault(place.partition(":")[0], set()).add(words[0])
    assert said == {
        "plan.yaml": {"plan", "ci", "diff"},
        "apply.yaml": {"apply"},
        "drift.yaml": {"drift"},
        "preview.yaml": {"apply", "destroy"},
        "gitlab": {"plan", "ci", "diff", "apply", "destroy", "drift"},
        "atlantis": {"plan", "apply"},
    }


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_no_more_than_it_needs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {}
    for job in jobs(path).values():
        assert set(job["permissions"]) <= {"contents", "id-token", "pull-requests", "issues", "actions"}
        assert job["permissions"]["contents"] == "read"
        for step in job["steps"]:
            # Expressions are put into a script as text: a branch's name would be run. They go through `env`.
            assert "${{" not in step.get("run", "")
    uses = re.findall(r"uses: (\S+)(.*)", text)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name) and "# v" in rest for name, rest in uses)
    assert "secrets." not in text
    assert "AWS_SECRET" not in text


def test_only_plans_run_for_pull_requests_of_forks_and_without_rights() -> None:
    diff = jobs(EXAMPLES / "github-actions" / "plan.yaml")["diff"]
    assert diff["permissions"] == {"contents": "read"}
    assert not any("aws-actions" in step.get("uses", "") for step in diff["steps"])


@pytest.mark.parametrize(
    ("forge", "used"), [("github-actions", WORKFLOWS), ("gitlab", [GITLAB])], ids=["github", "gitlab"]
)
def test_every_role_is_used_and_keeps_our_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: str, used: list[Path]
) -> None:
    graph = roles_of(forge, tmp_path, monkeypatch)
    stack = open_session(Options(f"{forge}/access.yaml")).stack
    found = judge(Rulebook.of_project(tmp_path), graph, None, stack, date(2026, 11, 24))
    assert [one for one in found.diagnostics() if one.severity in ("error", "warning")] == []
    roles = {f"role/{one.properties['name']}" for one in graph if one.type == ROLE}
    assert {name for path in used for name in re.findall(r"role/acme-[\w-]+", path.read_text("utf-8"))} == roles


def test_the_roles_of_gitlab_trust_the_subjects_of_its_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens" (read 2026-11-24)."""
    trusted = {}
    for one in roles_of("gitlab", tmp_path, monkeypatch):
        if one.type == ROLE:
            (statement,) = parts_of(one.properties["assumeRolePolicy"])["Statement"]
            claims = {key: value for asked in statement["Condition"].values() for key, value in asked.items()}
            trusted[str(one.address)] = claims
    assert {claims["gitlab.com:aud"] for claims in trusted.values()} == {"https://gitlab.com"}
    subject = "project_path:acme/platform:ref_type:branch:ref:"
    assert {address: claims["gitlab.com:sub"].removeprefix(subject) for address, claims in trusted.items()} == {
        "resources.plan": "*",
        "resources.drift": "main",
        "resources.apply": "main",
        "resources.preview": "preview/*",
    }


def parts_of(document: Any) -> Any:
    """A trust policy, with whatever only an apply can tell spelt out as nothing."""
    texts = [part if isinstance(part, str) else "" for part in getattr(document, "parts", [document])]
    return json.loads("".join(texts))


def roles_of(forge: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    """What the stack of a forge's roles desires."""
    checkout = Checkout(folder)
    checkout.commit("none", {"README.md": "roles"})
    files = {
        f"{one}/access.yaml": (EXAMPLES / one / "access.yaml").read_text("utf-8")
        for one in ("github-actions", "gitlab")
    }
    checkout.commit("one", files)
    monkeypatch.chdir(folder)
    return compare(Options(f"{forge}/access.yaml"), "none", "one").graph


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    found = Runner(tmp_path)
    yield found
    found.close()


class Runner:
    """Runs the scripts of a job, one after the other, as a runner does: bash, the job's variables, one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.forge = folder, GitHub()
        (folder / "stack.yaml").write_text(STACK)
        tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environ = {"PATH": tools, "HOME": str(folder), "GITHUB_OUTPUT": str(folder / "output")}
        self.environ |= {"GITHUB_STEP_SUMMARY": str(folder / "summary"), "NUMBER": "12", "STACK": "stack.yaml"}
        self.environ |= {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/platform", "GITHUB_TOKEN": TOKEN}
        self.environ |= {"GITHUB_REF": "refs/pull/12/merge", "GITHUB_GRAPHQL_URL": self.forge.url}

    def run(self, file: str, job: str, *, code: int = 0) -> str:
        """Run a job's scripts, but for what is not ours; answer what they printed."""
        printed = ""
        for step in jobs(EXAMPLES / "github-actions" / file)[job]["steps"]:
            script = step.get("run", "")
            if not script or script.startswith("pip install") or "gh " in script:
                continue
            environ = {**self.environ, "CODE": self.output("code")}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                cwd=self.folder, env=environ, capture_output=True, text=True, check=False,
            )  # fmt: skip
            printed += done.stdout + done.stderr
            if done.returncode:
                assert done.returncode == code, printed
                return printed
        assert code == 0, printed
        return printed

    def atlantis(self, stage: str) -> str:
        """Run the steps of a stage where Atlantis runs them: in the project's directory, of a clone."""
        project = self.folder / "stacks" / "production"
        if not project.exists():
            project.mkdir(parents=True)
            (project / "stack.yaml").write_text(STACK)
            subprocess.run(["git", "init", "--quiet"], cwd=self.folder, env=self.environ, check=True)
        own = {"REPO_REL_DIR": "stacks/production", "PLANFILE": str(project / "default.tfplan")}
        steps = yaml.safe_load(ATLANTIS.read_text(encoding="utf-8"))["workflows"]["mlinfra"][stage]["steps"]
        return "".join(
            subprocess.run(
                ["sh", "-c", step["run"]],
                cwd=project, env={**self.environ, **own}, capture_output=True, text=True, check=True,
            ).stdout
            for step in steps
        )  # fmt: skip

    def output(self, name: str) -> str:
        """What a step has put out."""
        path = self.folder / "output"
        lines = path.read_text().splitlines() if path.exists() else []
        return next((line.partition("=")[2] for line in reversed(lines) if line.startswith(f"{name}=")), "")

    def close(self) -> None:
        self.forge.close()
        command = [str(Path(sys.executable).with_name("mlinfra")), "sandbox", "down"]
        subprocess.run(command, cwd=self.folder, env=self.environ, check=True, capture_output=True)


def test_a_change_goes_from_its_pull_request_to_the_cloud(runner: Runner) -> None:
    assert "the comment is posted" in runner.run("plan.yaml", "plan")
    assert "**create** `resources.net`" in runner.forge.bodies()[0]
    assert "1 created" in runner.run("apply.yaml", "apply")
    (runner.folder / "stack.yaml").write_text(STACK.replace("10.9.0.0/16", "10.8.0.0/16"))
    assert "the comment is updated" in runner.run("plan.yaml", "plan")
    assert len(runner.forge.bodies()) == 1
    assert "**replace" in runner.forge.bodies()[0]
    # Merged together with something else: what was reviewed is not what would be done any more.
    (runner.folder / "stack.yaml").write_text(STACK.replace("10.9.0.0/16", "10.7.0.0/16"))
    assert "MLI" in runner.run("apply.yaml", "apply", code=5)
    (runner.folder / "stack.yaml").write_text(STACK.replace("region:", "regoin:"))
    assert "the comment is updated" in runner.run("plan.yaml", "plan", code=1)
    (body,) = runner.forge.bodies()
    assert "There is no plan: 1 error below." in body
    assert "`stack.yaml:4:29`" in body
    (runner.folder / "stack.yaml").write_text(STACK)
    runner.run("drift.yaml", "drift")
    assert runner.output("code") == "0"
    assert "No drift" in (runner.folder / "summary").read_text()


def test_a_preview_comes_and_goes_and_atlantis_applies_what_it_planned(runner: Runner) -> None:
    assert "1 to create" in runner.atlantis("plan")
    assert "1 created" in runner.atlantis("apply")
    assert "nothing to do" in runner.run("preview.yaml", "up")  # the same stack
    assert "nothing is left" in runner.run("preview.yaml", "down")


GH = """\
#!/bin/sh
echo "$*" >> gh.log
case "$*" in
  *commits/*/pulls*) echo "$HEAD" ;;
  "run list"*) echo "$RUN" ;;
  "issue list"*) echo "$ISSUE" ;;
esac
"""


def forge_step(folder: Path, file: str, job: str, **said: str) -> tuple[int, str, list[str]]:
    """Run the step of a job that asks GitHub, of one that answers as `said`: exit code, output, and what was asked."""
    (step,) = (one for one in jobs(EXAMPLES / "github-actions" / file)[job]["steps"] if "gh " in one.get("run", ""))
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(folder / "output"), **said}
    environ |= {"GITHUB_REPOSITORY": "acme/platform", "GITHUB_SHA": "5a5a", "STACK": "stack.yaml"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, (folder / "gh.log").read_text().splitlines()


def test_what_came_by_no_pull_request_is_applied_by_no_other_plan(tmp_path: Path) -> None:
    code, said, asked = forge_step(tmp_path, "apply.yaml", "apply", HEAD="", RUN="17")
    assert (code, len(asked)) == (1, 1)  # nobody looks for the plan of no commit: any would be found
    assert "::error::5a5a came by no pull request" in said


@pytest.mark.parametrize(("run", "code"), [("17", 0), ("", 1)])
def test_the_plan_of_the_merged_head_is_applied_or_none(tmp_path: Path, run: str, code: int) -> None:
    assert forge_step(tmp_path, "apply.yaml", "apply", HEAD="abcd", RUN=run)[0] == code
    found = (tmp_path / "output").read_text() if code == 0 else ""
    assert found == ("run=17\n" if code == 0 else "")


@pytest.mark.parametrize(
    ("code", "issue", "asked"),
    [
        ("0", "", []),
        ("0", "4", ["issue close"]),
        ("2", "", ["label create", "issue create"]),
        ("2", "4", ["label create", "issue edit"]),
        ("1", "4", []),
    ],
)
def test_drift_keeps_one_issue(tmp_path: Path, code: str, issue: str, asked: list[str]) -> None:
    ended, _, log = forge_step(tmp_path, "drift.yaml", "drift", CODE=code, ISSUE=issue)
    assert ended == (1 if code == "1" else 0)
    assert [" ".join(line.split()[:2]) for line in log if not line.startswith("issue list")] == asked
