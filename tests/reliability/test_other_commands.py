"""R1 and R3 of what else changes something: commands that make, mend or edit a state, and adoption.

Each is killed before or after its n-th mutating call, those to the state's bucket included, or loses that answer; run
again, it has done what it is for, once, and the stack is whole.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from mlinfra.sandbox.faults import FaultRule

from . import points
from .place import KILLED, STACK, MakePlace, Place
from .stacks import FORMS, STATES, Document, document, raw
from .test_kill import killing
from .test_lost_answers import losing

LOGS = "/by/hand"
BUCKET = "states-of-others"
SAMPLE = ["rebuild/2/after", "init/lost/1", "adopt/lost/4"]
_NO_RECORD = "MLI3090"
WHOLE = FORMS["registry"].first
ADOPTING = document(
    "registry",
    state=f"s3://{STATES}/registry",
    resources={"logs": raw("aws:cloudwatch/logGroup:LogGroup", name=LOGS, retentionInDays=7)},
)


class Command(msgspec.Struct, frozen=True):
    """One command: what comes before it, and what it says where it finds that it was carried out before it died."""

    prepare: Callable[[Place], tuple[str, ...]]  # answers its arguments
    check: Callable[[Place], None]
    done: str = ""


def _applied(place: Place, stack: Document = WHOLE) -> None:
    place.write(stack)
    place.do("apply", STACK, "--yes")


def _to_rebuild(place: Place) -> tuple[str, ...]:
    _applied(place)
    s3 = place.client("s3")
    for key in s3.list_objects_v2(Bucket=STATES)["Contents"]:
        s3.delete_object(Bucket=STATES, Key=key["Key"])
    return "state", "rebuild", STACK, "--yes"


def _to_move(place: Place) -> tuple[str, ...]:
    _applied(place)
    return "state", "mv", STACK, "resources.logs", "resources.others"


def _moved(place: Place) -> None:
    addresses = set(map(str, place.state().records))
    assert ("resources.logs" in addresses, "resources.others" in addresses) == (False, True)
    place.do("state", "mv", STACK, "resources.others", "resources.logs")


def _to_forget(place: Place) -> tuple[str, ...]:
    _applied(place)
    return "state", "forget", STACK, "resources.alarm", "--yes"


def _forgotten(place: Place) -> None:
    assert "resources.alarm" not in set(map(str, place.state().records))
    place.do("apply", STACK, "--yes")  # it bears our tags, and is taken back


def _to_adopt(place: Place) -> tuple[str, ...]:
    place.client("logs").create_log_group(logGroupName=LOGS)
    place.write(ADOPTING)
    return "adopt", STACK, "resources.logs", LOGS, "--yes"


def _adopted(place: Place) -> None:
    (record,) = place.state().records.values()
    assert record.id == LOGS
    assert len(place.client("logs").describe_log_groups()["logGroups"]) == 1


def _to_init(place: Place) -> tuple[str, ...]:
    return "init", STACK, "--platform", "aws", "--region", "eu-central-1", "--bucket", BUCKET


def _made(place: Place) -> None:
    s3 = place.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert s3.get_bucket_encryption(Bucket=BUCKET)
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert f"s3://{BUCKET}" in (place.folder / STACK).read_text()
    s3.delete_bucket(Bucket=BUCKET)
    _applied(place)


COMMANDS = {
    "rebuild": Command(_to_rebuild, lambda place: None),
    "move": Command(_to_move, _moved, _NO_RECORD),
    "forget": Command(_to_forget, _forgotten, _NO_RECORD),
    "adopt": Command(_to_adopt, _adopted),
    "init": Command(_to_init, _made),
}


def strike(point: str, places: MakePlace) -> int:
    """One point. Answers how many mutating calls the command makes where nothing strikes it."""
    name, *where = point.split("/")
    command = COMMANDS[name]
    with places() as place:
        arguments = command.prepare(place)
        place.sandbox.calls.clear()
        if not where:
            place.do(*arguments)
            calls = len(place.changes())
        elif where[0] == "lost":
            with place.faults(losing(int(where[1]))):
                place.do(*arguments)
            calls = 0
        else:
            calls = 0
            _killed(place, killing(int(where[0]), where[1]), arguments)
            again = place.run(*arguments)
            assert again.code == 0 or (command.done and command.done in again.err), again.out + again.err
        command.check(place)
        place.settled(listed=True)
        place.do("destroy", STACK, "--yes")
        place.gone()
    return calls


def _killed(place: Place, rule: FaultRule, arguments: tuple[str, ...]) -> None:
    with place.faults(rule):
        process = place.start(*arguments)
        assert process.end() == KILLED, process.printed()


def every_point(places: MakePlace) -> list[str]:
    found = []
    for name in COMMANDS:
        for number in range(1, strike(name, places) + 1):
            found += [f"{name}/{number}/before", f"{name}/{number}/after", f"{name}/lost/{number}"]
    return found


@pytest.mark.parametrize("point", SAMPLE)
def test_a_struck_command_is_run_again_and_has_done_what_it_is_for(point: str, places: MakePlace) -> None:
    strike(point, places)


@pytest.mark.long
@points.sharded
def test_every_struck_command(shard: int, places: MakePlace) -> None:
    def experiment(point: str) -> None:
        strike(point, places)

    points.run("R1 other commands", shard, every_point(places), experiment)
