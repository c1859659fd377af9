"""Scripts: checks of a project's own, Python files beside its rules.

The rulebook finds them, a rule that names one loads it. Running a script is running its author's code, as with modules;
whatever goes wrong in it becomes a `CheckFaultError` that names the line. Nothing is written beside it.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.source import Source
from mlinfra.policy.checks import check_named
from mlinfra.policy.scene import Breach, Check, Scene

_FUNCTION = "check"
_PREFIX = "mlinfra_rules_"
# A script may end itself; whoever presses Ctrl-C means the command.
_FAULTS = (Exception, SystemExit)


class CheckFaultError(Exception):
    """A check that cannot be asked: `words` say why, `source` where; it is empty where the check is ours."""

    def __init__(self, words: str, source: Source | None) -> None:
        super().__init__(words)
        self.words = words
        self.source = source


def scripts_in(folder: Path) -> Mapping[str, Path]:
    """The checks of a pack by the names that its rules give them: `owner-tags` is `owner_tags.py`."""
    return {path.stem.replace("_", "-"): path for path in sorted(folder.glob("*.py"))}


def breaches(
    name: str, script: str, scene: Scene, resources: list[Resource], given: Mapping[str, Any]
) -> Iterator[Breach]:
    """What a check has against the resources, all of it before any. Raises `CheckFaultError`."""
    check = load(Path(script)) if script else check_named(name)
    try:
        found = list(check(scene, resources, given))
    except _FAULTS as error:
        raise _fault(error, script) from error
    for one in found:
        if not isinstance(one, Breach) or not isinstance(one.resource, Resource):
            words = f"it yields {type(one).__name__}, where each thing wrong is a Breach of a resource"
            raise CheckFaultError(words, Source(script, 1) if script else None)
    yield from found


def words_of(name: str, script: str) -> str:
    """What a check demands, in a sentence. Raises `CheckFaultError`, or `LookupError` where there is none."""
    check = load(Path(script)) if script else check_named(name)
    return (sys.modules[check.__module__].__doc__ or "").strip().partition("\n")[0]


def load(script: Path) -> Check:
    """The function `check` of a script. Raises `CheckFaultError`."""
    try:
        text = script.read_bytes()
    except OSError as error:
        raise CheckFaultError(f"it cannot be read: {error.strerror}", Source(str(script), 1)) from error
    name = _PREFIX + hashlib.sha256(str(script).encode() + b"\0" + text).hexdigest()[:16]
    module = sys.modules.get(name) or _run(script, text, name)
    found = getattr(module, _FUNCTION, None)
    if not callable(found):
        raise CheckFaultError("it defines no function check(scene, resources, given)", Source(str(script), 1))
    loaded: Check = found
    return loaded


def _run(script: Path, text: bytes, name: str) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = str(script)
    sys.modules[name] = module  # where dataclasses and the like look for it
    try:
        exec(compile(text, str(script), "exec", dont_inherit=True), module.__dict__)
    except _FAULTS as error:
        del sys.modules[name]
        raise _fault(error, str(script)) from error
    return module


def _fault(error: BaseException, script: str) -> CheckFaultError:
    if isinstance(error, SyntaxError) and error.filename == script:
        return CheckFaultError(f"SyntaxError: {error.msg}", Source(script, error.lineno or 1))
    within = [frame for frame in traceback.extract_tb(error.__traceback__) if script and frame.filename == script]
    source = Source(script, within[-1].lineno or 1) if within else Source(script, 1) if script else None
    return CheckFaultError(f"{type(error).__name__}: {error}", source)
