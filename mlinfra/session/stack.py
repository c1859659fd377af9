"""Reading a stack: its files, held against the language of the modules that are there.

Called when a session is opened. Of a stack with mistakes, modules look at the rest, so that all is said at once.
"""

from __future__ import annotations

import os
from pathlib import Path

from mlinfra.config.draft import DraftError
from mlinfra.config.loader import load_stack
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.stack import Stack
from mlinfra.library.library import Library
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.kinds import Kinds
from mlinfra.session.reading.neighbours import applied_in
from mlinfra.session.reading.options import Options
from mlinfra.session.scrutiny import validation
from mlinfra.session.scrutiny.regions import misspelt_region


def read_stack(options: Options, root: Path, library: Library) -> tuple[Stack, tuple[Diagnostic, ...]]:
    """The stack, and what its reader should know that is no error. Raises `ConfigError` with every mistake."""
    try:
        stack, notes = load_stack(
            options.file,
            catalogue.language(library),
            sets=options.sets,
            input_files=options.inputs,
            environ=os.environ,
            stacks_reader=lambda location: applied_in(location, root),
        )
    except DraftError as error:
        raise validation.with_refusals(error, library) from error
    if misspelt_region(stack):  # nothing can be asked there: what is wrong besides is told along with it
        raise ConfigError(validation.refusals(stack, library, Kinds()))
    return stack, notes
