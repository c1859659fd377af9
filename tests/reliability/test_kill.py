"""R1: `kill -9` before and after each mutating call; the same command, run again, converges."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule, When

from . import points
from .place import KILLED, STACK, MakePlace, Place
from .platform import PLATFORM
from .reference import Reference
from .stacks import FORMS as IN_THE_ACCOUNT

FORMS = {**IN_THE_ACCOUNT, PLATFORM.name: PLATFORM}
# Which call of each stage dies, in `make test`. One point is four kills: of create, update, replace and destroy. Of the
# platform these are an IAM role, the secret of a release, its deployment, and a route table.
SAMPLE = ["network/2/after", "access/3/before", "registry/9/after", "data/7/after", "platform/4/after"]


def killing(number: int, when: str) -> FaultRule:
    """The process that makes the n-th mutating call dies, before or after the call takes effect."""
    return FaultRule(kind=FaultKind.KILL, mutating=True, when=When(when), skip=number - 1, count=1)


def survive(point: str, places: MakePlace, reference: Reference) -> None:
    """One point: at each stage the run dies at its n-th call, is run again, and has converged then.

    A stage of fewer calls than that is gone through undisturbed, on the way to the next.
    """
    name, number, when = point.split("/")
    form, rule = FORMS[name], killing(int(number), when)
    stages = reference.of(form)
    with places() as place:
        for stage, document in form.stages():
            place.write(document)
            dies = int(number) <= stages.calls[stage] and _dies(place, rule, "apply")
            place.do("apply", STACK, "--yes")
            if dies or stage == "replace":
                place.settled(listed=stage == "replace")
            assert place.kinds() == stages.kinds[stage], stage
        if int(number) <= stages.calls["destroy"]:
            _dies(place, rule, "destroy")
        place.do("destroy", STACK, "--yes")
        place.gone()


def _dies(place: Place, rule: FaultRule, command: str) -> bool:
    """Whether there was such a call."""
    with place.faults(rule):
        process = place.start(command, STACK, "--yes")
        code = process.end()
        struck = place.sandbox.faults.rules()[0].struck
    assert code == (KILLED if struck else 0), process.printed()
    return struck > 0


def every_point(reference: Reference) -> list[str]:
    found = []
    for form in FORMS.values():
        numbers = range(1, reference.of(form).most + 1)
        found += [f"{form.name}/{number}/{when}" for number in numbers for when in ("before", "after")]
    return found


@pytest.mark.parametrize("point", SAMPLE)
def test_a_killed_run_is_run_again_and_converges(point: str, places: MakePlace, reference: Reference) -> None:
    survive(point, places, reference)


@pytest.mark.long
@points.sharded
def test_every_kill_point(shard: int, places: MakePlace, reference: Reference) -> None:
    points.run("R1 kill", shard, every_point(reference), lambda point: survive(point, places, reference))


def test_the_console_script_dies_and_goes_on_like_any_other_process(places: MakePlace) -> None:
    script = str(Path(sys.executable).with_name("mlinfra"))
    with places() as place:
        place.write(FORMS["security"].first)
        environ = {**os.environ, **place.environment(place.sandbox)}
        command = [script, "apply", STACK, "--yes"]
        with place.faults(killing(3, "after")):
            assert subprocess.run(command, env=environ, capture_output=True, check=False).returncode == KILLED
        again = subprocess.run(command, env=environ, capture_output=True, check=False, text=True)
        assert again.returncode == 0, again.stderr
        place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()
