"""What the stages of a form come to where nothing goes wrong: what every other run is held against."""

from __future__ import annotations

from collections import Counter

import msgspec

from .place import STACK, MakePlace, Place
from .stacks import Form


class Stages(msgspec.Struct, frozen=True):
    """By stage (create, update, replace, destroy): the things in the account, and how many mutating calls it took.

    writes: how many of these went to the state's bucket. addresses: what is there after `create`.
    """

    kinds: dict[str, Counter[str]]
    calls: dict[str, int]
    writes: dict[str, int]
    addresses: list[str]

    @property
    def most(self) -> int:
        """The mutating calls of the longest stage."""
        return max(self.calls.values())


class Reference:
    """Tries each form once for all tests that share `known`."""

    def __init__(self, places: MakePlace, known: dict[str, Stages]) -> None:
        self._places, self._known = places, known

    def of(self, form: Form) -> Stages:
        """What its stages come to."""
        if form.name not in self._known:
            self._known[form.name] = self._run(form)
        return self._known[form.name]

    def _run(self, form: Form) -> Stages:
        stages = Stages({}, {}, {}, [])
        with self._places() as place:
            for stage, document in form.stages():
                place.write(document)
                place.sandbox.calls.clear()
                place.do("apply", STACK, "--yes")
                self._count(stages, stage, place)
                stages.kinds[stage] = place.kinds()
                place.settled()
                if stage == "create":
                    stages.addresses.extend(map(str, place.state().records))
            place.sandbox.calls.clear()
            place.do("destroy", STACK, "--yes")
            self._count(stages, "destroy", place)
            place.gone()
        return stages

    def _count(self, stages: Stages, stage: str, place: Place) -> None:
        changes = place.changes()
        stages.calls[stage] = len(changes)
        stages.writes[stage] = sum(call.service == "s3" for call in changes)
