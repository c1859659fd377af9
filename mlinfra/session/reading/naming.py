"""Naming: what a stack is called that cannot be read, so that whoever waits for word of it can be told.

The command line asks when a command has failed: the comment on a pull request is found again by the stack's name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from mlinfra.config.loader import read_name
from mlinfra.config.model import NAME
from mlinfra.core.errors import MlinfraError
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.options import Options

_METADATA = re.compile(r"^metadata:(?P<inline>[^\n]*)\n(?P<below>(?:[ \t][^\n]*\n|[ \t]*\n|#[^\n]*\n)*)", re.M)
_NAME = re.compile(r"(?:^|[{,\s])name:[ \t]*[\"']?(?P<name>(?:\$\{[^}\s]*\}|[^\s\"',}])+)")
_INPUT = re.compile(r"\$\{inputs\.([^}]+)\}")


def stack_name(options: Options) -> str:
    """The name of a stack with mistakes; empty where nobody can tell. Raises nothing."""
    try:
        language = catalogue.language(catalogue.library(Path()))
        name = read_name(
            options.file, language, environ=os.environ, sets=options.sets, input_files=options.inputs
        ) or _written(options)
    except (MlinfraError, OSError):  # a module or a file that is broken: the name is still in the text
        name = _written(options)
    return name if re.fullmatch(NAME, name) else ""


def _written(options: Options) -> str:
    """What stands behind `metadata.name` in a file that is no YAML, with the inputs that were given."""
    try:
        text = Path(options.file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    block = _METADATA.search(f"{text}\n")
    found = _NAME.search(f"{block['inline']}\n{block['below']}") if block else None
    given = dict(one.partition("=")[::2] for one in options.sets)
    return _INPUT.sub(lambda one: given.get(one[1], one[0]), found["name"]) if found else ""
