"""A walk as it happens: lines for what ended, and a table of what is in flight.

`Tally` takes in events; what it shows depends on them and on the time it is given, nothing else.
"""

from __future__ import annotations

import msgspec

from mlinfra.cli.render.duration import duration_text
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import Page, Piece
from mlinfra.core.plan import Step, Verb
from mlinfra.core.report import Began, Ended, Event, Failed, Said, Skipped

DOING = {
    Verb.CREATE: "creating",
    Verb.UPDATE: "updating",
    Verb.DELETE: "deleting",
    Verb.ADOPT: "adopting",
    Verb.TAG: "tagging",
    Verb.MOVE: "moving",
    Verb.RECORD: "recording",
    Verb.FORGET: "forgetting",
    Verb.DRAIN: "draining",
    Verb.SWEEP: "sweeping",
}
DONE = {
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.DELETE: "deleted",
    Verb.ADOPT: "adopted",
    Verb.TAG: "tagged",
    Verb.MOVE: "moved",
    Verb.RECORD: "recorded",
    Verb.FORGET: "forgotten",
    Verb.DRAIN: "drained",
    Verb.SWEEP: "swept",
}
_STYLE = {Verb.CREATE: "green", Verb.DELETE: "red", Verb.UPDATE: "yellow"}


class Flight(msgspec.Struct, frozen=True):
    """A step being worked on, since when, and what it waits for."""

    step: Step
    since: float
    words: str = ""


class Tally:
    """Where a walk stands. Times are seconds of one monotonic clock."""

    def __init__(self, began: float, total: int = 0) -> None:
        self.began = began
        self.total = total
        self.flights: dict[str, Flight] = {}
        self.done = self.failed = self.skipped = 0
        self.notice = ""

    def enter(self, event: Event, now: float) -> None:
        """Take in one event."""
        key = event.step.key
        match event:
            case Began():
                self.total = event.total
                self.flights[key] = Flight(event.step, now)
            case Said():
                since = self.flights[key].since if key in self.flights else now
                self.flights[key] = Flight(event.step, since, event.words)
            case Ended():
                self.flights.pop(key, None)
                self.done += 1
            case Failed():
                self.flights.pop(key, None)
                self.failed += 1
            case Skipped():
                self.flights.pop(key, None)
                self.skipped += 1

    def page(self, now: float, look: Look, height: int) -> Page:
        """What is in flight, longest first, within `height` lines, and the counts."""
        page = Page()
        flights = sorted(self.flights.values(), key=lambda flight: flight.since)
        shown = flights[: max(1, height - 3)]
        width = min(44, max((len(flight.step.address) for flight in shown), default=0))
        for flight in shown:
            page.line(
                f"{duration_text(now - flight.since):>6}  ",
                (f"{DOING[flight.step.verb]:<9} ", _STYLE.get(flight.step.verb, "cyan")),
                f"{flight.step.address:<{width}}",
                (f"  {flight.words}", "dim"),
                below=" " * 18,
            )
        if len(flights) > len(shown):
            page.line((f"        and {len(flights) - len(shown)} more", "dim"))
        page.line(*self._counts(now, len(flights)))
        return page.line((self.notice, "bold yellow")) if self.notice else page

    def _counts(self, now: float, flying: int) -> list[Piece]:
        pieces: list[Piece] = [(f"{duration_text(now - self.began):>6}  ", "bold"), f"{self.done} of {self.total} done"]
        pieces.append((f", {flying} in flight", "dim"))
        if self.failed:
            pieces.append((f", {self.failed} failed", "bold red"))
        if self.skipped:
            pieces.append((f", {self.skipped} not reached", "yellow"))
        return pieces


def event_page(event: Event, look: Look, *, every: bool) -> Page:
    """One event as a line; with `every`, also beginnings and progress, which a live view shows by itself.

    What is not reached is told once all has ended, together, with its cause.
    """
    step = event.step
    style = _STYLE.get(step.verb, "cyan")
    match event:
        case Began() | Said() | Ended() if step.verb is Verb.RECORD:
            return Page()  # our own book-keeping: nothing happens to the object
        case Ended():
            took = f"  {duration_text(event.seconds)}"
            return Page().line(
                (look.done, "green"),
                f" {step.address} ",
                (DONE[step.verb], style),
                (took, "dim"),
                (_of(event.id), "dim"),
            )
        case Failed():
            return Page().line(
                (look.failed, "bold red"),
                f" {step.address} ",
                (f"failed after {duration_text(event.seconds)}", "bold red"),
                f"  {event.code}: {event.message}",
            )
        case Began() if every:
            place = f" ({event.number} of {event.total})"
            return Page().line(f"  {step.address} ", (DOING[step.verb], style), (place, "dim"))
        case Said(lasting=True):
            return Page().line(("note", "cyan"), f" {step.address}: ", event.words, below="     ")
        case Said() if every:
            return Page().line(f"  {step.address} ", (event.words, "dim"))
    return Page()


def _of(id: str) -> str:
    return f"  {id}" if id else ""
