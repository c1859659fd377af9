"""What runtimes keep things in: whose the bucket and the database are, how long they last, who gets the password."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Concat, Expression, Ref, Secret
from mlinfra.library.database_password import SCRIPT
from mlinfra.library.images import AWS
from tests.library.samples import codes, graph_of, properties, refusals
from tests.modules.cases import CERTIFICATE, CLUSTER, NODES, PROGRAMS, SIGN_IN, SYSTEM

_BOTH = {**NODES, "runtimes": {"mlflow": {}, "flyte": {}}}
_DATABASES = ("runtimes.mlflow.database", "runtimes.flyte.database")


def _statements(graph: Graph, address: str) -> list[dict[str, Any]]:
    return list(properties(graph, address)["policy"].content["Statement"])


@pytest.mark.parametrize("address", _DATABASES)
def test_a_database_is_encrypted_private_and_its_password_nobodys(address: str) -> None:
    graph = graph_of(_BOTH)
    database = properties(graph, address)
    assert database["storageEncrypted"] is True
    assert database["publiclyAccessible"] is False
    assert database["manageMasterUserPassword"] is True
    assert "password" not in database
    assert database["vpcSecurityGroupIds"] == [Ref(Address(f"{address}.security-group"), ("id",))]
    (door,) = [one for one in graph if one.address.is_within(f"{address}.security-group") and "Rule" in one.type]
    assert door.properties["referencedSecurityGroupId"] == Ref(
        Address("cluster"), ("vpcConfig", "clusterSecurityGroupId")
    )
    assert (door.properties["fromPort"], door.properties["toPort"]) == (5432, 5432)


@pytest.mark.parametrize("address", _DATABASES)
def test_how_long_a_database_is_kept_is_what_the_stack_is_for(address: str) -> None:
    kept = {name: graph_of(_BOTH, environment=name) for name in ("production", "development", "ephemeral")}
    settings = {name: properties(graph, address) for name, graph in kept.items()}
    assert [settings[name].get("deletionProtection", False) for name in kept] == [True, False, False]
    assert [settings[name].get("skipFinalSnapshot", False) for name in kept] == [False, False, True]
    assert [settings[name].get("multiAz", False) for name in kept] == [True, False, False]
    assert [kept[name].resources[Address(address)].lifecycle.protect for name in kept] == [True, False, False]


def test_the_server_of_mlflow_may_use_its_bucket_and_read_its_password_and_nothing_else() -> None:
    graph = graph_of(_BOTH)
    bucket = Ref(Address("runtimes.mlflow.artifacts"), ("arn",))
    password = Ref(Address("runtimes.mlflow.database"), ("masterUserSecrets", 0, "secretArn"))
    listing, objects, key, secret = _statements(graph, "runtimes.mlflow.role.policy")
    assert (listing["Action"], listing["Resource"]) == (["s3:ListBucket"], [bucket])
    assert objects["Resource"] == [Concat((bucket, "/*"))]
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    assert (secret["Action"], secret["Resource"]) == (["secretsmanager:GetSecretValue"], [password])


def test_tasks_of_flyte_use_its_bucket_and_never_see_its_password() -> None:
    graph = graph_of(_BOTH)
    actions = {one for found in _statements(graph, "runtimes.flyte.role.default.policy") for one in found["Action"]}
    assert {one.partition(":")[0] for one in actions} == {"s3", "kms"}
    identity = properties(graph, "runtimes.flyte.identity.default")
    assert (identity["namespace"], identity["serviceAccount"]) == ("flyte-tasks", "default")


@pytest.mark.parametrize("runtime", ["mlflow", "flyte"])
def test_a_password_reaches_pods_beside_them_and_in_no_value(runtime: str) -> None:
    graph = graph_of(_BOTH)
    values = properties(graph, f"runtimes.{runtime}")["values"]
    assert isinstance(values, dict)
    containers = values["initContainers"] if runtime == "mlflow" else values["deployment"]["preInitContainers"]
    assert (containers[0]["image"], containers[0]["restartPolicy"]) == (AWS.reference, "Always")
    # Where it lies in Secrets Manager, they are told; what it is, nobody is.
    secrets = [one for found in graph for one in _within(found.properties) if isinstance(one, Secret)]
    assert {one.name for one in secrets} == {"demo/runtimes.mlflow/admin"}


def _within(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for item in value.values() for one in _within(item)]
    if isinstance(value, list | tuple):
        return [one for item in value for one in _within(item)]
    return [value] if isinstance(value, Expression) else []


@pytest.mark.parametrize(
    ("told", "written"),
    [
        (r'{"username":"mlflow","password":"plain"}', "plain"),
        (r'{"password": "a:b\\c", "username": "mlflow"}', r"a\:b\\c"),
        (r'{"password":"<&$(date)`\u0026\u003c\"","username":"x"}', '<&$(date)`&<"'),
    ],
)
def test_the_password_file_is_one_that_clients_of_postgresql_read(tmp_path: Path, told: str, written: str) -> None:
    (tmp_path / "secret").write_text(told)
    for name, does in {"aws": f"cat {tmp_path}/secret", "sleep": "exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{does}\n")
        (tmp_path / name).chmod(0o755)
    file = tmp_path / "pgpass"
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SECRET": "arn", "PGPASSFILE": str(file)}
    subprocess.run(["bash", "-c", SCRIPT], env=environment, check=False, timeout=30)
    assert file.read_text() == f"*:*:*:*:{written}\n"
    # libpq takes no file that others may read.
    assert file.stat().st_mode & 0o777 == 0o600


def test_pods_that_could_not_fetch_their_password_are_refused() -> None:
    cut = ["s3", "ecr.api", "ecr.dkr", "ec2", "eks", "eks-auth", "sts"]
    network = {**CLUSTER, "network": {"zones": 2, "nat": "none", "vpcEndpoints": cut}}
    sections = {**network, "nodeGroups": {"system": SYSTEM}, "runtimes": {"mlflow": {}, "flyte": {}}}
    assert {("MLI2740", "runtimes.mlflow"), ("MLI2740", "runtimes.flyte")} <= set(codes(refusals(sections)))
    sections["network"] = {**network["network"], "vpcEndpoints": [*cut, "secretsmanager"]}
    assert graph_of(sections).resources


def test_a_runtime_is_reached_under_its_name_through_the_load_balancer_that_has_the_domain() -> None:
    other = {"inner": {"domain": "inner.example"}, "public": {"domain": "acme.example"}}
    sections = {**NODES, "loadBalancers": other, "runtimes": {"mlflow": {"domain": "ml.acme.example"}}}
    graph = graph_of(sections, outputs={"url": Ref(Address("runtimes.mlflow"), ("url",))})
    spec = properties(graph, "runtimes.mlflow.route")["spec"]
    assert isinstance(spec, dict)
    assert (spec["hosts"], spec["gateways"]) == (["ml.acme.example"], ["gateway-public/gateway-public"])
    assert graph.outputs == {"url": "https://ml.acme.example"}
    # MLflow answers to no other name than those that it was told.
    values = properties(graph, "runtimes.mlflow")["values"]
    assert isinstance(values, dict)
    assert "ml.acme.example" in values["serverAllowedHosts"]


@pytest.mark.parametrize(
    ("domain", "balancer", "code"),
    [
        ("ml.other.example", {"domain": "acme.example"}, "MLI2741"),
        ("a.ml.acme.example", {"domain": "acme.example"}, "MLI2741"),
        ("ml.acme.example", {"domain": "acme.example", "type": "application"}, "MLI2742"),
        ("ml.acme.example", {"domain": "acme.example", "type": "application", "gateway": "alb"}, "MLI2742"),
    ],
)
def test_a_name_that_nobody_answers_to_safely_is_refused(domain: str, balancer: dict[str, Any], code: str) -> None:
    sections = {**NODES, "loadBalancers": {"public": balancer}, "runtimes": {"mlflow": {"domain": domain}}}
    assert (code, "runtimes.mlflow.domain") in codes(refusals(sections))


def test_what_a_runtime_cannot_do_yet_is_said_at_the_field() -> None:
    wrong = refusals({**NODES, "runtimes": {"mlflow": {"database": "in-cluster"}}})
    assert codes(wrong) == [("MLI2005", "runtimes.mlflow.database")]


_ALB = {"type": "application", "gateway": "alb", "domain": "acme.example", "certificate": CERTIFICATE}


def _flyte(balancer: dict[str, Any], **about: Any) -> dict[str, Any]:
    flyte = {"domain": "flyte.acme.example", "signIn": SIGN_IN, **about}
    return {**NODES, "loadBalancers": {"web": balancer}, "runtimes": {"flyte": flyte}}


def test_people_reach_flyte_once_the_load_balancer_has_asked_who_they_are() -> None:
    graph = graph_of(_flyte(_ALB), outputs={"url": Ref(Address("runtimes.flyte"), ("url",))})
    rules = [one.properties for one in graph if one.type == "aws:lb/listenerRule:ListenerRule"]
    paths = {one["conditions"][1]["pathPattern"]["regexValues"][0] for one in rules}
    assert paths == {r"^/v2.*$", r"^/flyteidl2\..*$"}
    for rule in rules:
        asking, forwarding = sorted(rule["actions"], key=lambda action: action["order"])
        assert (asking["type"], forwarding["type"]) == ("authenticate-oidc", "forward")
        # A reference, which is resolved at the call: no plan and no state holds it.
        assert asking["authenticateOidc"]["clientSecret"] == SIGN_IN["clientSecret"]
    # The load balancer itself asks the provider for tokens.
    out = properties(graph, "loadBalancers.web.security-group.to-sign-in")
    assert (out["fromPort"], out["cidrIpv4"]) == (443, "0.0.0.0/0")
    policy: Any = properties(graph, "runtimes.flyte.namespace.flyte.entrances")["spec"]
    ports = {port["port"] for rule in policy["ingress"] if "from" not in rule for port in rule["ports"]}
    assert {8090, 8080} <= ports
    assert graph.outputs == {"url": "https://flyte.acme.example/v2"}


def test_programs_reach_flyte_by_tokens_that_the_load_balancer_judges_and_are_told_where_to_get_them() -> None:
    graph = graph_of(_flyte(_ALB, signIn={**SIGN_IN, "programs": {**PROGRAMS, "audienceForm": "list"}}))
    rules = [one.properties for one in graph if one.type == "aws:lb/listenerRule:ListenerRule"]
    rules.sort(key=lambda rule: rule["priority"])
    of_api = [rule for rule in rules if "flyteidl2" in str(rule["conditions"])]
    discovery, programs, people = of_api
    # Who has no token yet finds out where there are some, unasked, and nothing else.
    assert discovery["conditions"][1]["pathPattern"]["regexValues"] == [
        r"^/\.well-known/oauth-authorization-server$",
        r"^/flyteidl2\.auth\.AuthMetadataService/.*$",
    ]
    assert [action["type"] for action in discovery["actions"]] == ["forward"]
    # Who brings one is judged by it: whose it is, and whom it is for.
    assert programs["conditions"][2] == {"httpHeader": {"httpHeaderName": "Authorization", "values": ["Bearer *"]}}
    judged = programs["actions"][0]
    assert (judged["type"], judged["order"]) == ("jwt-validation", 1)
    assert judged["jwtValidation"] == {
        "issuer": SIGN_IN["issuer"],
        "jwksEndpoint": PROGRAMS["keys"],
        "additionalClaims": [{"name": "aud", "format": "string-array", "values": ["flyte"]}],
    }
    # Who brings none is not sent to a page that no program can read.
    assert people["actions"][0]["authenticateOidc"]["onUnauthenticatedRequest"] == "deny"
    targets = {rule["actions"][-1]["targetGroupArn"] for rule in of_api}
    assert len(targets) == 1
    values: Any = properties(graph, "runtimes.flyte")["values"]
    told = values["configuration"]["inline"]["runs"]["authMetadata"]
    assert (told["externalAuthServerBaseUrl"], told["flyteClient"]["clientId"]) == (SIGN_IN["issuer"], "flyte-cli")
    assert len(rules) == 4


def test_without_programs_nothing_of_flyte_is_open_and_it_tells_nobody_where_to_sign_in() -> None:
    graph = graph_of(_flyte(_ALB))
    rules = [one.properties for one in graph if one.type == "aws:lb/listenerRule:ListenerRule"]
    assert {rule["actions"][0]["type"] for rule in rules} == {"authenticate-oidc"}
    values: Any = properties(graph, "runtimes.flyte")["values"]
    assert "authMetadata" not in values["configuration"]["inline"]["runs"]


@pytest.mark.parametrize(
    ("sections", "wrong"),
    [
        (_flyte(_ALB | {"scheme": "internet-facing", "allowedCidrs": ["0.0.0.0/0"]}, signIn=None), "domain"),
        (_flyte(_ALB, domain=""), "signIn"),
        (_flyte(_ALB, signIn={**SIGN_IN, "clientSecret": "in the clear"}), "signIn.clientSecret"),
        (_flyte({"domain": "acme.example"}), "domain"),
    ],
)
def test_nobody_reaches_flyte_from_outside_unasked(sections: dict[str, Any], wrong: str) -> None:
    assert ("MLI2732", f"runtimes.flyte.{wrong}") in codes(refusals(sections))


def test_flyte_without_a_sign_in_is_reached_by_named_addresses_under_a_name_of_the_users_own() -> None:
    balancer = {"domain": "models.acme.example", "certificate": CERTIFICATE, "allowedCidrs": ["203.0.113.0/24"]}
    graph = graph_of(_flyte(balancer, signIn=None))
    assert {one.code for one in graph.notes} >= {"MLI2790", "MLI2791"}
    listener: Any = properties(graph, "runtimes.flyte.route.listener")
    assert listener["spec"]["selector"] == {"istio": "gateway-web"}
    assert listener["spec"]["servers"][0]["hosts"] == ["flyte.acme.example"]
    for part in ("console", "api"):
        route: Any = properties(graph, f"runtimes.flyte.route.{part}")["spec"]
        assert (route["hosts"], route["gateways"]) == (["flyte.acme.example"], ["gateway-web/flyte"])


def test_models_that_sleep_bring_knative_and_what_would_scale_them_otherwise_stays_away() -> None:
    graph = graph_of({**NODES, "runtimes": {"kserve": {"mode": "serverless"}}})
    assert {one.address.parts[1] for one in graph if one.address.section == "components"} == {"cert-manager", "knative"}
    # Its kinds are there before KServe looks for them, and it makes no load balancer of its own.
    assert Address("components.knative.serving") in graph.resources[Address("runtimes.kserve")].dependencies()
    spec = properties(graph, "components.knative.serving")["spec"]
    assert isinstance(spec, dict)
    assert spec["ingress"]["kourier"]["service-type"] == "ClusterIP"


def test_models_have_names_below_the_domain_of_a_gateway_of_nginx() -> None:
    balancers = {"web": {"domain": "acme.example", "gateway": "nginx"}}
    graph = graph_of({**NODES, "loadBalancers": balancers, "runtimes": {"kserve": {"domain": "acme.example"}}})
    values = properties(graph, "runtimes.kserve")["values"]
    assert isinstance(values, dict)
    gateway = values["kserve"]["controller"]["gateway"]
    assert (gateway["domain"], gateway["ingressGateway"]) == ("acme.example", {"className": "gateway-web"})
    assert gateway["disableIngressCreation"] is False


def test_the_gateway_of_istio_that_they_have_names_at_takes_the_ingresses_that_kserve_makes() -> None:
    balancers = {
        "inner": {"domain": "acme.internal"},
        "web": {"domain": "acme.example", "certificate": CERTIFICATE},
    }
    graph = graph_of({**NODES, "loadBalancers": balancers, "runtimes": {"kserve": {"domain": "acme.example"}}})
    values: Any = properties(graph, "runtimes.kserve")["values"]
    gateway = values["kserve"]["controller"]["gateway"]
    made: Any = properties(graph, "runtimes.kserve.ingress-class")
    assert gateway["ingressGateway"]["className"] == made["metadata"]["name"] == "gateway-web"
    assert made["spec"] == {"controller": "istio.io/ingress-controller"}
    mesh: Any = properties(graph, "components.istio")["values"]
    # By that label its pods are told from those of every other.
    listeners: Any = properties(graph, "loadBalancers.web.gateway.listeners")["spec"]
    assert listeners["selector"] == {"istio": mesh["meshConfig"]["ingressSelector"]}
    # In the clear, behind the load balancer that has the certificate.
    assert [one["port"]["number"] for one in listeners["servers"]] == [80]


def test_without_such_names_istio_takes_no_ingress() -> None:
    graph = graph_of({**NODES, "loadBalancers": {"web": {}}, "runtimes": {"kserve": {}}})
    mesh: Any = properties(graph, "components.istio")["values"]
    assert "ingressSelector" not in mesh["meshConfig"]
    assert Address("runtimes.kserve.ingress-class") not in graph.resources


@pytest.mark.parametrize("gateway", ["istio", "nginx"])
def test_models_that_sleep_have_names_below_the_domain_that_one_certificate_reaches(gateway: str) -> None:
    balancers = {"web": {"domain": "acme.example", "gateway": gateway, "certificate": CERTIFICATE}}
    runtimes = {"kserve": {"domain": "acme.example", "mode": "serverless"}}
    graph = graph_of({**NODES, "loadBalancers": balancers, "runtimes": runtimes})
    config: Any = properties(graph, "components.knative.serving")["spec"]
    assert config["config"]["domain"] == {"acme.example": ""}
    assert config["config"]["network"]["domain-template"] == "{{.Name}}-{{.Namespace}}.{{.Domain}}"
    kourier: Any = properties(graph, "runtimes.kserve.names")["spec"]
    route: Any = properties(graph, "runtimes.kserve.route")["spec"]
    if gateway == "istio":
        assert route["hosts"] == ["*.acme.example"]
        (way,) = route["http"]
        assert way["route"] == [{"destination": {"host": kourier["externalName"], "port": {"number": 80}}}]
    else:
        (rule,) = route["rules"]
        assert rule["host"] == "*.acme.example"
        assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "kourier", "port": {"number": 80}}


@pytest.mark.parametrize(
    ("runtime", "gateway", "code"),
    [
        ({"domain": "ml.acme.example"}, "nginx", "MLI2741"),
        ({"domain": "ml.acme.example"}, "istio", "MLI2741"),
        ({"domain": "acme.example"}, "alb", "MLI2741"),
        ({"domain": "acme.example", "mode": "serverless"}, "alb", "MLI2741"),
    ],
)
def test_names_of_models_that_nobody_would_answer_to_are_refused(
    runtime: dict[str, Any], gateway: str, code: str
) -> None:
    kind = "application" if gateway == "alb" else "network"
    balancers = {"web": {"domain": "acme.example", "gateway": gateway, "type": kind, "certificate": CERTIFICATE}}
    wrong = refusals({**NODES, "loadBalancers": balancers, "runtimes": {"kserve": runtime}})
    assert (code, "runtimes.kserve.domain") in codes(wrong)


def test_a_gateway_of_istio_that_ends_tls_itself_takes_no_ingress_without_a_certificate() -> None:
    balancers = {"web": {"domain": "acme.example"}}
    (wrong,) = refusals({**NODES, "loadBalancers": balancers, "runtimes": {"kserve": {"domain": "acme.example"}}})
    assert wrong.code == "MLI2741"
    assert wrong.hint.startswith("add loadBalancers.web.certificate")
