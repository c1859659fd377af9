"""Charts of a stack: which it uses, and whether they are at hand; fetched on request, for places without a network.

The commands `charts list` and `charts pull` call it. No account is asked: which charts there are does not hang on one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.config.loader import load_stack, unbuilt
from mlinfra.core.clock import SystemClock
from mlinfra.core.errors import ConfigError, ProviderError
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Target
from mlinfra.core.value import Secret
from mlinfra.library import assembly
from mlinfra.providers.helm.chart import Chart
from mlinfra.providers.helm.pinning import releases_in
from mlinfra.providers.helm.reference import Reference, reference_of
from mlinfra.providers.helm.store import FOLDER, ChartStore
from mlinfra.session.connections.secrets import Secrets
from mlinfra.session.connections.targets import cloud_of
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.neighbours import applied_in
from mlinfra.session.scrutiny.validation import symbolic_facts


class ChartInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One chart that a release of a stack names.

    source: the repository, the registry, or the folder that it comes from. digest: of what is at hand, hexadecimal.
    pinned: whether the stack itself says which digest it must have. path: where it is at hand; empty where it is not.
    problem: why it cannot be used.
    """

    address: str
    chart: str
    version: str
    source: str
    digest: str = ""
    pinned: bool = False
    path: str = ""
    problem: str = ""


def list_charts(options: Any) -> tuple[ChartInfo, ...]:
    """The charts of a stack, by address; nothing is fetched. Raises `ConfigError`."""
    return _charts(options, lambda store, reference: store.at_hand(reference))


def pull_charts(options: Any) -> tuple[ChartInfo, ...]:
    """The same, each fetched where it is not at hand yet. Raises `ConfigError`."""
    return _charts(options, lambda store, reference: store.chart(reference))


def _charts(options: Any, find: Callable[[ChartStore, Reference], Chart | None]) -> tuple[ChartInfo, ...]:
    root = Path()
    graph, target = _desired(options, root)
    store = ChartStore(root / FOLDER, lambda secret: _secret(target, root, secret))
    found = []
    for resource in releases_in(graph):
        named = str(resource.properties.get("chart"))
        try:
            reference = reference_of(resource.properties, Path(options.file).parent)
            about = ChartInfo(
                address=resource.address,
                chart=reference.chart,
                version=reference.version,
                source=_source(reference),
                pinned=bool(reference.digest),
            )
        except ProviderError as error:
            found.append(ChartInfo(address=resource.address, chart=named, version="", source="", problem=str(error)))
            continue
        try:
            chart = find(store, reference)
        except ProviderError as error:
            found.append(msgspec.structs.replace(about, problem=str(error)))
            continue
        found.append(about if chart is None else _at_hand(about, chart))
    return tuple(found)


def _at_hand(about: ChartInfo, chart: Chart) -> ChartInfo:
    return msgspec.structs.replace(about, version=chart.version, digest=chart.digest, path=str(chart.path))


def _source(reference: Reference) -> str:
    if reference.path is not None:
        return str(reference.path)
    return reference.repository or reference.chart.rpartition("/")[0]


def _desired(options: Any, root: Path) -> tuple[Graph, Target]:
    """What the stack desires of any account."""
    library = catalogue.library(root)
    language = catalogue.language(library)
    stack, _ = load_stack(
        options.file,
        language,
        sets=options.sets,
        input_files=options.inputs,
        environ=os.environ,
        stacks_reader=lambda location: applied_in(location, root),
    )
    if problems := unbuilt(stack, language):
        raise ConfigError(problems)
    facts = symbolic_facts(stack, assembly.wants(stack, library))
    return assembly.build(stack, library, facts, frozenset()), stack.target


def _secret(target: Target, root: Path, secret: Secret) -> str:
    return Secrets(cloud_of(target, root, SystemClock(), catalogue.library(root)).calls).value(secret)
