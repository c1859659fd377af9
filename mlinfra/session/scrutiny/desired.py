"""Desired: the graph of a stack, or everything that is wrong with it, however late it would show.

The session calls it for every plan. What modules refuse hides nothing of the rest: that is built as far as it can be,
and held against the models of what is to be made.
"""

from __future__ import annotations

import msgspec

from mlinfra.config.loader import unbuilt
from mlinfra.core.diagnostic import errors_in
from mlinfra.core.errors import ConfigError
from mlinfra.core.facts import Facts
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.library import assembly
from mlinfra.library.library import Library
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.kinds import Kinds
from mlinfra.session.scrutiny.answers import unanswered
from mlinfra.session.scrutiny.clashes import clashes
from mlinfra.session.scrutiny.machine_names import machines_of_groups, machines_of_resources
from mlinfra.session.scrutiny.objections import objections
from mlinfra.session.scrutiny.unknowns import unknown_namespaces


def desired_graph(stack: Stack, library: Library, facts: Facts, taggable: frozenset[str]) -> Graph:
    """What the stack desires. Raises `ConfigError` with every mistake; what the providers say comes with the plan."""
    if problems := unbuilt(stack, catalogue.language(library)):
        raise ConfigError(problems)
    machines = list(machines_of_resources(stack))
    found = list(errors_in([*machines_of_groups(stack), *machines]))
    try:
        graph = assembly.build(stack, library, facts, taggable)
    except assembly.UnfinishedError as error:
        # What EC2 does not offer under a name that cannot be one was said by then.
        told = {one.source for one in found}
        modules = [one for one in error.diagnostics if one.source is None or one.source not in told]
        raise ConfigError([*found, *modules, *objections(error.made, stack)]) from error
    if found or any(clashes(graph, Kinds(), stack)) or any(unanswered(graph.resources, stack)):
        raise ConfigError([*found, *objections(graph, stack)])
    return msgspec.structs.replace(graph, notes=(*graph.notes, *machines, *unknown_namespaces(stack, graph)))
