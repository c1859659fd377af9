"""What a plan refuses of the desires alone, a comparison of two revisions refuses as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.core.plan import Verb
from mlinfra.session import Options, compare
from mlinfra.session.pull_requests.comparison import Comparison
from tests.session.repository import STACK, Checkout

REPOSITORY = 'resources: {images: {type: "aws:ecr/repository:Repository", properties: {name: Images}}}\n'
POD = """\
resources:
  web:
    type: kubernetes:core/v1:Pod
    properties: {metadata: {name: web}, spec: {containers: [{name: web, image: x}]}}
"""
PRIVATE = STACK.replace("endpoint: {public: true, allowedCidrs: [203.0.113.0/24]}", "endpoint: {}")


def database(size: int, engine: str) -> str:
    given = f'engine: postgres, engineVersion: "{engine}", instanceClass: db.m7g.large, allocatedStorage: {size}'
    kept = f"identifier: kept, storageEncrypted: true, publiclyAccessible: false, backupRetentionPeriod: 7, {given}"
    entry = f'  kept: {{type: "aws:rds/instance:Instance", properties: {{{kept}}}}}\n'
    return STACK.partition("network:")[0] + "# what keeps data\nresources:\n" + entry


@pytest.fixture
def checkout(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    found = Checkout(nowhere / "clone")
    monkeypatch.chdir(found.place)
    monkeypatch.delenv("AWS_ENDPOINT_URL")  # on a simulated account some of this is no more than a note
    return found


def compared(checkout: Checkout, base: str, head: str) -> Comparison:
    checkout.commit("base", {"stack.yaml": base})
    checkout.write({"stack.yaml": head})
    return compare(Options("stack.yaml"), "base")


def version(number: str) -> str:
    return STACK.replace('"1.32"', f'"{number}"')


@pytest.mark.parametrize(
    ("base", "head", "code", "line"),
    [
        pytest.param(version("1.33"), version("1.32"), "MLI3088", 7, id="a version back"),
        pytest.param(version("1.29"), version("1.33"), "MLI3087", 7, id="four versions on"),
        pytest.param(STACK, STACK + REPOSITORY, "MLI3080", 10, id="a name that AWS refuses"),
        pytest.param(STACK, STACK + POD.replace("name: web}, spec", "name: We_b}, spec"), "MLI3080", 13, id="a name"),
        pytest.param(database(100, "16.4"), database(50, "16.4"), "MLI3161", 8, id="a disk that shrinks"),
        pytest.param(database(100, "16.4"), database(100, "16.3"), "MLI3161", 8, id="an engine that goes back"),
        pytest.param(database(100, "16.4"), database(100, "15.4"), "MLI3161", 8, id="to an older major version"),
        pytest.param(STACK.partition("cluster:")[0], PRIVATE + POD, "MLI3085", 7, id="no way in"),
    ],
)
def test_what_a_plan_refuses_is_refused(checkout: Checkout, base: str, head: str, code: str, line: int) -> None:
    told = compared(checkout, base, head).plan.diagnostics
    found = {one.code: one for one in told if one.severity.value == "error"}
    source = found.pop(code).source
    assert source is not None
    assert (source.file, source.line) == ("stack.yaml", line)
    assert not found
    assert "MLI3170" not in {one.code for one in told}  # nothing is warned of that is refused


@pytest.mark.parametrize("engine", ["16.4", "16.10", "17.2"])
def test_what_grows_and_goes_on_is_no_way_back(checkout: Checkout, engine: str) -> None:
    found = compared(checkout, database(100, "16.4"), database(200, engine)).plan.diagnostics
    assert "MLI3161" not in [one.code for one in found]


def test_an_upgrade_in_steps_is_told_with_them(checkout: Checkout) -> None:
    found = compared(checkout, version("1.32"), version("1.34")).plan.diagnostics
    assert "cluster goes to version 1.34 in 2 steps: 1.33, then 1.34" in [one.summary for one in found]


def test_to_a_version_that_nobody_names_no_steps_are_counted(checkout: Checkout) -> None:
    plan = compared(checkout, version("1.32"), STACK.replace('version: "1.32", ', "")).plan
    assert not [one for one in plan.diagnostics if one.code in ("MLI3086", "MLI3087", "MLI3088")]
    assert len([step for step in plan.steps if step.address == "cluster" and step.verb is Verb.UPDATE]) == 1


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (('version: "1.32"', 'version: "1.33"'), "for another version"),
        (("max: 4}", "max: 4, volume: {size: 300Gi}}"), "for another launchTemplate"),
        (("max: 4}", "max: 6}"), ""),
    ],
)
def test_that_nodes_are_replaced_by_an_update_is_said(checkout: Checkout, change: tuple[str, str], cause: str) -> None:
    found = compared(checkout, STACK, STACK.replace(*change)).plan.diagnostics
    rolling = [one for one in found if one.code == "MLI3160"]
    assert [one.detail.partition(";")[0] for one in rolling] == ([cause] if cause else [])
    assert {str(one.source) for one in rolling} <= {"stack.yaml:9:3"}


def test_what_is_said_of_an_object_that_goes_has_the_line_that_made_it(checkout: Checkout) -> None:
    kept = STACK.replace("environment: development", "environment: development, protect: [nodeGroups]")
    gone = kept.replace("  system:", "  other:")
    found = [one for one in compared(checkout, kept, gone).plan.diagnostics if one.code == "MLI3010"]
    assert {str(one.source) for one in found} == {"base:stack.yaml:9:3"}


def test_an_entry_under_another_name_is_asked_about(checkout: Checkout) -> None:
    found = compared(checkout, STACK, STACK.replace("system:", "basic:")).plan.diagnostics
    assert "nodeGroups.system goes and nodeGroups.basic comes, of the same shape" in [one.summary for one in found]
