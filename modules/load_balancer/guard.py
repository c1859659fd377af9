"""Who may use a load balancer, and what it may reach: its security group, and the door to the nodes.

Every rule is one range or one group, on one port: whoever is let in is let in to the listeners, and the load balancer
to the gateway's ports and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from mlinfra.core.value import Properties, Value
from mlinfra.library import Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Cluster, Network

_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
# What leaves out less than half of all addresses leaves out nobody in particular.
_HALF = 1
_EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def range_problems(scheme: str, ranges: tuple[str, ...], network: Network) -> Iterator[Problem]:
    """Ranges that are none, or that leave open who is meant."""
    if not ranges and scheme == "internet-facing":
        hint = "list those who may: [203.0.113.0/24]; [0.0.0.0/0] lets everybody"
        summary = "the load balancer faces the internet, and it is not said who may use it"
        yield Problem(Code.BALANCER_RANGES, summary, at=("allowedCidrs",), hint=hint)
    elif not ranges and not network.cidr:
        hint = "list those who may, such as the range of the network"
        summary = "the range of a network that is only used is not known, so nobody could use the load balancer"
        yield Problem(Code.BALANCER_RANGES, summary, at=("allowedCidrs",), hint=hint)
    for index, one in enumerate(ranges):
        at = ("allowedCidrs", index)
        if one in ranges[:index]:
            yield Problem(Code.BALANCER_RANGES, f"{one} is named twice", at=at, hint="take one of them out")
        try:
            IPv4Network(one)
        except ValueError as error:
            yield Problem(Code.BALANCER_RANGES, f"{one} is no address range: {error}", at=at, hint=_hint(one))


def lets_everybody(ranges: Iterable[str]) -> bool:
    """Whether the internet is among them, whole or in halves."""
    return any(IPv4Network(one).prefixlen <= _HALF for one in ranges)


def _hint(text: str) -> str:
    try:
        return f"it lies in {IPv4Network(text, strict=False)}"
    except ValueError:
        return "write a range such as 203.0.113.0/24"


def add_guard(scope: Scope, network: Network, ports: dict[str, int], ranges: Iterable[Value]) -> Handle:
    """Add the security group, and a rule for each range on each of the listeners' ports."""
    group = scope.add(
        "security-group",
        "aws:ec2/securityGroup:SecurityGroup",
        # Not which one: a description cannot be changed, and a load balancer that is renamed stays.
        {"vpcId": network.vpc_id, "description": f"a load balancer of {scope.stack.name}"},
    )
    for name, port in ports.items():
        for one in ranges:
            local_name = f"security-group.{name}.from-{re.sub(r'[^0-9]+', '-', str(one))}"
            rule = _rule(group.id, port, "who may use it")
            scope.add(local_name, _INGRESS, {**rule, "cidrIpv4": one})
    return group


def open_nodes(scope: Scope, guard: Value, cluster: Cluster, ports: Iterable[int]) -> None:
    """Let the load balancer reach pods on the nodes on these ports, from both ends."""
    for port in ports:
        out = _rule(guard, port, "pods")
        scope.add(f"security-group.to-{port}", _EGRESS, {**out, "referencedSecurityGroupId": cluster.security_group_id})
        into: Properties = {
            **_rule(guard, port, "from the load balancer"),
            "securityGroupId": cluster.security_group_id,
            "referencedSecurityGroupId": guard,
        }
        scope.add(f"nodes.to-{port}", _INGRESS, into)


def open_to_sign_in(scope: Scope, guard: Value) -> None:
    """Let the load balancer ask whoever keeps the people's accounts, wherever that is."""
    rule = _rule(guard, 443, "who signs people in")
    scope.add("security-group.to-sign-in", _EGRESS, {**rule, "cidrIpv4": "0.0.0.0/0"})


def _rule(group: Value, port: int, description: str) -> Properties:
    return {
        "securityGroupId": group,
        "ipProtocol": "tcp",
        "fromPort": port,
        "toPort": port,
        "description": description,
    }
