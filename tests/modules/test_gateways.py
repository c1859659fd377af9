"""The gateway behind a load balancer: its pods, what binds them to it, its certificate, and the ways of endpoints."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Ref
from mlinfra.library.addon import NAMESPACE, RELEASE
from tests.library.samples import codes, graph_of, of_type, properties, refusals
from tests.modules.cases import CERTIFICATE, CLUSTER, DOORS, SYSTEM, Sections, endpoint, entrance

_BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
_GATEWAY = "kubernetes:networking.istio.io/v1:Gateway"
_CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"
_TLS = {"certificate": CERTIFICATE}


def _releases(graph: Graph) -> dict[str, str]:
    return {str(one.address): one.properties["chart"] for one in of_type(graph, RELEASE)}


def _servers(graph: Graph) -> dict[int, Any]:
    (gateway,) = of_type(graph, _GATEWAY)
    return {one["port"]["number"]: one.get("tls") for one in gateway.properties["spec"]["servers"]}


@pytest.mark.parametrize("gateway", ["istio", "nginx"])
@pytest.mark.parametrize(("about", "ports"), [({}, [443, 80]), (_TLS, [80]), ({"type": "application"}, [80])])
def test_its_pods_are_registered_with_every_target_group_and_with_no_other(
    gateway: str, about: Sections, ports: list[int]
) -> None:
    graph = graph_of(entrance(gateway=gateway, **about))
    bindings = [one.properties["spec"] for one in of_type(graph, _BINDING)]
    groups = of_type(graph, "aws:lb/targetGroup:TargetGroup")
    assert [one["targetGroupARN"] for one in bindings] == [Ref(group.address, ("arn",)) for group in groups]
    assert [one["serviceRef"] for one in bindings] == [{"name": "gateway-public", "port": port} for port in ports]
    service = properties(graph, "loadBalancers.public.gateway.service")["spec"]
    assert [(port["port"], port["targetPort"]) for port in service["ports"]] == [(port, port) for port in ports]
    assert "type" not in service  # no load balancer comes of it


def test_load_balancers_share_a_control_plane_and_no_pods() -> None:
    sections = {**CLUSTER, "nodeGroups": {"system": SYSTEM}, "loadBalancers": {"inner": {}, "outer": _TLS}}
    graph = graph_of(sections)
    gateways = {address for address, chart in _releases(graph).items() if chart == "gateway"}
    assert gateways == {"loadBalancers.inner.gateway", "loadBalancers.outer.gateway"}
    assert list(_releases(graph).values()).count("istiod") == 1
    selectors = [one.properties["spec"]["selector"]["istio"] for one in of_type(graph, _GATEWAY)]
    assert selectors == ["gateway-inner", "gateway-outer"]


def test_classes_of_ingresses_are_apart_as_well() -> None:
    doors = {"inner": {"gateway": "nginx"}, "outer": {"gateway": "nginx", **_TLS}}
    graph = graph_of({**CLUSTER, "nodeGroups": {"system": SYSTEM}, "loadBalancers": doors})
    releases = [one for one in of_type(graph, RELEASE) if one.properties["chart"] == "ingress-nginx"]
    classes = [one.properties["values"]["controller"]["ingressClassResource"] for one in releases]
    assert len({one["name"] for one in classes}) == len({one["controllerValue"] for one in classes}) == 2
    assert "istiod" not in _releases(graph).values()


def test_no_pod_of_a_gateway_has_a_right_that_it_does_not_need() -> None:
    for gateway in ("istio", "nginx"):
        graph = graph_of(entrance(gateway=gateway))
        spaces = {one.properties["metadata"]["name"]: one for one in of_type(graph, NAMESPACE)}
        labels = spaces["gateway-public"].properties["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    control = spaces.keys() - {"gateway-public"}
    assert "istio-system" not in control  # which NGINX does without


def test_the_pods_of_istio_come_once_somebody_tells_them_what_they_are() -> None:
    graph = graph_of(entrance())
    pods = graph.resources[Address("loadBalancers.public.gateway")]
    assert Address("components.istio") in pods.dependencies()


@pytest.mark.parametrize(
    ("about", "servers"),
    [
        ({}, {443: "gateway-tls", 80: "redirected"}),
        (_TLS, {80: "plain"}),
        ({"type": "application"}, {80: "plain"}),
        ({"type": "application", **_TLS}, {80: "plain"}),
    ],
)
def test_tls_ends_once_and_nobody_goes_on_without(about: Sections, servers: dict[int, str]) -> None:
    graph = graph_of(entrance(**about))

    def says(tls: dict[str, Any] | None) -> Any:
        if tls is None:
            return "plain"
        return "redirected" if tls.get("httpsRedirect") else tls["credentialName"]

    assert {port: says(tls) for port, tls in _servers(graph).items()} == servers
    assert bool(of_type(graph, _CERTIFICATE)) == (443 in servers)


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("models.acme.example", ["models.acme.example", "*.models.acme.example"]),
        ("", [Ref(Address("loadBalancers.public"), ("dnsName",))]),
    ],
)
def test_a_gateway_that_ends_tls_has_a_certificate_for_its_names(domain: str, names: list[Any]) -> None:
    graph = graph_of(entrance(domain=domain, gateway="nginx"))
    certificate = properties(graph, "loadBalancers.public.gateway.certificate")["spec"]
    assert certificate["dnsNames"] == names
    authority = properties(graph, "loadBalancers.public.gateway.authority")["spec"]
    issuer = properties(graph, "loadBalancers.public.gateway.issuer")
    assert issuer["spec"]["ca"]["secretName"] == authority["secretName"] != certificate["secretName"]
    assert certificate["issuerRef"]["name"] == issuer["metadata"]["name"]
    arguments = properties(graph, "loadBalancers.public.gateway")["values"]["controller"]["extraArgs"]
    assert arguments["default-ssl-certificate"] == f"gateway-public/{certificate['secretName']}"


def test_calls_of_grpc_get_through_a_load_balancer_that_ends_tls_where_the_gateway_takes_them() -> None:
    istio, nginx = (graph_of(entrance(gateway=gateway, **_TLS)) for gateway in ("istio", "nginx"))
    listener = "loadBalancers.public.listener.https"
    assert properties(istio, listener)["alpnPolicy"] == "HTTP2Preferred"
    assert "alpnPolicy" not in properties(nginx, listener)


_ALB = {"type": "application", "gateway": "alb", "domain": "acme.example", **_TLS}
_RULE = "aws:lb/listenerRule:ListenerRule"


def test_a_load_balancer_that_is_its_own_gateway_brings_what_registers_pods_and_no_more() -> None:
    graph = graph_of(entrance(type="application", gateway="alb"))
    assert list(_releases(graph).values()) == ["aws-load-balancer-controller"]


def test_a_load_balancer_that_is_its_own_gateway_sends_to_the_pods_of_an_endpoint_itself() -> None:
    graph = graph_of({**endpoint(), "loadBalancers": {"web": _ALB}})
    ranker = "endpoints.ranker.route.web"
    for kind, port, version in (("http", 8000, "HTTP1"), ("grpc", 8001, "GRPC")):
        group = properties(graph, f"{ranker}.{kind}")
        assert (group["targetType"], group["port"], group["protocolVersion"]) == ("ip", port, version)
        binding: Any = properties(graph, f"{ranker}.{kind}.binding")
        assert binding["metadata"]["namespace"] == "serving"
        assert binding["spec"]["targetGroupARN"] == Ref(Address(f"{ranker}.{kind}"), ("arn",))
        rule: Any = properties(graph, f"loadBalancers.web.rule.endpoints.ranker.{kind}")
        assert rule["conditions"][0] == {"hostHeader": {"values": ["ranker.acme.example"]}}
        assert rule["actions"] == [{"type": "forward", "targetGroupArn": binding["spec"]["targetGroupARN"]}]
        door = properties(graph, f"loadBalancers.web.nodes.to-{port}")
        assert door["referencedSecurityGroupId"] == Ref(Address("loadBalancers.web.security-group"), ("id",))
    # None is ready, and no older one goes, before it was found well.
    pods: Any = properties(graph, "endpoints.ranker")["spec"]["template"]["spec"]
    gates = [one["conditionType"] for one in pods["readinessGates"]]
    bound = [one.properties["metadata"]["name"] for one in of_type(graph, _BINDING)]
    assert gates == [f"target-health.elbv2.k8s.aws/{name}" for name in bound]


def test_without_tls_it_has_no_way_for_grpc() -> None:
    graph = graph_of({**endpoint(), "loadBalancers": {"web": {**_ALB, "certificate": ""}}})
    assert [str(one.address) for one in of_type(graph, _RULE)] == ["loadBalancers.web.rule.endpoints.ranker.http"]


def test_it_shares_requests_out_by_the_weights_of_target_groups() -> None:
    shares = {"stable": ("s3://a/7", 90), "canary": ("s3://a/8", 10)}
    traffic = {name: {"model": model, "weight": weight} for name, (model, weight) in shares.items()}
    graph = graph_of({**endpoint(model="", traffic=traffic), "loadBalancers": {"web": _ALB}})
    rule: Any = properties(graph, "loadBalancers.web.rule.endpoints.ranker.http")
    (action,) = rule["actions"]
    weights = {str(one["arn"].address).rpartition(".")[2]: one["weight"] for one in action["forward"]["targetGroups"]}
    assert weights == {"ranker-stable": 90, "ranker-canary": 10}


def test_a_runtime_whose_pods_it_sends_to_itself_is_open_to_it_and_to_nobody_else_before() -> None:
    def entrances(**balancer: Any) -> list[Any]:
        sections = {**entrance(**balancer), "runtimes": {"mlflow": {"domain": "ml.acme.example"}}}
        policy: Any = properties(graph_of(sections), "runtimes.mlflow.namespace.entrances")["spec"]
        return [one for rule in policy["ingress"] for one in rule.get("from", ["anybody"])]

    assert "anybody" in entrances(**_ALB)
    assert "anybody" not in entrances(domain="acme.example", **_TLS)
    graph = graph_of({**entrance(**_ALB), "runtimes": {"mlflow": {"domain": "ml.acme.example"}}})
    (rule,) = of_type(graph, _RULE)
    assert rule.properties["conditions"] == [{"hostHeader": {"values": ["ml.acme.example"]}}]  # every path
    assert properties(graph, "loadBalancers.public.nodes.to-5000")["fromPort"] == 5000


def test_rules_have_numbers_of_their_own_that_stay_when_others_come() -> None:
    def numbers(*names: str) -> dict[str, int]:
        models = {name: {"model": "s3://a/b"} for name in names}
        graph = graph_of({**endpoint(), "endpoints": models, "loadBalancers": {"web": _ALB}})
        return {str(one.address): one.properties["priority"] for one in of_type(graph, _RULE)}

    few, many = numbers("a", "c"), numbers("a", "b", "c")
    assert few.items() <= many.items()
    assert len(set(many.values())) == len(many) == 6


def test_nobody_would_be_woken_by_a_load_balancer_that_finds_no_pods() -> None:
    wrong = refusals({**endpoint(replicas={"min": 0}), "loadBalancers": {"web": _ALB}})
    assert codes(wrong) == [("MLI2703", "endpoints.ranker.replicas")]


def _routes(**about: Any) -> dict[str, Any]:
    graph = graph_of({**endpoint(**about), "loadBalancers": DOORS})
    mine = {str(one.address): one for one in graph}
    prefix = "endpoints.ranker.route."
    return {name.removeprefix(prefix): one.properties for name, one in mine.items() if name.startswith(prefix)}


def test_an_endpoint_gets_a_name_below_every_domain() -> None:
    routes = _routes()
    assert routes["outer"]["spec"]["hosts"] == ["ranker.models.acme.example"]
    assert routes["outer"]["spec"]["gateways"] == ["gateway-outer/gateway-outer"]
    (rule,) = routes["inner"]["spec"]["rules"]
    assert (rule["host"], routes["inner"]["spec"]["ingressClassName"]) == (
        "ranker.models.acme.internal",
        "gateway-inner",
    )
    assert routes["inner"]["spec"]["tls"] == [{"hosts": ["ranker.models.acme.internal"]}]
    assert set(routes) == {"inner", "outer"}


@pytest.mark.parametrize(("chosen", "through"), [(["inner"], {"inner"}), ([], set()), (None, {"inner", "outer"})])
def test_an_endpoint_is_reached_through_the_load_balancers_that_it_names(
    chosen: list[str] | None, through: set[str]
) -> None:
    assert set(_routes(loadBalancers=chosen)) == through


@pytest.mark.parametrize(
    ("path", "answered"),
    [
        ("/v2/models/ranker/infer", True),
        ("/v2/models/ranker/versions/7/generate_stream", True),
        ("/v2/models/ranker", True),
        ("/v2/health/ready", True),
        ("/inference.GRPCInferenceService/ModelInfer", True),
        ("/inference.GRPCInferenceService/ServerLive", True),
        ("/v2/models/ranker/trace/setting", False),
        ("/v2/repository/models/ranker/load", False),
        ("/v2/logging", False),
        ("/v2/systemsharedmemory/status", False),
        ("/inference.GRPCInferenceService/RepositoryModelLoad", False),
        ("/inference.GRPCInferenceService/LogSettings", False),
        ("/metrics", False),
    ],
)
def test_only_what_answers_requests_is_let_through(path: str, answered: bool) -> None:
    routes = _routes()
    matches = [match["uri"] for http in routes["outer"]["spec"]["http"] for match in http["match"]]
    through = any(
        path.startswith(one["prefix"]) if "prefix" in one else re.fullmatch(one["regex"], path) for one in matches
    )
    assert through == answered
    alone = graph_of({**endpoint(), "loadBalancers": {"web": _ALB}})
    told: list[Any] = [one.properties["conditions"][1]["pathPattern"] for one in of_type(alone, _RULE)]
    assert any(re.fullmatch(one, path) for pattern in told for one in pattern["regexValues"]) == answered
    (rule,) = routes["inner"]["spec"]["rules"]
    paths = [one["path"] for one in rule["http"]["paths"]]
    assert any(re.match(one, path) for one in paths) == (answered and not path.startswith("/inference"))


@pytest.mark.parametrize(
    ("doors", "chosen", "code"),
    [
        (DOORS, "nobody", "MLI2731"),
        (DOORS, "plain", "MLI2731"),
    ],
)
def test_a_load_balancer_that_has_no_name_for_an_endpoint_is_refused(doors: Sections, chosen: str, code: str) -> None:
    wrong = refusals({**endpoint(loadBalancers=[chosen]), "loadBalancers": doors})
    assert codes(wrong) == [(code, "endpoints.ranker.loadBalancers[0]")]
