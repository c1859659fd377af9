from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlinfra.cli.render.page import plain
from mlinfra.cli.render.stack import expanded_data, expanded_page
from mlinfra.core import codec
from mlinfra.core.backend import Holder
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.state import State
from mlinfra.core.value import Secret
from tests.cli import graphs, plans
from tests.cli.answers import Charted, Leaf
from tests.cli.fakes import FakeSession, FakeSessions, run

HOLDER = Holder(
    token=42,
    who="alice@laptop",
    purpose="apply",
    since=datetime(2026, 11, 21, 9, tzinfo=UTC),
    expires=datetime(2026, 11, 21, 10, tzinfo=UTC),
)


def test_drift_exits_with_2_where_there_is_some_and_with_0_where_there_is_none() -> None:
    drifted = run("drift", "stack.yaml", session=FakeSession(plans.DRIFT))
    assert drifted.code == 2
    assert "labels.team            intruder → recsys  drift" in drifted.out
    assert "1 object not as last applied. Apply brings it all back." in drifted.out
    quiet = run("drift", "stack.yaml", session=FakeSession(plans.NO_OP))
    assert (quiet.code, quiet.err) == (0, "")
    assert "no drift, 3 objects are as last applied" in quiet.out


def test_drift_is_called_drift_in_every_form() -> None:
    for form, heading in (("text", "demo  drift"), ("markdown", "## Drift: `demo`"), ("html", "<h1>Drift: demo</h1>")):
        assert heading in run("drift", "stack.yaml", "-o", form, session=FakeSession(plans.DRIFT)).out


def test_drift_exits_with_1_where_something_could_not_be_read() -> None:
    result = run("drift", "stack.yaml", session=FakeSession(plans.unread(plans.DRIFT)))
    assert result.code == 1
    quiet = run("drift", "stack.yaml", session=FakeSession(plans.unread(plans.NO_OP)))
    assert quiet.code == 1
    assert "no drift, 2 objects are as last applied, 1 could not be read" in quiet.out


def test_drift_exits_with_2_where_others_added_something() -> None:
    finding = Diagnostic(severity=Severity.WARNING, code="MLI3180", summary="registries.old has a lifecycle policy")
    alone = run("drift", "stack.yaml", session=FakeSession(plans.plan(*plans.NO_OP.changes, diagnostics=(finding,))))
    assert alone.code == 2
    assert "1 thing added outside of the stack; otherwise no drift, 3 objects are as last applied" in alone.out
    both = run("drift", "stack.yaml", session=FakeSession(plans.plan(*plans.DRIFT.changes, diagnostics=(finding,))))
    assert "Apply brings it all back. What was added, 1 thing, stays." in both.out
    form = ("-o", "markdown")
    told = run(
        "drift", "stack.yaml", *form, session=FakeSession(plans.plan(*plans.NO_OP.changes, diagnostics=(finding,)))
    )
    assert "Nothing else has drifted: 1 thing added outside of the stack, as told below." in told.out


def test_an_adoption_is_a_plan_that_is_confirmed_and_applied() -> None:
    session = FakeSession(plans.ADOPT)
    result = run("adopt", "stack.yaml", "registries.old", "old", session=session, typed="yes\n")
    assert result.code == 0
    assert session.asked == [("registries.old", "old")]
    assert "1 adopted" in result.out


def test_an_output_by_name_is_bare_for_other_programs() -> None:
    session = FakeSession(outputs={"registry": "1.dkr/models", "zones": ["a", "b"], "token": Secret("sm", "x", "y")})
    assert run("output", "stack.yaml", "registry", session=session).out == "1.dkr/models\n"
    assert run("output", "stack.yaml", "zones", "-o", "json", session=session).out == '[\n  "a",\n  "b"\n]\n'
    everything = run("output", "stack.yaml", session=session)
    assert "token     = (secret sm:x#y)" in everything.out


def test_an_unknown_output_suggests_a_near_one() -> None:
    result = run("output", "stack.yaml", "registri", session=FakeSession(outputs={"registry": "r"}))
    assert result.code == 1
    assert "did you mean registry?" in result.err


def test_outputs_before_the_first_apply_are_none() -> None:
    result = run("output", "stack.yaml")
    assert (result.code, result.out) == (0, "")
    assert "no outputs" in result.err


def test_a_stack_is_shown_with_its_target_state_and_sections() -> None:
    session = FakeSession()
    session.lock = HOLDER
    result = run("show", "stack.yaml", session=session)
    assert "aws 123456789012 us-east-1" in result.out
    assert "serial 4, 2 objects" in result.out
    assert "locked by alice@laptop for apply" in result.out
    assert "nodeGroups  gpu" in result.out
    assert json.loads(run("show", "stack.yaml", "-o", "json").out)["state"]["objects"] == 2


def test_a_long_value_is_shortened_where_people_read_and_whole_for_programs() -> None:
    leaf = Leaf("resources.page.value", "x" * 10_000, "stack.yaml:9")
    (line,) = plain(expanded_page([leaf])).splitlines()
    assert len(line) < 500
    assert line.endswith("... (10000 characters)  stack.yaml:9")
    assert expanded_data([leaf])[0]["value"] == leaf.value


def test_an_expanded_stack_names_the_origin_of_every_value() -> None:
    lines = run("show", "stack.yaml", "--expanded").out.splitlines()
    assert lines[0].split() == ["metadata.name", "demo", "stack.yaml:3"]
    assert lines[1].split() == ["network.nat", "single", "default"]
    told = json.loads(run("show", "stack.yaml", "--expanded", "-o", "json").out)
    assert told[2] == {"path": "nodeGroups.gpu.max", "value": 4, "origin": "--set"}


def test_a_graph_is_a_tree_with_what_each_needs() -> None:
    result = run("graph", "stack.yaml", session=FakeSession(resources=list(graphs.cluster(1))))
    assert "demo  24 resources" in result.out
    assert "needs cluster.key, cluster.logs, cluster.role, network.private-a" in result.out


def test_a_graph_as_json_and_mermaid_holds_the_same_edges() -> None:
    session = FakeSession(resources=list(graphs.cluster(1)))
    told = json.loads(run("graph", "stack.yaml", "-o", "json", session=session).out)
    edges = sum(len(resource["needs"]) for resource in told["resources"])
    mermaid = run("graph", "stack.yaml", "-o", "mermaid", session=session).out
    assert mermaid.startswith("flowchart LR\n")
    assert mermaid.count(" --> ") == edges == 26
    assert mermaid.count("subgraph") == mermaid.count("  end") == 4


def test_a_graph_as_a_page_draws_every_resource_and_edge() -> None:
    page = run("graph", "stack.yaml", "-o", "html", session=FakeSession(resources=list(graphs.cluster(1)))).out
    assert page.count(' data-node="') == 24
    assert page.count('data-from="') == 26


def test_a_plan_as_a_page_draws_what_is_deleted_too() -> None:
    session = FakeSession(plans.DELETE, resources=list(graphs.cluster(1)))
    page = run("plan", "stack.yaml", "-o", "html", session=session).out
    assert '<a class="node delete" href="#c-registries.old"' in page
    assert 'id="c-registries.old"' in page


def test_records_are_listed_and_shown() -> None:
    listed = run("state", "list", "stack.yaml").out
    assert "network.vpc            aws:ec2/vpc:Vpc  vpc-1" in listed
    shown = run("state", "show", "stack.yaml", "network.vpc").out
    assert "cidrBlock  10.0.0.0/16" in shown
    assert json.loads(run("state", "show", "stack.yaml", "network.vpc", "-o", "json").out)["outputs"] == {"id": "vpc-1"}
    assert "did you mean network.vpc?" in run("state", "show", "stack.yaml", "network.vpx").err


def test_a_rename_reaches_the_session() -> None:
    session = FakeSession()
    assert run("state", "mv", "stack.yaml", "nodeGroups.a", "nodeGroups.b", session=session).code == 0
    assert session.asked == [("move", "nodeGroups.a", "nodeGroups.b")]


def test_forgetting_asks_first() -> None:
    session = FakeSession()
    assert run("state", "forget", "stack.yaml", "network.vpc", session=session).code == 1
    assert run("state", "forget", "stack.yaml", "network.vpc", session=session, typed="yes\n").code == 0
    assert "network.vpc" not in run("state", "list", "stack.yaml", session=session).out


def test_a_lost_state_is_shown_before_it_is_written() -> None:
    session = FakeSession()
    assert run("state", "rebuild", "stack.yaml", session=session, typed="no\n").code == 1
    assert session.asked == []
    result = run("state", "rebuild", "stack.yaml", session=session, typed="yes\n")
    assert "vpc-1" in result.out
    assert session.asked == [("accept", "l1")]


def test_two_lineages_are_refused() -> None:
    result = run("state", "rebuild", "stack.yaml", "--yes", session=FakeSession(lineages=("l1", "l2")))
    assert result.code == 1
    assert "MLI9009" in result.err
    assert "l1, l2" in result.err


def test_the_state_is_pulled_as_it_is_stored() -> None:
    pulled = run("state", "pull", "stack.yaml").out
    assert codec.decode(pulled, State).serial == 4


def test_a_lock_is_shown_with_its_token_and_broken_by_it() -> None:
    session = FakeSession()
    assert "is not locked" in run("state", "unlock", "stack.yaml", session=session).out
    session.lock = HOLDER
    assert "mlinfra state unlock stack.yaml 42" in run("state", "unlock", "stack.yaml", session=session).out
    assert session.asked == []
    assert run("state", "unlock", "stack.yaml", "42", "--yes", session=session).code == 0
    assert session.asked == [("unlock", 42)]


def test_the_schema_is_json() -> None:
    assert json.loads(run("schema").out)["type"] == "object"


def test_modules_are_listed_and_shown_with_their_inputs() -> None:
    listed = run("modules", "list").out
    assert "nodeGroups  node-group  Machines." in listed
    assert "(not built yet) Model serving." in listed
    shown = run("modules", "show", "node-group").out
    assert "instances  list of string  In order of preference. (required)" in shown
    assert "min        integer  Fewest nodes. (default 0)" in shown
    assert "did you mean node-group or nodeGroups?" in run("modules", "show", "node-grup").err


def test_the_sandbox_goes_up_and_down() -> None:
    sessions = FakeSessions(FakeSession())
    assert "http://127.0.0.1:5000" in run("sandbox", "up", "--port", "5000", sessions=sessions).out
    assert json.loads(run("sandbox", "status", "-o", "json", sessions=sessions).out)["running"] is True
    assert run("sandbox", "reset", sessions=sessions).code == 0
    assert run("sandbox", "down", sessions=sessions).code == 0
    assert "the sandbox is down" in run("sandbox", "status", sessions=sessions).out
    assert "MLI7001" in run("sandbox", "reset", sessions=sessions).err


def test_a_starter_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "My Recsys_1"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert run("init").code == 0
    text = (folder / "stack.yaml").read_text()
    assert "name: my-recsys-1 " in text
    assert "platform: sandbox" in text
    again = run("init", "--name", "other")
    assert again.code == 1
    assert "exists already" in again.err
    assert (folder / "stack.yaml").read_text() == text


def test_a_bucket_is_made_on_request_and_the_starter_keeps_its_state_there(tmp_path: Path) -> None:
    sessions, path = FakeSessions(FakeSession()), tmp_path / "a.yaml"
    asked = ["--platform", "aws", "--name", "recsys", "--region", "eu-central-1", "--bucket", "acme-states"]
    assert run("init", str(path), *asked, sessions=sessions).code == 0
    assert sessions.buckets == [("aws", "eu-central-1", "acme-states")]
    assert "\nstate: s3://acme-states/recsys\n" in path.read_text()
    assert "region: eu-central-1" in path.read_text()
    again = run("init", str(path), *asked, sessions=sessions)
    assert (again.code, len(sessions.buckets)) == (0, 2)
    assert "left as it is" in again.out


def test_a_starter_for_aws_bears_the_name_given(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    assert run("init", str(path), "--platform", "aws", "--name", "recsys").code == 0
    assert "platform: aws" in path.read_text()
    assert run("init", str(tmp_path / "b.yaml"), "--name", "Bad Name").code == 1
    assert not (tmp_path / "b.yaml").exists()


def test_charts_are_listed_with_where_they_come_from_and_whether_they_are_at_hand() -> None:
    listed = run("charts", "list", "stack.yaml")
    assert listed.code == 0
    assert "keda 1.2.3  https://charts.example.com" in listed.out
    assert "components.keda  not at hand" in listed.out
    pulled = run("charts", "pull", "stack.yaml", "-o", "json")
    assert pulled.code == 0
    assert [(one["address"], one["digest"], one["pinned"]) for one in json.loads(pulled.out)] == [
        ("components.keda", "sha256:" + "5a" * 32, False),
        ("resources.web", "sha256:" + "5a" * 32, True),
    ]


def test_a_chart_that_cannot_be_used_is_an_error() -> None:
    sessions = FakeSessions(FakeSession())
    sessions.charts = [Charted(address="components.keda", chart="keda", problem="nobody answers")]
    pulled = run("charts", "pull", "stack.yaml", sessions=sessions)
    assert pulled.code == 1
    assert "nobody answers" in pulled.out


def test_a_token_is_given_whole_to_the_program_that_asked_for_it() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"  # what is presigned bears its signer's key
    result = run("cluster-token", "prod", "--region", key, session=FakeSession(plans.NO_OP))
    assert f'"token": "prod in {key}"' in result.out
