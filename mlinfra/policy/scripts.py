"""Scripts: checks of a project's own, Python files beside its rules.

The rulebook finds them, a rule that names one has it asked, apart from this process. Running a script is running its
author's code, as with modules; whatever goes wrong in it becomes a `CheckFaultError` that names the line. Nothing is
written beside it.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import GeneratorType, ModuleType
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.source import Source
from mlinfra.documents import apart
from mlinfra.documents.apart import SECONDS, CheckFaultError, fault_of
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.checks import check_named
from mlinfra.policy.scene import Breach, Check, Scene

_FUNCTION = "check"
_MODULE = "mlinfra_rules"

# A breach as it comes back: which resource of the scene, in what words, how sure, and where.
_Told = tuple[int, str, int, tuple[str | int, ...]]


def scripts_in(folder: Path) -> Mapping[str, Path]:
    """The checks of a pack by the names that its rules give them: `owner-tags` is `owner_tags.py`."""
    return {path.stem.replace("_", "-"): path for path in sorted(folder.glob("*.py"))}


def breaches(
    name: str,
    script: str,
    scene: Scene,
    resources: list[Resource],
    given: Mapping[str, Any],
    seconds: float = SECONDS,
) -> list[Breach]:
    """What a check has against the resources, all of it before any. Raises `CheckFaultError`."""
    if not script:
        try:
            return list(check_named(name)(scene, resources, given))
        except Exception as error:
            raise fault_of(error, "") from error
    known = [*resources, *scene.graph, *scene.brought]
    told: list[_Told] = apart.ask(
        lambda: list(_asked(Path(script), scene, resources, given, known)),
        list[_Told],
        script=script,
        seconds=seconds,
    )
    return [Breach(known[index], words, Verdict(verdict), tuple(path)) for index, words, verdict, path in told]


def _asked(
    script: Path, scene: Scene, resources: list[Resource], given: Mapping[str, Any], known: list[Resource]
) -> Iterator[_Told]:
    """What a script has against resources. What it does to them, it does to copies."""
    numbers = {id(one): number for number, one in reversed(list(enumerate(known)))}
    addresses = {one.address: number for number, one in reversed(list(enumerate(known)))}
    check = load(script)
    found = check(scene, resources, given)
    if found is None:
        raise CheckFaultError("it answers nothing, where it is to yield a Breach for everything wrong", _line(check))
    for one in found:
        wrong = _wrong_with(one)
        number = None if wrong else numbers.get(id(one.resource), addresses.get(one.resource.address))
        if wrong or number is None:
            words = wrong or f"it yields a Breach of {one.resource.address}, which the stack does not have"
            raise CheckFaultError(words, _line(check, found))
        yield number, one.words, int(one.verdict), one.path


def _wrong_with(one: object) -> str:
    """What keeps an answer from being a finding; empty where nothing does."""
    if not isinstance(one, Breach) or not isinstance(one.resource, Resource):
        return f"it yields {type(one).__name__}, where each thing wrong is a Breach of a resource"
    if not isinstance(one.words, str):
        return f"it yields a Breach whose words are {type(one.words).__name__}, where they are a text"
    if not isinstance(one.verdict, Verdict) or one.verdict is Verdict.PASS:
        return f"it yields a Breach whose verdict is {one.verdict!r}, where it is Verdict.FAIL or Verdict.UNKNOWN"
    if not isinstance(one.path, tuple | list) or not all(isinstance(part, str | int) for part in one.path):
        return f"it yields a Breach whose path is {one.path!r}, where it is names and numbers: ('tags', 'owner')"
    return ""


def _line(check: Check, found: object = None) -> Source:
    """Where a check is, or where it has come to."""
    code = getattr(inspect.unwrap(check), "__code__", None)
    frame = found.gi_frame if isinstance(found, GeneratorType) else None
    file = code.co_filename if code is not None else ""
    return Source(file, frame.f_lineno if frame is not None else code.co_firstlineno if code is not None else 1)


def words_of(name: str, script: str) -> str:
    """What a check demands, in a sentence. Raises `LookupError` where there is none."""
    if script:
        try:
            words = ast.get_docstring(ast.parse(Path(script).read_bytes()))
        except (OSError, SyntaxError, ValueError):
            words = None  # which the rulebook tells
    else:
        words = sys.modules[check_named(name).__module__].__doc__
    return (words or "").strip().partition("\n")[0]


def load(script: Path) -> Check:
    """The function `check` of a script, which is run for it. Raises `CheckFaultError`."""
    try:
        text = script.read_bytes()
    except OSError as error:
        raise CheckFaultError(f"it cannot be read: {error.strerror}", Source(str(script), 1)) from error
    module = ModuleType(f"{_MODULE}_{script.stem}")
    module.__file__ = str(script)
    sys.modules[module.__name__] = module  # where dataclasses and the like look for it
    exec(compile(text, str(script), "exec", dont_inherit=True), module.__dict__)
    found = getattr(module, _FUNCTION, None)
    if not callable(found):
        raise CheckFaultError("it defines no function check(scene, resources, given)", Source(str(script), 1))
    loaded: Check = found
    return loaded
