"""A place where one stack lives through several runs: an account, a folder, and what must be true between the runs."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, chdir, contextmanager
from pathlib import Path

from mlinfra.core.state import State
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.calls import CallRecord
from mlinfra.sandbox.faults import FaultRule
from mlinfra.session import Options, open_session
from tests.system.account import Account

from .process import Process
from .stacks import STATES, Document, text

STACK = "stack.yaml"
KILLED = -9


class Place(Account):
    """One account that holds nothing but the bucket for states, and one folder."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(sandbox, folder)
        self._logs = itertools.count(1)

    def write(self, document: Document) -> None:
        """Put the stack file there."""
        (self.folder / STACK).write_text(text(document))

    def start(self, *arguments: str) -> Process:
        """Begin a run as a process of its own."""
        environ = {**self.environment(self.sandbox), "NO_COLOR": "1", "HOME": str(self.folder)}
        return Process(arguments, self.folder, environ, self.folder / f"run-{next(self._logs)}.log")

    @contextmanager
    def faults(self, *rules: FaultRule) -> Iterator[None]:
        """While inside, these go wrong."""
        for rule in rules:
            self.sandbox.faults.add(rule)
        try:
            yield
        finally:
            self.sandbox.faults.clear()

    def changes(self) -> list[CallRecord]:
        """The mutating calls since the log was last cleared."""
        return self.sandbox.calls.records(mutating=True)

    def kinds(self) -> Counter[str]:
        """How many things of each type are in the account that were not there at first."""
        return Counter(kind for kind, _ in self.left())

    def state(self) -> State:
        """What is remembered."""
        state = open_session(Options(STACK)).state()
        assert state is not None
        return state

    def settled(self, *, listed: bool = False) -> None:
        """The second plan is empty and nothing is pending.

        listed: what bears our tags in the account is what the state records, each once; that lists every type there is.
        """
        session = open_session(Options(STACK))
        assert [str(step.key) for step in session.plan().steps] == []
        state = self.state()
        assert state.verify() == ()
        assert state.pending == ()
        assert state.deposed == ()
        if listed:
            recorded = sorted((record.type, record.id) for record in state.every_record() if _bears_tags(record.type))
            assert sorted((owned.type, owned.id) for owned in session.inventory()) == recorded

    def gone(self) -> None:
        """The account is as it was, and nothing is remembered."""
        assert self.left() == []
        assert open_session(Options(STACK)).state() is None


def _bears_tags(type: str) -> bool:
    return type in catalogue() and catalogue()[type].about.taggable


@contextmanager
def place(sandbox: Sandbox, folder: Path) -> Iterator[Place]:
    """An empty account and an empty folder to work in."""
    sandbox.reset()
    folder.mkdir(parents=True, exist_ok=True)
    with chdir(folder):
        found = Place(sandbox, folder)
        found.client("s3").create_bucket(Bucket=STATES)
        found.before = set(sandbox.inventory())
        sandbox.calls.clear()
        yield found


MakePlace = Callable[[], AbstractContextManager[Place]]
