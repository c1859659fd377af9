from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Ref, refs
from mlinfra.providers.aws.catalogue import catalogue
from tests.library.samples import codes, graph_of, of_type, properties, refusals
from tests.modules.cases import CERTIFICATE, CLUSTER, SYSTEM, entrance

_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_LISTENER = "aws:lb/listener:Listener"
_OWN_GROUP = Ref(Address("loadBalancers.public.security-group"))
_NODES = Ref(Address("cluster"), ("vpcConfig", "clusterSecurityGroupId"))


def _made(**about: Any) -> dict[str, Any]:
    return properties(graph_of(entrance(**about)), "loadBalancers.public")


def _listeners(graph: Graph) -> dict[int, tuple[str, str]]:
    """The protocol of each port, and what is done there."""
    return {
        one.properties["port"]: (one.properties["protocol"], one.properties["defaultActions"][0]["type"])
        for one in of_type(graph, _LISTENER)
    }


def _allowed(graph: Graph) -> list[tuple[int, str]]:
    rules = [one.properties for one in of_type(graph, _INGRESS) if one.properties["securityGroupId"] == _OWN_GROUP]
    return [(rule["fromPort"], rule["cidrIpv4"]) for rule in rules]


def test_by_default_it_is_reached_from_within_the_network_alone() -> None:
    graph = graph_of(entrance())
    made = properties(graph, "loadBalancers.public")
    assert (made["internal"], made["loadBalancerType"]) == (True, "network")
    assert made["subnets"] == [Ref(Address(f"network.private.us-east-1{zone}.subnet")) for zone in "ab"]
    assert _allowed(graph) == [(443, "10.0.0.0/16"), (80, "10.0.0.0/16")]


def test_what_faces_the_internet_stands_in_public_subnets_and_lets_in_whom_it_names() -> None:
    about = {"scheme": "internet-facing", "allowedCidrs": ["203.0.113.0/24", "198.51.100.7/32"]}
    graph = graph_of(entrance(**about, certificate=CERTIFICATE))
    made = properties(graph, "loadBalancers.public")
    assert made["internal"] is False
    assert made["subnets"] == [Ref(Address(f"network.public.us-east-1{zone}.subnet")) for zone in "ab"]
    assert _allowed(graph) == [(443, "203.0.113.0/24"), (443, "198.51.100.7/32")]


@pytest.mark.parametrize("gateway", ["istio", "nginx", "alb"])
def test_a_load_balancer_that_is_renamed_is_replaced_in_nothing(gateway: str) -> None:
    """No property that cannot be changed says what the entry is called."""
    kind = "application" if gateway == "alb" else "network"
    about = {"type": kind, "certificate": CERTIFICATE, "gateway": gateway}
    here, there = (
        graph_of({**CLUSTER, "nodeGroups": {"system": SYSTEM}, "loadBalancers": {name: about}})
        for name in ("lion", "zebra")
    )
    ours = [one for one in here if one.address.is_within("loadBalancers.lion") and one.type.startswith("aws:")]
    assert len(ours) > 5
    for one in ours:
        other = there.resources[one.address.moved("loadBalancers.lion", "loadBalancers.zebra")]
        for name, declared in catalogue()[one.type].about.inputs.fields.items():
            if declared.replace is not None and not refs([one.properties.get(name)]):
                assert one.properties.get(name) == other.properties.get(name), (one.address, name)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, {443: ("TCP", "forward"), 80: ("TCP", "forward")}),
        ({"certificate": CERTIFICATE}, {443: ("TLS", "forward")}),
        ({"type": "application"}, {80: ("HTTP", "forward")}),
        ({"type": "application", "certificate": CERTIFICATE}, {443: ("HTTPS", "forward"), 80: ("HTTP", "redirect")}),
        (
            {"type": "application", "certificate": CERTIFICATE, "gateway": "alb"},
            {443: ("HTTPS", "fixed-response"), 80: ("HTTP", "redirect")},
        ),
    ],
)
def test_listeners_follow_from_type_and_certificate(
    about: dict[str, Any], expected: dict[int, tuple[str, str]]
) -> None:
    assert _listeners(graph_of(entrance(**about))) == expected


def test_tls_is_ended_with_the_certificate_and_by_a_policy_of_today() -> None:
    listener = properties(graph_of(entrance(certificate=CERTIFICATE)), "loadBalancers.public.listener.https")
    assert listener["certificateArn"] == CERTIFICATE
    assert listener["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-Res")


@pytest.mark.parametrize(("gateway", "health"), [("istio", 15021), ("nginx", 10254)])
def test_it_reaches_the_gateways_ports_on_the_nodes_and_nothing_else(gateway: str, health: int) -> None:
    graph = graph_of(entrance(gateway=gateway, certificate=CERTIFICATE))
    egress = of_type(graph, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    opened = [one.properties for one in of_type(graph, _INGRESS) if one.properties["securityGroupId"] == _NODES]
    assert [(one.properties["fromPort"], one.properties["toPort"]) for one in egress] == [(80, 80), (health, health)]
    assert all(one.properties["referencedSecurityGroupId"] == _NODES for one in egress)
    assert [(rule["fromPort"], rule["referencedSecurityGroupId"]) for rule in opened] == [
        (80, _OWN_GROUP),
        (health, _OWN_GROUP),
    ]


@pytest.mark.parametrize(("kind", "protocol"), [("network", "TCP"), ("application", "HTTP")])
def test_targets_are_addresses_of_pods_asked_at_the_gateways_own_health_port(kind: str, protocol: str) -> None:
    group = properties(graph_of(entrance(type=kind)), "loadBalancers.public.target-group.http")
    assert (group["targetType"], group["port"], group["protocol"]) == ("ip", 80, protocol)
    check = group["healthCheck"]
    assert (check["protocol"], check["port"], check["path"]) == ("HTTP", "15021", "/healthz/ready")


def test_without_a_gateway_services_bring_their_own_targets() -> None:
    graph = graph_of(entrance(type="application", gateway="alb"))
    assert not of_type(graph, "aws:lb/targetGroup:TargetGroup")
    assert not of_type(graph, "aws:lb/listenerRule:ListenerRule")
    answer = properties(graph, "loadBalancers.public.listener.http")["defaultActions"][0]["fixedResponse"]
    assert answer["statusCode"] == "404"


def test_each_kind_has_what_its_kind_has() -> None:
    assert _made()["enableCrossZoneLoadBalancing"] is True
    assert _made(type="application")["dropInvalidHeaderFields"] is True


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"scheme": "internet-facing"}, [("MLI2501", "allowedCidrs")]),
        ({"allowedCidrs": ["10.0.0.0/8", "10.0.0.0/8"]}, [("MLI2501", "allowedCidrs[1]")]),
        ({"allowedCidrs": ["10.0.0.1/8"]}, [("MLI2501", "allowedCidrs[0]")]),
        ({"allowedCidrs": ["10.0.0.300/32"]}, [("MLI2006", "allowedCidrs[0]")]),
        ({"gateway": "alb"}, [("MLI2502", "gateway")]),
    ],
)
def test_load_balancers_that_cannot_be_are_refused(about: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(refusals(entrance(**about))) == [(code, f"loadBalancers.public.{at}") for code, at in expected]


def test_of_a_network_that_exists_ranges_and_public_subnets_are_the_users_to_say() -> None:
    use = {"vpcId": "vpc-0abc", "subnetIds": ["subnet-0a", "subnet-0b"]}
    sections = {**CLUSTER, "network": {"use": use}, "nodeGroups": {"system": SYSTEM}}
    assert codes(refusals({**sections, "loadBalancers": {"inner": {}}})) == [
        ("MLI2501", "loadBalancers.inner.allowedCidrs")
    ]
    public = {"scheme": "internet-facing", "allowedCidrs": ["203.0.113.0/24"]}
    (wrong,) = refusals({**sections, "loadBalancers": {"outer": public}})
    assert (wrong.code, "publicSubnetIds" in wrong.hint) == ("MLI2503", True)
    use["publicSubnetIds"] = ["subnet-0c", "subnet-0d"]
    graph = graph_of({**sections, "loadBalancers": {"outer": public}})
    assert properties(graph, "loadBalancers.outer")["subnets"] == ["subnet-0c", "subnet-0d"]
