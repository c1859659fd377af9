"""What a change carries with it is told in every form, a line for each kind of thing."""

from __future__ import annotations

from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.plan_html import plan_html
from mlinfra.cli.render.plan_json import plan_json
from mlinfra.cli.render.plan_markdown import plan_markdown
from mlinfra.cli.render.plan_text import plan_page
from mlinfra.core.plan import Action, Cause, Field, Part
from mlinfra.core.resource import Graph

from .plans import CLUSTER, change, plan

PARTS = (
    Part(action=Action.DELETE, name="Service serving/ranker", note="its load balancer"),
    Part(action=Action.DELETE, name="Service default/entrance", note="its load balancer"),
    Part(action=Action.NO_OP, name="PersistentVolume pvc-1", note="kept for its data"),
    Part(action=Action.UPDATE, name="Deployment web", fields=(Field(path=("spec", "replicas"), before=1, after=2),)),
)
PLAN = plan(change(CLUSTER, Action.DELETE, parts=PARTS))


def test_the_terminal_shows_what_is_alike_on_one_line() -> None:
    told = plain(plan_page(PLAN, Look(), {}))
    assert "-   Service  default/entrance (its load balancer), serving/ranker (its load balancer)" in told
    assert "PersistentVolume  pvc-1 (kept for its data)" in told
    assert "spec.replicas  1 → 2" in told


def test_what_parts_explain_is_not_told_twice_to_people() -> None:
    part = Part(
        action=Action.UPDATE,
        name="Deployment web",
        fields=(Field(path=("spec", "replicas"), before=5, after=2, cause=Cause.DRIFT, by="kubectl"),),
        explains=("manifest",),
    )
    summary = Field(path=("manifest",), before=["spec.replicas is 5"], after={}, cause=Cause.DRIFT)
    found = plan(change(CLUSTER, Action.UPDATE, summary, parts=(part,)))
    for told in (plain(plan_page(found, Look(), {})), plan_markdown(found, {}), plan_html(found, {}, Graph({}))):
        assert "spec.replicas is 5" not in told
        assert "kubectl" in told
    assert "spec.replicas is 5" in plan_json(found)


def test_markdown_names_them_below_the_change() -> None:
    told = plan_markdown(PLAN, {})
    assert "    - `spec.replicas`: `1` → `2`" in told
    assert "  - deleted: Service `default/entrance (its load balancer)`, `serving/ranker (its load balancer)`" in told
    assert "  - kept: PersistentVolume `pvc-1 (kept for its data)`" in told


def test_the_page_has_a_table_of_them() -> None:
    told = plan_html(PLAN, {}, Graph({}))
    assert "<td>Service</td><td><code>default/entrance (its load balancer)</code>" in told
    assert '<th scope="col">with it</th>' in told
    assert "<code>spec.replicas</code>" in told
