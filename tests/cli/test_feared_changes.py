"""Plans of the changes that reviewers fear, in all four forms, by heart; and what a reviewer must see in each."""

from __future__ import annotations

import json
import re

import pytest

from mlinfra.cli.plans import refusal
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.plan_html import plan_html
from mlinfra.cli.render.plan_json import plan_json
from mlinfra.cli.render.plan_markdown import plan_markdown
from mlinfra.cli.render.plan_text import plan_page
from tests.cli.feared import ABOUT, CHANGES, planned
from tests.cli.golden import is_golden


@pytest.mark.parametrize("name", CHANGES)
def test_a_feared_change_reads_as_it_always_did(name: str) -> None:
    plan, graph = planned(name)
    assert is_golden(f"feared/{name}.txt", plain(plan_page(plan, Look(width=120), ABOUT), 120))
    assert is_golden(f"feared/{name}.md", plan_markdown(plan, ABOUT))
    assert is_golden(f"feared/{name}.json", plan_json(plan))
    assert is_golden(f"feared/{name}.html", body(plan_html(plan, ABOUT, graph)))


def body(page: str) -> str:
    """A page without its style and its script, which say nothing of the plan; an element a line, to be compared."""
    bare = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return bare.replace("><", ">\n<")


# What is replaced or deleted, which codes are said, and the exit code of `mlinfra plan`.
SEEN: dict[str, tuple[set[str], set[str], int]] = {
    "another-address-range": ({"resources.net", "resources.subnet-a", "resources.system"}, set(), 0),
    "subnet-changed": ({"resources.subnet-b", "resources.system", "resources.gpu"}, set(), 0),
    "zone-given-up": ({"resources.subnet-b", "resources.system"}, {"MLI7001"}, 3),
    "another-instance-type": ({"resources.system"}, set(), 0),
    "key-deleted": ({"resources.key"}, {"MLI3037", "MLI7001"}, 1),
    "bucket-replaced": ({"resources.features", "resources.features-versions"}, {"MLI7001"}, 3),
    "bucket-deleted": ({"resources.features"}, {"MLI7001"}, 3),
    "cluster-three-minors-up": (set(), set(), 0),
    "unsupported-version": (set(), {"MLI7001"}, 3),
    "protected-removed": ({"resources.models"}, {"MLI3010"}, 1),
    "renamed-without-moved": ({"resources.gpu"}, set(), 0),
    "renamed": (set(), set(), 0),
    "api-open-to-the-world": (set(), {"MLI7001"}, 3),
    "too-dear": (set(), {"MLI8001"}, 7),
    "another-tag": (set(), set(), 0),
    "database-replaced": ({"resources.features-db"}, {"MLI7001"}, 3),
    "engine-major-upgrade": (set(), {"MLI3170"}, 0),
    "runtime-major-upgrade": (set(), {"MLI3170"}, 0),
    "half-of-it-gone": ({"resources.cluster", "resources.system", "resources.features"}, {"MLI3010"}, 1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_to_be_feared_is_seen_in_every_form(name: str) -> None:
    plan, graph = planned(name)
    lost, codes, code = SEEN[name]
    told = json.loads(plan_json(plan))
    destroyed = {one["address"] for one in told["changes"] if one["action"] in ("replace", "delete")}
    assert lost <= destroyed
    assert bool(lost) == bool(destroyed)
    assert codes <= {one["code"] for one in told["diagnostics"]}
    assert refusal(plan) == code
    text, comment = plain(plan_page(plan, Look(), ABOUT)), plan_markdown(plan, ABOUT)
    page = plan_html(plan, ABOUT, graph)
    for form in (text, comment, page):
        assert all(word in form for word in lost | codes)
    if lost:
        visible = comment.partition("<details>")[0]
        assert all(f"`{address}`" in visible for address in destroyed)
        assert "This " in comment.splitlines()[3]


def test_a_tag_of_the_whole_stack_is_a_few_lines() -> None:
    plan, graph = planned("another-tag")
    assert len(plan.pending()) > 10
    text = plain(plan_page(plan, Look(), ABOUT))
    assert len(text.splitlines()) < 15, text
    assert "team" in text
    comment = plan_markdown(plan, ABOUT)
    assert len(comment.splitlines()) < 40
    page = plan_html(plan, ABOUT, graph)
    assert page.count('<details class="change') == 1
    assert all(f'id="c-{change.address}"' in page for change in plan.pending())  # the graph leads to each of them
    assert len(json.loads(plan_json(plan))["changes"]) == len(plan.pending())
