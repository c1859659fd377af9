"""Two revisions of a stack, compared without credentials, without a state and without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlinfra.cli.main import main
from tests.session.repository import STACK, Checkout

MODULE = """\
\"\"\"A data set: a bucket.\"\"\"
from typing import Annotated
from msgspec import Meta, Struct
from mlinfra.core.value import Value
from mlinfra.library import Block, Place
SECTION = Place("datasets", many=True)
class Inputs(Block, frozen=True, kw_only=True):
    \"\"\"A data set.\"\"\"
class Outputs(Struct, frozen=True, kw_only=True, rename="camel"):
    \"\"\"Where it is.\"\"\"
    bucket: Annotated[Value, Meta(description="its name")]
def build(scope, inputs, facts):
    \"\"\"Make it.\"\"\"
    return Outputs(bucket=scope.add("", "aws:s3/bucket:Bucket", {PROPERTIES}).id)
"""
DATASETS = STACK.partition("network:")[0] + "datasets: {clicks: {}}\n"
VPC = """\
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: CIDR}}
  sub: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${resources.net.id}", cidrBlock: 10.9.1.0/24}}
"""
SMALL = STACK.partition("network:")[0] + VPC.replace("CIDR", "10.9.0.0/16")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    found = Checkout(tmp_path / "clone")
    monkeypatch.chdir(found.place)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    # Whoever would ask AWS, for credentials or for anything else, is refused at once.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    return found


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    def printed(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(["diff", *words]) == code
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return out if code in (0, 2) else err

    return printed


@pytest.fixture
def differing(capsys: pytest.CaptureFixture[str]) -> Any:
    def differing(*words: str) -> dict[str, dict[str, Any]]:
        capsys.readouterr()
        main(["diff", *words, "-o", "json"])
        out, err = capsys.readouterr()
        assert err == ""
        return {change["address"]: change for change in json.loads(out)["changes"]}

    return differing


def test_two_equal_revisions_differ_by_nothing(checkout: Checkout, printed: Any) -> None:
    checkout.commit("one", {"stack.yaml": STACK})
    checkout.commit("two", {"README.md": "about it"})
    assert "demo: no difference, both desire the same" in printed("stack.yaml", "one", "two", "--detailed-exitcode")
    assert "No difference" in printed("stack.yaml", "one", "two", "-o", "markdown")


def test_what_a_plan_would_replace_is_told_with_cause_and_line(checkout: Checkout, differing: Any) -> None:
    checkout.commit("one", {"stack.yaml": STACK})
    checkout.commit("two", {"stack.yaml": STACK.replace("m6i.large", "m6i.xlarge").replace('"1.32"', '"1.34"')})
    found = differing("stack.yaml", "one", "two")
    assert set(found) == {"cluster", "nodeGroups.system"}
    cluster, group = found["cluster"], found["nodeGroups.system"]
    assert (cluster["action"], cluster["fields"][0]["before"], cluster["fields"][0]["after"]) == (
        "update",
        "1.32",
        "1.34",
    )
    assert cluster["reason"] == "in 2 steps, one after the other"
    assert (group["action"], group["order"], group["source"]) == ("replace", "create-first", "stack.yaml:9:3")
    assert next(field for field in group["fields"] if field["forces"]) == {
        "path": "instanceTypes", "before": ["m6i.large"], "after": ["m6i.xlarge"], "cause": "change", "forces": True
    }  # fmt: skip


def test_a_replacement_spreads_to_what_stands_on_it(checkout: Checkout, differing: Any) -> None:
    checkout.commit("one", {"stack.yaml": SMALL})
    checkout.write({"stack.yaml": SMALL.replace("10.9.0.0/16", "10.9.0.0/17")})
    found = differing("stack.yaml", "one")
    assert {address: change["action"] for address, change in found.items()} == dict.fromkeys(
        ["resources.net", "resources.sub"], "replace"
    )
    assert found["resources.sub"]["fields"] == [
        {
            "path": "vpcId",
            "before": {"unknown": "resources.net.id"},
            "after": {"unknown": "resources.net.id"},
            "cause": "known after apply",
            "forces": True,
        }
    ]


def test_a_rename_is_a_move_where_it_is_declared_and_else_a_deletion(checkout: Checkout, differing: Any) -> None:
    renamed = SMALL.replace("  sub:", "  lower:")
    checkout.commit("one", {"stack.yaml": SMALL})
    checkout.commit("two", {"stack.yaml": renamed})
    checkout.commit("three", {"stack.yaml": renamed + "moved: [{from: resources.sub, to: resources.lower}]\n"})
    assert {at: (one["action"], one["source"]) for at, one in differing("stack.yaml", "one", "two").items()} == {
        "resources.lower": ("create", "stack.yaml:8:3"),
        "resources.sub": ("delete", "one:stack.yaml:8:3"),
    }
    moved = differing("stack.yaml", "one", "three")["resources.lower"]
    assert (moved["action"], moved["origin"]) == ("move", "resources.sub")


def test_modules_policies_and_what_is_extended_are_those_of_each_revision(checkout: Checkout, differing: Any) -> None:
    below = "metadata: {tags: {team: recsys}}\n"
    stack = "extends: [../base.yaml]\n" + DATASETS.replace(", tags: {team: recsys}", "")
    module = MODULE.replace("PROPERTIES", '"forceDestroy": False')
    checkout.commit("one", {"base.yaml": below, "prod/stack.yaml": stack, "modules/dataset/module.py": module})
    checkout.commit("two", {"base.yaml": below.replace("recsys", "search")})
    checkout.commit("three", {"modules/dataset/module.py": MODULE.replace("PROPERTIES", '"bucket": "clicks-of-acme"')})
    by_file = differing("prod/stack.yaml", "one", "two")["datasets.clicks"]
    assert [field["path"] for field in by_file["fields"]] == ["tags.team"]
    by_module = differing("prod/stack.yaml", "two", "three")["datasets.clicks"]
    assert (by_module["action"], by_module["fields"][0]["path"]) == ("replace", "bucket")
    assert by_module["source"] == "prod/stack.yaml:7:12"
    assert differing("prod/stack.yaml", "three", "one") != {}


def test_a_file_that_one_revision_lacks_is_all_new_or_all_gone(checkout: Checkout, printed: Any) -> None:
    checkout.commit("none", {"README.md": "about it"})
    checkout.commit("one", {"stack.yaml": SMALL})
    assert "Diff: 2 to create." in printed("stack.yaml", "none", "one", "--detailed-exitcode", code=2)
    gone = printed("stack.yaml", "one", "none")
    assert "Diff: 2 to delete." in gone
    assert "what was made from it stays until somebody destroys it" in gone
    assert "neither" in printed("other.yaml", "none", "one", code=1)


def test_a_stack_of_another_name_is_another_stack(checkout: Checkout, printed: Any) -> None:
    checkout.commit("one", {"stack.yaml": SMALL})
    checkout.commit("two", {"stack.yaml": SMALL.replace("name: demo", "name: other")})
    said = printed("stack.yaml", "one", "two")
    assert "2 to create" in said
    assert "name demo becomes other" in said


def test_an_input_is_given_to_the_revision_that_has_it(checkout: Checkout, printed: Any, differing: Any) -> None:
    newer = SMALL.replace("10.9.0.0/16", '"${inputs.range}"') + "inputs: {range: {type: string}}\n"
    checkout.commit("one", {"stack.yaml": SMALL})
    checkout.commit("two", {"stack.yaml": newer})
    found = differing("stack.yaml", "one", "two", "--set", "range=10.8.0.0/16")["resources.net"]["fields"][0]
    assert (found["before"], found["after"]) == ("10.9.0.0/16", "10.8.0.0/16")
    assert "declares no input rnage" in printed("stack.yaml", "one", "one", "--set", "rnage=1", code=1)


def test_the_newer_revision_is_held_to_its_rules_and_its_budget(checkout: Checkout, printed: Any) -> None:
    key = 'resources: {k: {type: "aws:kms/key:Key", properties: {enableKeyRotation: true}}}\n'
    head = STACK.partition("network:")[0]
    checkout.commit("one", {"stack.yaml": head.replace("development", "production") + key})
    bare = head.replace("development", "production") + key.replace("true", "false")
    checkout.commit("two", {"stack.yaml": bare})
    assert main(["diff", "stack.yaml", "one", "two"]) == 3
    poor = STACK.replace("development}", "development, budget: {monthlyUSD: 1, onBreach: fail}}")
    checkout.commit("three", {"stack.yaml": poor})
    assert main(["diff", "stack.yaml", "one", "three"]) == 7


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stack.yaml", "nowhere"), "MLI3065: {place} has no revision 'nowhere'"),
        (("stack.yaml", "--output=x"), "MLI9002"),
        (("../elsewhere.yaml", "one"), "MLI3064: ../elsewhere.yaml lies outside the repository"),
        (("stack.yaml", "bad"), "bad:stack.yaml:4:"),
    ],
)
def test_mistakes_are_said(words: tuple[str, ...], said: str, checkout: Checkout, printed: Any) -> None:
    checkout.commit("bad", {"stack.yaml": SMALL.replace("region:", "regoin:")})
    checkout.commit("one", {"stack.yaml": SMALL})
    assert said.format(place=checkout.place) in printed(*words, code=1)


def test_where_there_is_no_repository_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "stack.yaml").write_text(SMALL)
    assert "is in no git repository" in printed("stack.yaml", "main", code=1)


def test_a_shallow_clone_is_told_to_fetch(checkout: Checkout, monkeypatch: pytest.MonkeyPatch, printed: Any) -> None:
    checkout.commit("one", {"stack.yaml": SMALL})
    checkout.commit("two", {"stack.yaml": SMALL})
    shallow = checkout.place.parent / "shallow"
    checkout.git("clone", "--quiet", "--depth=1", "--no-tags", f"file://{checkout.place}", str(shallow))
    monkeypatch.chdir(shallow)
    assert "git fetch origin one" in printed("stack.yaml", "one", code=1)


def test_the_merge_base_leaves_out_what_came_to_the_base_since(checkout: Checkout, differing: Any) -> None:
    checkout.commit("fork", {"stack.yaml": SMALL})
    checkout.git("checkout", "--quiet", "-b", "topic")
    checkout.commit("mine", {"stack.yaml": SMALL.replace("10.9.1.0/24", "10.9.2.0/24")})
    checkout.git("checkout", "--quiet", "main")
    checkout.commit("theirs", {"stack.yaml": SMALL.replace("recsys", "search")})
    assert set(differing("stack.yaml", "main", "topic", "--merge-base")) == {"resources.sub"}
    assert set(differing("stack.yaml", "main", "topic")) == {"resources.net", "resources.sub"}


def test_an_output_of_another_stack_stays_a_name(checkout: Checkout, printed: Any, differing: Any) -> None:
    shared = SMALL.replace("${resources.net.id}", "${stacks.shared.outputs.vpc}")
    shared += "stacks: {shared: {state: s3://elsewhere/shared}}\n"
    checkout.commit("one", {"stack.yaml": SMALL})
    checkout.commit("two", {"stack.yaml": shared})
    field = differing("stack.yaml", "one", "two")["resources.sub"]["fields"][0]
    assert (field["before"], field["after"]) == (
        {"unknown": "resources.net.id"},
        {"unknown": "stacks.shared.outputs.vpc"},
    )
    used = 'network: {use: {vpcId: "${stacks.shared.outputs.vpc}", subnetIds: "${stacks.shared.outputs.subnets}"}}\n'
    checkout.commit("three", {"stack.yaml": shared + used})
    labelled = "cluster: {}\nnodeGroups: {system: {instances: [m6i.large], max: 3, labels: {team: TEAM}}}\n"
    for commit, team in (("labelled", "search"), ("named", "'${stacks.shared.outputs.team}'")):
        checkout.commit(commit, {"stack.yaml": shared + used + labelled.replace("TEAM", team)})
    field = differing("stack.yaml", "labelled", "named")["nodeGroups.system"]["fields"][0]
    assert (field["path"], field["before"], field["after"]) == (
        "labels.team",
        "search",
        {"unknown": "stacks.shared.outputs.team"},
    )
    counted = labelled.replace("max: 3", "max: '${stacks.shared.outputs.most}'").replace("TEAM", "search")
    checkout.commit("counted", {"stack.yaml": shared + used + counted})
    assert "MLI3074" in printed("stack.yaml", "named", "counted", code=1)


def test_a_page_and_a_comment_come_of_it_too(checkout: Checkout, printed: Any) -> None:
    checkout.commit("one", {"stack.yaml": STACK})
    checkout.commit("two", {"stack.yaml": STACK.replace("max: 4", "max: 6")})
    page = printed("stack.yaml", "one", "two", "-o", "html")
    assert "Diff: demo" in page
    assert "mlinfra-diff-" not in page
    comment = printed("stack.yaml", "one", "two", "-o", "markdown")
    assert comment.startswith("<!-- mlinfra:diff:demo -->\n## Diff: `demo`")
    assert "scalingConfig.maxSize" in comment


def test_links_and_strange_names_write_nothing_outside(checkout: Checkout, printed: Any) -> None:
    (checkout.place / "modules").symlink_to("/")
    (checkout.place / "link.yaml").symlink_to("/etc/hostname")
    checkout.commit("one", {"stack.yaml": "extends: [link.yaml]\n" + SMALL})
    checkout.commit("two", {"stack.yaml": SMALL})
    assert '"link.yaml" is a symbolic link' in printed("stack.yaml", "one", "two", code=1)


def test_a_comparison_says_what_a_plan_says_once_the_older_one_is_applied(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, differing: Any
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    older = STACK.replace("platform: aws", "platform: sandbox")
    newer = older.replace("m6i.large", "m6i.xlarge").replace('"1.32"', '"1.33"').replace("recsys", "search")
    newer = newer.replace("nat: single", "nat: per-zone").replace("zones: 2", "zones: 2, vpcEndpoints: [s3, sts]")
    checkout.commit("one", {"stack.yaml": older})
    checkout.commit("two", {"stack.yaml": newer})
    checkout.git("checkout", "--quiet", "one")
    try:
        assert main(["apply", "stack.yaml", "--yes"]) == 0
        checkout.git("checkout", "--quiet", "two")
        capsys.readouterr()
        main(["plan", "stack.yaml", "-o", "json"])
        planned = {change["address"]: told(change) for change in json.loads(capsys.readouterr().out)["changes"]}
    finally:
        main(["sandbox", "down"])
    assert {address: told(change) for address, change in differing("stack.yaml", "one", "two").items()} == planned
    assert {action for action, *_ in planned.values()} >= {"create", "update", "replace"}


def told(change: dict[str, Any]) -> tuple[Any, ...]:
    """What is told of a change but for identities, and for what EKS gives a cluster: a comparison cannot know them."""
    known = [field for field in change["fields"] if field["path"] != "addonVersion"]
    fields = [(field["path"], field["cause"], field["forces"]) for field in known]
    return change["action"], change["order"], change["source"], change["reason"], fields
