"""R11: what was reviewed is what is applied; a plan file whose objects changed meanwhile is refused, and names them."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import path_text

from . import points
from .meddling import Meddler
from .place import KILLED, STACK, MakePlace, Place
from .reference import Reference
from .stacks import FORMS, Document, document
from .test_kill import killing

STALE = 5
PLAN = "reviewed.mlinfra"
SAMPLE = ["network/resources.nat", "access/resources.queue"]
KILLED_SAMPLE = ["network/3/after", "cluster/4/before"]


def meddle(point: str, places: MakePlace) -> None:
    """One point: all is planned to go; one object is edited, then deleted; both times the plan is refused."""
    name, address = point.split("/")
    form = FORMS[name]
    with places() as place:
        place.write(_tagged(form.first))
        place.do("apply", STACK, "--yes")
        meddler = Meddler(place.state())
        place.write(document(name, state=str(form.first.get("state", ""))))
        place.do("plan", STACK, "--out", PLAN)
        path = meddler.editable().get(Address(address))
        if path is not None:
            meddler.edit(Address(address), path)
            _refused(place, f"{address}: {path_text(path)} of ")
        gone = meddler.delete(Address(address))
        if gone:
            _refused(place, f"{gone[0]}: ")
        place.do("destroy", STACK, "--yes")
        place.gone()


def _tagged(stack: Document) -> Document:
    return {**stack, "metadata": {**stack["metadata"], "tags": {"team": "one"}}}


def _refused(place: Place, *named: str) -> None:
    place.sandbox.calls.clear()
    ran = place.run("apply", PLAN, "--yes")
    assert ran.code == STALE, ran.out + ran.err
    said = " ".join(ran.err.split())
    assert [name for name in named if name not in said] == [], said
    assert [call for call in place.changes() if call.service != "s3"] == []


def every_object(reference: Reference) -> list[str]:
    return [f"{form.name}/{address}" for form in FORMS.values() for address in reference.of(form).addresses]


@pytest.mark.parametrize("point", SAMPLE)
def test_a_plan_is_refused_when_an_object_was_edited_or_deleted(point: str, places: MakePlace) -> None:
    meddle(point, places)


@pytest.mark.long
@points.sharded
def test_every_object_edited_and_deleted(shard: int, places: MakePlace, reference: Reference) -> None:
    points.run("R11 meddling", shard, every_object(reference), lambda point: meddle(point, places))


def test_what_autoscalers_own_may_change_between_plan_and_apply(places: MakePlace) -> None:
    with places() as place:
        place.write(FORMS["cluster"].first)
        place.do("apply", STACK, "--yes")
        place.write(FORMS["cluster"].updated)
        place.do("plan", STACK, "--out", PLAN)
        eks = place.client("eks")
        (cluster,) = eks.list_clusters()["clusters"]
        (group,) = eks.list_nodegroups(clusterName=cluster)["nodegroups"]
        sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
        eks.update_nodegroup_config(clusterName=cluster, nodegroupName=group, scalingConfig=sizes)
        place.do("apply", PLAN, "--yes")
        place.settled()
        shown = eks.describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]["scalingConfig"]
        assert shown["desiredSize"] == 2
        place.do("destroy", STACK, "--yes")
        place.gone()


def rerun(point: str, places: MakePlace, reference: Reference) -> None:
    """One point: applying a plan file is killed at its n-th mutating call; applying it once more completes it.

    What was carried out is not carried out twice: there were fewer calls, or it died when only tidying up was left.
    """
    name, number, when = point.split("/")
    form = FORMS[name]
    kinds = reference.of(form).kinds
    with places() as place:
        for stage, stack in form.stages():
            place.write(stack)
            place.do("plan", STACK, "--out", PLAN)
            with place.faults(killing(int(number), when)):
                process = place.start("apply", PLAN, "--yes")
                code = process.end()
            assert code in (0, KILLED), process.printed()
            again = place.run("apply", PLAN, "--yes")
            done = (again.code, "carried out already" in again.err) == (STALE, True)
            assert done or (code == KILLED and again.code == 0), again.out + again.err
            assert place.kinds() == kinds[stage], stage
            place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()


@pytest.mark.parametrize("point", KILLED_SAMPLE)
def test_a_killed_apply_of_a_plan_file_runs_again(point: str, places: MakePlace, reference: Reference) -> None:
    rerun(point, places, reference)


@pytest.mark.long
@points.sharded
def test_every_killed_apply_of_a_plan_file(shard: int, places: MakePlace, reference: Reference) -> None:
    every = [
        f"{form.name}/{number}/{when}"
        for form in FORMS.values()
        for number in range(1, max(reference.of(form).calls[stage] for stage, _ in form.stages()) + 1)
        for when in ("before", "after")
    ]
    points.run("R11 killed plan file", shard, every, lambda point: rerun(point, places, reference))
