"""Validation: what the modules refuse, found without an account by running them on symbols in the place of facts.

`mlinfra validate` calls it, by way of the session. What only an account can tell, such as the zones that a region has,
is taken to be as the stack says: nothing is refused here that a plan might accept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.aws.machines import is_known
from mlinfra.config.codes import Code as ConfigCode
from mlinfra.config.draft import DraftError
from mlinfra.core.diagnostic import Diagnostic, Severity, errors_in
from mlinfra.core.errors import ConfigError
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.stack import Remains, Stack
from mlinfra.core.value import Path
from mlinfra.library import assembly
from mlinfra.library.codes import Code
from mlinfra.library.library import Library
from mlinfra.session.reading.kinds import Kinds
from mlinfra.session.reading.symbolic import Symbols
from mlinfra.session.scrutiny.idle import idle_names
from mlinfra.session.scrutiny.machine_names import machines_of_groups, machines_of_resources
from mlinfra.session.scrutiny.objections import objections
from mlinfra.session.scrutiny.regions import misspelt_region
from mlinfra.session.scrutiny.unknowns import unknown_addons, unknown_namespaces

_REGION = "us-east-1"  # where neither the stack nor the environment names one
# What these find depends on what machines are made of, which is only guessed of types that this package is older than.
_OF_MACHINES = frozenset({Code.INSTANCE_TYPES_MIXED, Code.FABRIC, Code.NO_ROOM})
_OF_ABSENCE = frozenset({Code.SECTION_MISSING, Code.REFERENCE_TO_NOTHING, Code.DEPENDS_ON_NOTHING})


def refusals(
    stack: Stack, library: Library, types: Mapping[str, ResourceType], broken: Mapping[Path, Remains] | None = None
) -> tuple[Diagnostic, ...]:
    """What stands against the stack as it is written. What no module can plan yet is left out of it.

    broken: parts of it that have a mistake and are not in it, with what can be read of them.
    """
    taggable = frozenset(token for token, kind in types.items() if kind.maps_tags)
    planned, unplanned = _planned(stack, library)
    broken, symbols = {**unplanned, **(broken or {})}, Symbols()
    wants = Wants()
    found: tuple[Diagnostic, ...] = ()
    try:
        wants = assembly.wants(planned, library)
        graph = assembly.build(planned, library, symbolic_facts(planned, wants, symbols), taggable, broken)
    except assembly.UnfinishedError as error:
        known = all(map(is_known, wants.instance_types))
        found = tuple(one for one in error.diagnostics if known or one.code not in _OF_MACHINES)
        graph = error.made
    except ConfigError as error:
        return error.diagnostics
    else:
        idle = tuple(one for one in graph.notes if one.severity is Severity.WARNING)
        found = (*idle_names(stack, graph.resources), *idle) if planned is stack and not broken else idle
    if planned is stack and not broken and not errors_in(found):
        found = (*found, *unknown_namespaces(stack, graph))
    region = misspelt_region(stack)
    machines = (*machines_of_groups(stack), *machines_of_resources(stack))
    return (*region, *found, *machines, *unknown_addons(stack), *objections(symbols.opened(graph), stack))


def with_refusals(error: DraftError, library: Library) -> ConfigError:
    """The mistakes that a stack was refused for, and with them what modules have against the rest of it."""
    draft, found = error.draft, error.diagnostics
    more = refusals(draft.stack, library, Kinds(), draft.broken)
    if any(one.code == ConfigCode.UNKNOWN_SECTION for one in found):
        more = tuple(one for one in more if one.code not in _OF_ABSENCE)  # it may be a section under another name
    return ConfigError(dict.fromkeys((*found, *more)))


def _planned(stack: Stack, library: Library) -> tuple[Stack, dict[Path, Remains]]:
    """The stack without what cannot be planned yet, and the paths of that: what needs it is looked at without."""
    sections: dict[str, Any] = {}
    left: list[Path] = []
    for name, data in stack.sections.items():
        modules = library.sections.get(name, ())
        if any(module.place.entry for module in modules) and isinstance(data, dict):
            sections[name] = {entry: one for entry, one in data.items() if _is_built(library, name, entry)}
            left += [(name, entry) for entry in data if entry not in sections[name]]
        elif all(module.built for module in modules):
            sections[name] = data
        else:
            left.append((name,))
    planned = msgspec.structs.replace(stack, sections=sections) if left else stack
    return planned, dict.fromkeys(left, Remains({}, {}, frozenset()))


def _is_built(library: Library, section: str, entry: str) -> bool:
    module = library.module_for(section, entry)
    return module is None or module.built


def symbolic_facts(stack: Stack, wants: Wants, symbols: Symbols | None = None) -> Facts:
    """Symbols in the place of facts; of zones first those that the stack names: no region is known to lack them."""
    region = stack.target.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _REGION
    facts = (symbols or Symbols()).facts(stack.target.account, region, wants)
    named = (zone for zone in _zones(stack.sections) if re.fullmatch(rf"{region}[a-f]", zone))
    return msgspec.structs.replace(facts, zones=tuple(dict.fromkeys([*named, *facts.zones])))


def _zones(data: Any) -> Iterator[str]:
    """Every text in a list that is called `zones`, wherever it stands."""
    if not isinstance(data, dict):
        return
    for name, value in data.items():
        if name == "zones" and isinstance(value, list | tuple):
            yield from (zone for zone in value if isinstance(zone, str))
        else:
            yield from _zones(value)
