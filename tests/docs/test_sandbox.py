"""What docs/sandbox.md shows works as it stands there: its rules, its annotations, its Python."""

from __future__ import annotations

import re
import shlex
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest

from mlinfra.sandbox.aws.quotas import Grant
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule
from mlinfra.sandbox.kubernetes.controllers.horizontal import METRICS
from mlinfra.sandbox.kubernetes.controllers.kubelet import DURATION, FAIL
from mlinfra.sandbox.kubernetes.subresources import LOG

TEXT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_rules_are_rules() -> None:
    (written,) = blocks("json")
    rules = msgspec.json.decode(written, type=list[FaultRule])
    assert len(rules) == len(msgspec.json.decode(written)) > 0


def test_everything_that_is_asked_of_the_control_path_is_answered() -> None:
    """Each `curl` runs as it stands, but for the port; an instance that a reader must find first is none here."""
    asked = [shlex.split(line, comments=True)[1:] for line in TEXT.splitlines() if line.startswith("curl ")]
    parsed = [
        (words[words.index("-X") + 1] if "-X" in words else "POST" if "-d" in words else "GET", words)
        for words in asked
    ]
    with Sandbox() as sandbox:
        for method, words in parsed:
            (url,) = (word for word in words if word.startswith("http://127.0.0.1:4566/"))
            data = words[words.index("-d") + 1].encode() if "-d" in words else None
            request = urllib.request.Request(
                url.replace("http://127.0.0.1:4566", sandbox.endpoint), data, method=method
            )
            if "i-0123456789abcdef0" in (data or b"").decode():
                with pytest.raises(urllib.error.HTTPError, match="400"):
                    urllib.request.urlopen(request)
                continue
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 200
    assert {words[-1].rpartition("/")[2] for method, words in parsed if method == "GET"} >= {"faults", "quotas"}


def test_a_quota_can_be_set_below_what_accounts_are_given() -> None:
    with Sandbox() as sandbox:
        assert (
            sandbox.grant(Grant(service="ec2", code="L-417A185B", value=0))["name"] == "Running On-Demand P instances"
        )
        held = {one["code"]: one["value"] for one in sandbox.quotas()}
        assert (held["L-417A185B"], held["L-DB2E81BA"]) == (0, 768)
        with pytest.raises(ValueError, match="there is no quota L-0"):
            sandbox.grant(Grant(service="ec2", code="L-0", value=1))
        sandbox.reset()
        assert {one["code"]: one["value"] for one in sandbox.quotas()}["L-417A185B"] == 768


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_kind_of_fault_is_named(kind: FaultKind) -> None:
    assert f"`{kind}`" in TEXT


def test_the_annotations_are_those_that_pods_heed() -> None:
    named = set(re.findall(r"sandbox\.mlinfra\.dev/[a-z]+", TEXT))
    assert named == {FAIL, DURATION, LOG, METRICS}


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "docs/sandbox.md", "exec"), {})
    assert capsys.readouterr().out == "{}\n"
