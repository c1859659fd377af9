"""The shell: where a command runs. Its streams, what the terminal can do, and the way to the session.

`main` makes one for each run and every command finds it as its context's object. It prints; it decides nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

from mlinfra.cli.stream import Stream

if TYPE_CHECKING:  # imported by the commands that need them: `--help` must not wait for any of these
    import typer
    from rich.console import Console, RenderableType

    from mlinfra.cli.render.look import Look
    from mlinfra.cli.sessions import Progress, Session, Sessions


def _real_sessions() -> Sessions:
    import mlinfra.session as session

    return session


class Asked(NamedTuple):
    """What a command was called with: `command` such as `policy check`, and its parameters by name."""

    command: str
    given: Mapping[str, Any]


class Shell:
    """One run's surroundings. Everything is passed in, so that a test's shell is a real one."""

    def __init__(
        self,
        *,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environ: Mapping[str, str],
        sessions: Callable[[], Sessions] = _real_sessions,
    ) -> None:
        self.stdin = stdin or sys.stdin
        self.stdout = Stream(stdout or sys.stdout)
        self.stderr = Stream(stderr or sys.stderr)
        self.environ = environ
        self.colour = True
        self.asked: Asked | None = None
        self._sessions = sessions

    @staticmethod
    def of(context: typer.Context) -> Shell:
        """The shell that a command runs in."""
        shell = context.obj
        if not isinstance(shell, Shell):
            raise TypeError("a command runs within a Shell")
        return shell

    @property
    def sessions(self) -> Sessions:
        """The way to the session; imports it."""
        return self._sessions()

    def open(
        self,
        stack: str,
        sets: Sequence[str] | None = None,
        inputs: Sequence[str] | None = None,
        *,
        by_state: bool = False,
    ) -> Session:
        """The session of a stack file. by_state: what it desires may be wrong. Raises `ConfigError`."""
        return self.sessions.open_session(self.options(stack, sets, inputs, by_state=by_state))

    def options(
        self, stack: str, sets: Sequence[str] | None, inputs: Sequence[str] | None, *, by_state: bool = False
    ) -> Any:
        """Which stack a command is about, as the session takes it."""
        given = {"sets": tuple(sets or ()), "inputs": tuple(inputs or ())}
        return self.sessions.Options(file=stack, by_state=by_state, **given)

    @property
    def is_interactive(self) -> bool:
        """Whether someone is there to answer."""
        return self.stdin.isatty() and self.stdout.isatty()

    @property
    def is_lively(self) -> bool:
        """Whether standard output can be redrawn in place."""
        return self.stdout.isatty() and self.environ.get("TERM") != "dumb"

    def console(self, stream: Stream | None = None) -> Console:
        """A console on `stream`. Where no terminal is, lines are as long as they need be: folding hinders grep."""
        from rich.console import Console

        stream = stream or self.stdout
        colour = self.colour and stream.speaks_colour(self.environ)
        return Console(
            file=cast("TextIO", stream),
            force_terminal=stream.isatty(),
            color_system="auto" if colour else None,
            no_color=not colour,
            width=None if stream.isatty() else 100_000,
            markup=False,
            highlight=False,
            emoji=False,
        )

    def look(self, *, full: bool = False, stream: Stream | None = None) -> Look:
        """How text is to be laid out on `stream`."""
        from mlinfra.cli.render.look import Look

        stream = stream or self.stdout
        width = self.console(stream).width if stream.isatty() else 120
        return Look(width=width, unicode=stream.speaks_unicode(self.environ), full=full)

    def show(self, what: RenderableType) -> None:
        """Print what was asked for."""
        self.console().print(what)

    def tell(self, what: RenderableType) -> None:
        """Print what goes beside it: warnings, errors, questions."""
        self.console(self.stderr).print(what)

    def write(self, text: str) -> None:
        """Write a document as it is."""
        self.stdout.write(text if text.endswith("\n") else text + "\n")

    @contextmanager
    def progress(self, words: str) -> Iterator[Progress]:
        """While inside, say on a terminal what is being done; elsewhere, nothing."""
        if not (self.stderr.isatty() and self.environ.get("TERM") != "dumb"):
            yield lambda _: None
            return
        from rich.text import Text

        from mlinfra.cli.render.value import inert

        spinner = "dots" if self.stderr.speaks_unicode(self.environ) else "line"
        with self.console(self.stderr).status(Text(inert(words)), spinner=spinner) as status:
            yield lambda said: status.update(Text(inert(said)))
