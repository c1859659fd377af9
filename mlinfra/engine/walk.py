"""The walk: steps, each as soon as those that it needs are done, on a pool of threads.

Called by apply. Knows order, concurrency and failure, and nothing of what a step does. Listeners are called on the
calling thread alone, so that renderers need no locks.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeAlias

from mlinfra.core.address import Address
from mlinfra.core.clock import Clock
from mlinfra.core.errors import MlinfraError, StalePlan
from mlinfra.core.plan import Step
from mlinfra.core.provider import Remark
from mlinfra.core.report import Began, Ended, Event, Failed, Listener, Report, Said, Skipped
from mlinfra.engine.codes import Code
from mlinfra.engine.stop import Stop

# Carries out one step, may say things on the way, answers with the id of the object.
Execute: TypeAlias = Callable[[Step, Callable[[str], None]], str]

_WAKE = 0.2  # seconds between looks at whether the run is being stopped


class Walk:
    """One walk over one plan's steps."""

    def __init__(
        self,
        steps: tuple[Step, ...],
        execute: Execute,
        *,
        listener: Listener,
        stop: Stop,
        clock: Clock,
        workers: int = 16,
    ) -> None:
        self._steps = {step.key: step for step in steps}
        self._execute, self._listener, self._stop, self._clock = execute, listener, stop, clock
        self._workers = workers
        self._missing = {step.key: {need for need in step.needs if need in self._steps} for step in steps}
        self._followers: dict[str, list[str]] = {}
        for key, needs in self._missing.items():
            for need in needs:
                self._followers.setdefault(need, []).append(key)
        self._todo: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ready = [step for step in steps if not self._missing[step.key]]
        self._flying: set[str] = set()
        self._settled: set[str] = set()
        self._begun = 0
        self._ended: list[Ended] = []
        self._failed: list[Failed] = []
        self._skipped: list[Skipped] = []

    def run(self) -> Report:
        """Carry out all that can be carried out."""
        threads = [
            threading.Thread(target=self._work, name=f"walk-{number}", daemon=True)
            for number in range(min(self._workers, len(self._steps)))
        ]
        for thread in threads:
            thread.start()
        try:
            self._loop()
        finally:
            for _ in threads:
                self._todo.put(None)
        stopped = len(self._settled) < len(self._steps)
        for key, step in self._steps.items():
            if key not in self._settled:
                self._skip(step, None)
        return Report(
            ended=tuple(self._ended), failed=tuple(self._failed), skipped=tuple(self._skipped), stopped=stopped
        )

    def _loop(self) -> None:
        while True:
            if not self._stop.draining:
                self._launch()
            if not self._flying or self._stop.halted:
                return
            try:
                event = self._inbox.get(timeout=_WAKE)
            except queue.Empty:
                continue
            self._take(event)

    def _launch(self) -> None:
        for step in self._ready:
            self._begun += 1
            self._flying.add(step.key)
            self._listener(Began(step, self._begun, len(self._steps)))
            self._todo.put(step)
        self._ready = []

    def _take(self, event: Event) -> None:
        if isinstance(event, Ended):
            self._settle(event.step)
            self._ended.append(event)
            for key in self._followers.get(event.step.key, ()):
                self._missing[key].discard(event.step.key)
                if not self._missing[key] and key not in self._settled:
                    self._ready.append(self._steps[key])
        elif isinstance(event, Failed):
            self._settle(event.step)
            self._failed.append(event)
            self._skip_followers(event.step)
        self._listener(event)

    def _settle(self, step: Step) -> None:
        self._flying.discard(step.key)
        self._settled.add(step.key)

    def _skip_followers(self, root: Step) -> None:
        ahead = [root.key]
        while ahead:
            for key in self._followers.get(ahead.pop(), ()):
                if key not in self._settled:
                    self._settled.add(key)
                    self._skip(self._steps[key], root.address)
                    ahead.append(key)

    def _skip(self, step: Step, because: Address | None) -> None:
        event = Skipped(step, because)
        self._skipped.append(event)
        self._listener(event)

    def _work(self) -> None:
        while (step := self._todo.get()) is not None:
            began = self._clock.monotonic()
            self._inbox.put(self._outcome(step, began))

    def _outcome(self, step: Step, began: float) -> Event:
        def say(words: str) -> None:
            self._inbox.put(Said(step, words, lasting=isinstance(words, Remark)))

        try:
            identity = self._execute(step, say)
        except MlinfraError as error:
            return self._failure(step, began, error)
        except Exception as error:  # noqa: BLE001 - a defect of ours in one step must not cost the others' results
            message = f"internal error: {type(error).__name__}: {error}"
            return Failed(step, self._clock.monotonic() - began, Code.DEFECT, message, "please report this")
        return Ended(step, self._clock.monotonic() - began, identity)

    def _failure(self, step: Step, began: float, error: MlinfraError) -> Failed:
        seconds = self._clock.monotonic() - began
        return Failed(step, seconds, error.code, str(error), error.hint, isinstance(error, StalePlan))
