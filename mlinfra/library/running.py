"""Running a module's own code: what it raises, other than a refusal, is a mistake of the module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlinfra.library.codes import Code
from mlinfra.library.folders import failure
from mlinfra.library.library import Library
from mlinfra.library.module import Module
from mlinfra.library.problem import RefusedError


def run(library: Library, module: Module, function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` answers. Raises `RefusedError` as it does, and `ConfigError` for whatever else it raises."""
    try:
        return function(*arguments)
    except RefusedError:
        raise
    except Exception as error:
        summary = f"the module {module.name} failed"
        raise failure(library.folder_of(module), Code.MODULE_FAILED, summary, error) from error
