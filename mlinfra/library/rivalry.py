"""Rivalries: parts of one stack that cannot live on one cluster, as the contracts of its modules say.

Of modules among each other; and of a module and what the stack installs besides: releases and objects among
`resources`, add-ons of EKS. Called by `components` and `assembly`; pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.resource import Resource
from mlinfra.core.stack import Stack
from mlinfra.library.addon import RELEASE
from mlinfra.library.codes import Code
from mlinfra.library.contract import Rival
from mlinfra.library.entries import Entry
from mlinfra.library.module import Module
from mlinfra.library.problem import Problem

# What has a cluster once, by the token of its type: an add-on by a property of its own, objects by their name.
_ADDON = "aws:eks/addon:Addon"
_UNIQUE = (
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    "kubernetes:apiregistration.k8s.io/v1:APIService",
)
_CRDS = "skipCrds"  # of a release: whether it leaves out the definitions of its chart
_NAMED = 3  # of definitions that two bring, so many are told

# What a guest is, and what it is called: ("chart", "cert-manager").
_Guest = tuple[str, str]


class _Grudge(msgspec.Struct, frozen=True):
    """What an entry has against a guest, if that has what they quarrel about."""

    entry: Entry
    rival: Rival

    def is_about(self, guest: Resource) -> bool:
        """Whether it is about that one."""
        return not guest.address.is_within(self.entry.address) and _has(guest, self.rival)


def rivalries(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Problem]]:
    """Pairs of entries of which one says that the other must not be there, or that would bring the same definitions."""
    before: dict[int, list[Entry]] = {}  # by module: of thousands of entries few modules differ
    for entry in entries:
        for others in before.values():
            theirs = others[0].module
            if not (reason := _rivalry(entry.module, theirs) or _rivalry(theirs, entry.module)):
                continue
            for other in others:
                summary = f"{other.address} and {entry.address} cannot be in one stack"
                hint = "take one of them out, or give it a stack and a cluster of its own"
                yield entry, Problem(Code.COMPONENTS_CLASH, summary, detail=reason, hint=hint)
        before.setdefault(id(entry.module), []).append(entry)


def _told(one: Module, other: Module) -> bool:
    return bool(_rivalry(one, other) or _rivalry(other, one))


def _rivalry(one: Module, other: Module) -> str:
    """Why they cannot live together; empty where they can."""
    if one.contract is None:
        return ""
    for rival in one.contract.rivals:
        if (rival.kind, rival.name) == ("module", other.name):
            return rival.reason
    if other.contract is None or one is other:
        return ""
    return _both(sorted({*one.contract.unique} & {*other.contract.unique}))


def guests(entries: Iterable[Entry], resources: Mapping[Address, Resource], stack: Stack) -> Iterator[Diagnostic]:
    """What the stack installs beside its modules, and one of them cannot live with.

    Of two modules that cannot live together, enough is said already.
    """
    there = {address.parts[:2] for address in resources}
    entries = list(entries)
    makers = {entry.address.parts: entry.module for entry in entries}
    grudges = _grudges(entry for entry in entries if entry.address.parts[:2] in there)
    for one in resources.values():
        for grudge in grudges.get(_guest(one) or ("", ""), ()):
            entry, rival = grudge.entry, grudge.rival
            maker = makers.get(one.address.parts[:2])
            if not grudge.is_about(one) or (maker is not None and _told(entry.module, maker)):
                continue
            yield Diagnostic(
                code=Code.COMPONENTS_CLASH,
                summary=f"{one.address} and {entry.address} cannot be in one stack",
                detail=rival.reason,
                address=one.address,
                source=stack.positions.at(one.address.parts) or one.source,
                hint=_hint(one, entry, rival),
            )


def _grudges(entries: Iterable[Entry]) -> dict[_Guest, list[_Grudge]]:
    found: dict[_Guest, list[_Grudge]] = {}
    for entry in entries:
        contract = entry.module.contract
        for rival in _rivals_of(entry.module) if contract is not None else ():
            found.setdefault((rival.kind, rival.name), []).append(_Grudge(entry, rival))
    return found


def _rivals_of(module: Module) -> Iterator[Rival]:
    """Those that its contract names; its own chart a second time, and what it brings of which a cluster has one."""
    contract = module.contract
    assert contract is not None
    yield from (rival for rival in contract.rivals if rival.kind != "module")
    if contract.charts and contract.unique:
        # Without its definitions a second one may serve others, unless it is an API that both would be.
        part = "" if contract.apis else _CRDS
        yield Rival(contract.chart.name, _both(contract.unique), kind="chart", part=part)
    yield from (Rival(name, _both([name]), kind="object") for name in contract.unique)


def _guest(one: Resource) -> _Guest | None:
    properties = one.properties
    if one.type == RELEASE and isinstance(chart := properties.get("chart"), str):
        return "chart", chart.rstrip("/").rpartition("/")[2]
    if one.type == _ADDON and isinstance(name := properties.get("addonName"), str):
        return "addon", name
    metadata = properties.get("metadata") if one.type in _UNIQUE else None
    if isinstance(metadata, dict) and isinstance(name := metadata.get("name"), str):
        return "object", name
    return None


def _has(one: Resource, rival: Rival) -> bool:
    """Whether the release has what they quarrel about."""
    if not rival.part:
        return True
    if rival.part == _CRDS:
        return one.properties.get(_CRDS) is not True
    value: Any = one.properties.get("values")
    for name in rival.part.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return rival.by_default
        value = value[name]
    return value not in (None, False, "", [], {})


def _both(names: Sequence[str]) -> str:
    """Why two that bring all of these cannot live together; empty where there is none."""
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"both bring {', '.join(names[:_NAMED])}{more}, of which a cluster has one"


def _hint(one: Resource, entry: Entry, rival: Rival) -> str:
    there = f"there is {entry.module.name}"
    if entry.wanted_by:
        there += f", wanted by {', '.join(map(str, entry.wanted_by))}"
    if rival.part in ("", _CRDS):
        return f"take {one.address} out: {there}"
    if rival.by_default:
        return f"set {rival.part} to false in its values, or take {one.address} out: {there}"
    return f"take {rival.part} out of its values: {there}"
