"""Reading a stack: its files, held against the language of the modules that are there.

Called when a session is opened. Of a stack with mistakes, modules look at the rest, so that all is said at once; what
goes by the state alone needs no more of it than its frame.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from mlinfra.config.draft import DraftError
from mlinfra.config.loader import load_frame, load_stack
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError, MlinfraError
from mlinfra.core.stack import Stack
from mlinfra.library.library import Library
from mlinfra.session.plans import policies
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.kinds import Kinds
from mlinfra.session.reading.neighbours import applied_in
from mlinfra.session.reading.options import Options
from mlinfra.session.reading.unread import reasons
from mlinfra.session.scrutiny import validation
from mlinfra.session.scrutiny.regions import misspelt_region


class ReadStack(msgspec.Struct, frozen=True):
    """A stack. notes: what its reader should know that is no error.

    unread: why there is no more of it than its frame, and what stands beside that without a mistake; else empty.
    """

    stack: Stack
    notes: tuple[Diagnostic, ...] = ()
    unread: tuple[Diagnostic, ...] = ()


def read_stack(options: Options, root: Path, library: Library) -> ReadStack:
    """The stack. Raises `ConfigError` with every mistake; by the state, only with those in the frame."""
    try:
        stack, notes = load_stack(
            options.file,
            catalogue.language(library),
            sets=options.sets,
            input_files=options.inputs,
            environ=os.environ,
            stacks_reader=lambda location: applied_in(location, root),
        )
    except MlinfraError as error:
        framed = _framed(options, library, error) if options.by_state else None
        if framed is not None:
            return framed
        if isinstance(error, DraftError):
            draft = error.draft.stack
            with policies.told_besides(draft, lambda: policies.rulebook_of(draft, root)):
                raise validation.with_refusals(error, library) from error
        raise
    if misspelt_region(stack):  # nothing can be asked there: what is wrong besides is told along with it
        raise ConfigError(validation.refusals(stack, library, Kinds()))
    return ReadStack(stack, notes)


def _framed(options: Options, library: Library, error: MlinfraError) -> ReadStack | None:
    """The frame of a stack with mistakes; `None` where there are some in that."""
    try:
        stack = load_frame(
            options.file,
            catalogue.language(library),
            sets=options.sets,
            input_files=options.inputs,
            environ=os.environ,
        )
    except ConfigError:
        return None
    if misspelt_region(stack):
        return None
    if isinstance(error, DraftError):  # how its cluster is reached, above all
        stack = msgspec.structs.replace(stack, sections=error.draft.stack.sections)
    return ReadStack(stack, unread=reasons(error))
