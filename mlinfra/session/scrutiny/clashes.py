"""Clashes: resources of one stack that could not stand beside each other, found in the graph alone.

Each would be made by itself, and the cloud or the cluster would refuse the second of the two, or mix them up. Called by
`scrutiny`; pure. What is not known yet clashes with nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlinfra.core.connections import KUBERNETES
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.resource import Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.stack import Positions, Stack
from mlinfra.core.value import Path, Ref, Value, block_of, is_known, items_of
from mlinfra.session.codes import Code
from mlinfra.session.scrutiny.pointing import source_at

_SUBNET, _VPC = "aws:ec2/subnet:Subnet", "aws:ec2/vpc:Vpc"
_ROUTE, _TABLE = "aws:ec2/route:Route", "aws:ec2/routeTable:RouteTable"
_LISTENER, _RULE = "aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule"
_VIRTUAL_SERVICE = "VirtualService"
_INGRESS = "Ingress"
_INGRESS_CLASS = "kubernetes:networking.k8s.io/v1:IngressClass"
_IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_IS_CANARY = "nginx.ingress.kubernetes.io/canary"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def clashes(resources: Iterable[Resource], types: Mapping[str, ResourceType], stack: Stack) -> Iterator[Diagnostic]:
    """Each pair once, told of the later of the two."""
    made, positions = list(resources), stack.positions
    yield from _same_object(made, types, positions)
    yield from _ranges(made, positions)
    yield from _ways(made, positions)
    yield from _defaults(made, positions)
    yield from _domains(stack)


def _told(code: Code, one: Resource, positions: Positions, path: Path, summary: str, hint: str) -> Diagnostic:
    source = source_at(one, path, positions)
    return Diagnostic(code=code, summary=summary, address=one.address, source=source, hint=hint)


# Objects


def _same_object(
    made: Iterable[Resource], types: Mapping[str, ResourceType], positions: Positions
) -> Iterator[Diagnostic]:
    """Two resources that are one object of the cloud or the cluster, by its natural key."""
    first: dict[tuple[object, ...], Resource] = {}
    kinds = {token: types[token] for token in {one.type for one in made} if token in types}
    for one in made:
        path, key = _key(kinds[one.type], one) if one.type in kinds else ((), None)
        if key is None:
            continue
        other = first.setdefault((one.type, one.connection.kind, *key), one)
        if other is not one:
            summary = f"{one.address} and {other.address} are one and the same object: {_words(key)}"
            hint = "give one of them another name, or take it out"
            yield _told(Code.SAME_OBJECT, one, positions, path, summary, hint)


def _key(kind: ResourceType, one: Resource) -> tuple[Path, tuple[str, ...] | None]:
    """The property that locates its object, and what it says; `None` where that is AWS's to give, or not known."""
    if one.connection.kind == KUBERNETES:
        metadata = one.properties.get("metadata")
        if kind.identify is None or not isinstance(metadata, dict) or not is_known(metadata.get("name")):
            return (), None
        found = kind.identify(one.properties)
        return ("metadata", "name"), (found,) if found is not None else None
    values = [one.properties.get(name) for name in kind.key]
    if not values or None in values or (kind.name is not None and kind.name.property not in one.properties):
        return (), None
    told = kind.name.property if kind.name is not None and kind.name.property in kind.key else kind.key[-1]
    return (told,), tuple(value if isinstance(value, str) else repr(value) for value in values)


def _words(key: tuple[str, ...]) -> str:
    """What people can read of a key: references are not among it."""
    return ", ".join(part for part in key if not part.startswith(("Ref(", "Concat("))) or "all that locates them"


def _defaults(made: Iterable[Resource], positions: Positions) -> Iterator[Diagnostic]:
    """Classes of ingresses that are both the default: Kubernetes then refuses every ingress that names none
    (https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class, November 2026)."""
    first: Resource | None = None
    for one in made:
        metadata = block_of(one.properties.get("metadata")) if one.type == _INGRESS_CLASS else {}
        if _text(block_of(metadata.get("annotations")).get(_IS_DEFAULT)) != "true":
            continue
        first = first or one
        if one is not first:
            summary = f"{one.address} and {first.address} are both the default class of ingresses"
            hint = "make one of them the default: an ingress that names no class would be refused"
            yield _told(Code.DEFAULTS_CLASH, one, positions, ("metadata", "annotations", _IS_DEFAULT), summary, hint)


# Ranges of addresses


def _ranges(made: Iterable[Resource], positions: Positions) -> Iterator[Diagnostic]:
    """Subnets that overlap, or lie outside of their network; peered networks whose ranges overlap."""
    by_type: dict[str, list[Resource]] = {}
    for one in made:
        by_type.setdefault(one.type, []).append(one)
    networks = {one.address: one for one in by_type.get(_VPC, ())}
    subnets: dict[str, list[tuple[Resource, Network]]] = {}
    for one in by_type.get(_SUBNET, ()):
        found = _network(one.properties.get("cidrBlock"))
        if found is not None and "vpcId" in one.properties:
            subnets.setdefault(repr(one.properties["vpcId"]), []).append((one, found))
            yield from _outside(one, found, networks, positions)
    for group in subnets.values():
        yield from _overlapping(group, positions)
    tables = {one.address: one for one in by_type.get(_TABLE, ())}
    for one in by_type.get(_ROUTE, ()):
        yield from _peered(one, tables, networks, positions)


def _overlapping(group: list[tuple[Resource, Network]], positions: Positions) -> Iterator[Diagnostic]:
    """In the order of addresses each is held against the one before it that reaches furthest: ranges are nested."""
    before: tuple[Resource, Network] | None = None
    for one, mine in sorted(group, key=lambda pair: (pair[1].version, int(pair[1].network_address), pair[1].prefixlen)):
        if before is not None and mine.network_address in before[1]:
            summary = f"{one.address} ({mine}) overlaps {before[0].address} ({before[1]}) in the same network"
            yield _told(Code.RANGES_OVERLAP, one, positions, ("cidrBlock",), summary, "give each a range of its own")
        else:
            before = (one, mine)


def _outside(
    one: Resource, found: Network, networks: Mapping[Any, Resource], positions: Positions
) -> Iterator[Diagnostic]:
    network = _referred(one.properties.get("vpcId"), networks)
    whole = _network(network.properties.get("cidrBlock")) if network is not None else None
    if network is None or whole is None or whole.version != found.version or _within(found, whole):
        return
    summary = f"{one.address} ({found}) does not lie in its network {network.address} ({whole})"
    yield _told(Code.RANGES_OVERLAP, one, positions, ("cidrBlock",), summary, f"choose a range within {whole}")


def _peered(
    one: Resource, tables: Mapping[Any, Resource], networks: Mapping[Any, Resource], positions: Positions
) -> Iterator[Diagnostic]:
    """AWS peers no networks whose ranges overlap (VPC Peering Guide, "VPC peering limitations", November 2026)."""
    table = _referred(one.properties.get("routeTableId"), tables)
    network = _referred(table.properties.get("vpcId"), networks) if table is not None else None
    theirs = _network(one.properties.get("destinationCidrBlock"))
    mine = _network(network.properties.get("cidrBlock")) if network is not None else None
    if "vpcPeeringConnectionId" not in one.properties or network is None or mine is None or theirs is None:
        return
    if mine.version == theirs.version and mine.overlaps(theirs):
        summary = f"{one.address} leads to {theirs} in a peered network, and {network.address} is {mine} itself"
        hint = "give the network a range that its peers do not have"
        yield _told(Code.RANGES_OVERLAP, one, positions, ("destinationCidrBlock",), summary, hint)


def _referred(value: Value, among: Mapping[Any, Resource]) -> Resource | None:
    return among.get(value.address) if isinstance(value, Ref) else None


def _network(value: Value) -> Network | None:
    try:
        return ipaddress.ip_network(value, strict=False) if isinstance(value, str) and "/" in value else None
    except ValueError:
        return None


def _within(found: Network, whole: Network) -> bool:
    if isinstance(found, ipaddress.IPv4Network) and isinstance(whole, ipaddress.IPv4Network):
        return found.subnet_of(whole)
    both_six = isinstance(found, ipaddress.IPv6Network) and isinstance(whole, ipaddress.IPv6Network)
    return both_six and found.subnet_of(whole)  # type: ignore[arg-type]


# Ways in


def _ways(made: Iterable[Resource], positions: Positions) -> Iterator[Diagnostic]:
    """Requests that two resources answer, at one place: the second would be refused, or never asked."""
    first: dict[tuple[str, ...], Resource] = {}
    for one in made:
        find = _WAYS.get(one.type) or _WAYS.get(one.type.rpartition(":")[2])
        for path, way in dict.fromkeys(find(one.properties)) if find is not None else ():
            other = first.setdefault((one.type, *way), one)
            if other is not one:
                where = " ".join(part for part in way if not part.startswith(("Ref(", "Concat(")))
                summary = f"{one.address} and {other.address} both answer {where}"
                hint = "let one of them answer another name, path or port"
                yield _told(Code.WAYS_CLASH, one, positions, path, summary, hint)


def _domains(stack: Stack) -> Iterator[Diagnostic]:
    """Load balancers of one domain. Names may lead people inside elsewhere than others, or lie in two zones."""
    first: dict[tuple[str, str, str], str] = {}
    balancers = stack.sections.get("loadBalancers")
    for name, about in balancers.items() if isinstance(balancers, Mapping) else ():
        domain, zone = (_text(about.get(field)) if isinstance(about, Mapping) else "" for field in ("domain", "zone"))
        if not domain:
            continue
        scheme = "" if zone else _text(about.get("scheme")) or "internal"
        other = first.setdefault((domain, zone, scheme), name)
        if other != name:
            yield Diagnostic(
                code=Code.DOMAINS_CLASH,
                summary=f"loadBalancers.{name} and loadBalancers.{other} both answer to {domain}",
                source=stack.positions.at(("loadBalancers", name, "domain")),
                hint=f"give one of them a domain of its own, such as {name}.{domain}",
            )


Way = tuple[Path, tuple[str, ...]]


def _listener(properties: Mapping[Any, Any]) -> Iterator[Way]:
    if "loadBalancerArn" in properties and isinstance(properties.get("port"), int):
        yield ("port",), (repr(properties["loadBalancerArn"]), f"port {properties['port']}")


def _rule(properties: Mapping[Any, Any]) -> Iterator[Way]:
    if "listenerArn" in properties and isinstance(properties.get("priority"), int):
        yield ("priority",), (repr(properties["listenerArn"]), f"priority {properties['priority']}")


def _virtual_service(properties: Mapping[Any, Any]) -> Iterator[Way]:
    """Hosts at gateways; of one in the mesh alone nobody outside asks anything."""
    spec = block_of(properties.get("spec"))
    routes = [block_of(route) for route in items_of(spec.get("http"))]
    matches = [block_of(match) for route in routes for match in items_of(route.get("match")) or [{}]]
    for gateway in map(_text, items_of(spec.get("gateways"))):
        for index, host in enumerate(map(_text, items_of(spec.get("hosts")))):
            for match in matches if gateway and host else ():
                if is_known(match):
                    kind = block_of(match.get("uri")) or {"prefix": "/"}
                    also = {name: value for name, value in match.items() if name != "uri"}
                    way = f"{host}{next(iter(kind.values()))}"
                    yield ("spec", "hosts", index), (way, f"at {gateway}", *([repr(also)] if also else []), *kind)


def _ingress(properties: Mapping[Any, Any]) -> Iterator[Way]:
    """A canary is there to answer what another ingress answers; a second canary is not: NGINX takes one of each
    (ingress-nginx 1.15, "Annotations", Canary, November 2026)."""
    spec = block_of(properties.get("spec"))
    door = _text(spec.get("ingressClassName"))
    annotations = block_of(block_of(properties.get("metadata")).get("annotations"))
    canary = ("as a canary",) if _text(annotations.get(_IS_CANARY)) == "true" else ()
    for index, rule in enumerate(map(block_of, items_of(spec.get("rules")))):
        for way in map(block_of, items_of(block_of(rule.get("http")).get("paths"))):
            host, path = _text(rule.get("host")), _text(way.get("path")) or "/"
            if host and door:
                where = (f"{host}{path}", f"at {door}", _text(way.get("pathType")), *canary)
                yield ("spec", "rules", index, "host"), where


_WAYS: Mapping[str, Callable[[Mapping[Any, Any]], Iterator[Way]]] = {
    _LISTENER: _listener,
    _RULE: _rule,
    _VIRTUAL_SERVICE: _virtual_service,
    _INGRESS: _ingress,
}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
