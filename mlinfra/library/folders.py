"""Module folders: where they are, and how one is loaded.

Running `module.py` is running its author's code; everything that goes wrong in it becomes a diagnostic here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import msgspec

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.source import Source
from mlinfra.documents.bundled import bundled
from mlinfra.library.codes import Code
from mlinfra.library.module import Module, module_of

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PACKAGE = "mlinfra_modules"
_FILE = "module.py"


class Folder(msgspec.Struct, frozen=True):
    """A folder that holds a module; `own` is whether it is the project's, not ours."""

    path: Path
    own: bool = False

    @property
    def name(self) -> str:
        """The module's name, kebab-case."""
        return self.path.name.replace("_", "-")

    @property
    def source(self) -> Source:
        """Its `module.py`."""
        return Source(str(self.path / _FILE))


def bundled_modules() -> Path:
    """Where our own modules are."""
    return bundled("modules")


def folders_in(roots: Iterable[Path]) -> Iterator[Folder]:
    """The module folders in each of `roots`, ours first; a root given twice, or absent, counts once or not at all."""
    ours = bundled_modules().resolve()
    for root in dict.fromkeys(root.resolve() for root in roots):
        if root.is_dir():
            for path in sorted(root.iterdir()):
                if (path / _FILE).is_file():
                    yield Folder(path, own=root != ours)


def load(folder: Folder) -> Module:
    """Run the folder's `module.py`. Raises `ConfigError` with what is wrong with it."""
    if not _NAME.fullmatch(folder.path.name):
        better = folder.path.name.replace("-", "_").lower()
        summary = f"the module folder {folder.path.name} has a name that cannot be imported"
        raise _refusal(
            Code.BROKEN_MODULE, summary, folder, hint=f"rename it to {better}: in stacks it is called {folder.name}"
        )
    try:
        defined = _imported(folder)
    except Exception as error:
        raise failure(folder, Code.BROKEN_MODULE, f"the module {folder.name} cannot be loaded", error) from error
    try:
        module = module_of(folder.name, folder.path, defined)
        return module.described() if folder.own else module  # ours, tests have described
    except TypeError as error:
        summary = f"{folder.name} is no module that mlinfra can use"
        hint = "docs/modules.md describes what module.py defines"
        raise _refusal(Code.BREACH_OF_CONTRACT, summary, folder, detail=str(error), hint=hint) from error


def _imported(folder: Folder) -> ModuleType:
    """The Python module, under a name that is the same in every run and differs for each folder.

    The folder is its package, so that `from .subnets import ...` finds its other files.
    """
    root = hashlib.sha256(str(folder.path.parent).encode()).hexdigest()[:8]
    package = f"{_PACKAGE}_{root}_{folder.path.name}"
    name = f"{package}.module"
    if name in sys.modules:
        return sys.modules[name]
    parent = ModuleType(package)
    parent.__path__ = [str(folder.path)]
    sys.modules[package] = parent
    spec = importlib.util.spec_from_file_location(name, folder.path / _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def failure(folder: Folder, code: str, summary: str, error: Exception) -> ConfigError:
    """What a user is told when a module's own code raised `error`: the kind, the words, and the line in its folder."""
    if isinstance(error, SyntaxError) and error.filename:
        source = Source(error.filename, error.lineno or 0)
    else:
        frames = traceback.extract_tb(error.__traceback__)
        within = [frame for frame in frames if Path(frame.filename).is_relative_to(folder.path)]
        source = Source(within[-1].filename, within[-1].lineno or 0) if within else folder.source
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    detail = f"{type(error).__name__}: {words}"
    hint = "mend the module" if folder.own else "this is a mistake of mlinfra's: please report it"
    return ConfigError([Diagnostic(code=code, summary=summary, detail=detail, source=source, hint=hint)])


def _refusal(code: str, summary: str, folder: Folder, *, detail: str = "", hint: str = "") -> ConfigError:
    return ConfigError([Diagnostic(code=code, summary=summary, detail=detail, source=folder.source, hint=hint)])
