from __future__ import annotations

from typing import Any

import pytest

from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.load_balancer_listeners import LISTENER, LISTENER_RULE
from mlinfra.providers.aws.services.load_balancer_targets import TARGET_GROUP
from mlinfra.providers.aws.services.load_balancers import LOAD_BALANCER
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_ec2_network import A_GATEWAY, A_VPC
from tests.providers.aws.test_ec2_security_groups import A_GROUP, ANOTHER


def a_subnet(number: int, zone: str) -> Any:
    cidr = f"10.0.{number}.0/24"
    return SUBNET, lambda account: {"vpcId": account.id("vpc"), "cidrBlock": cidr, "availabilityZone": zone}


NETWORK = {
    "vpc": A_VPC,
    "gateway": A_GATEWAY,
    "one": a_subnet(1, "us-east-1a"),
    "two": a_subnet(2, "us-east-1b"),
    "three": a_subnet(3, "us-east-1c"),
    "group": A_GROUP,
    "other": ANOTHER,
}
A_BALANCER = (
    LOAD_BALANCER,
    lambda account: {"name": "models", "subnets": [account.id("one"), account.id("two")], "internal": True},
)


def targets(name: str) -> Any:
    return TARGET_GROUP, lambda account: {
        "name": name,
        "port": 80,
        "protocol": "HTTP",
        "targetType": "ip",
        "vpcId": account.id("vpc"),
    }


def to(account: Account, name: str) -> dict[str, Any]:
    return {"type": "forward", "targetGroupArn": account.id(name)}


def shared(account: Account, weight: int) -> dict[str, Any]:
    groups = [{"arn": account.id("stable"), "weight": 100 - weight}, {"arn": account.id("canary"), "weight": weight}]
    return {"type": "forward", "forward": {"targetGroups": groups, "stickiness": {"enabled": True, "duration": 600}}}


A_LISTENER = (
    LISTENER,
    lambda account: {
        "loadBalancerArn": account.id("balancer"),
        "port": 80,
        "protocol": "HTTP",
        "defaultActions": [to(account, "stable")],
    },
)
SERVING = {**NETWORK, "balancer": A_BALANCER, "stable": targets("stable"), "canary": targets("canary")}
REDIRECT = {"type": "redirect", "redirect": {"statusCode": "HTTP_301", "protocol": "HTTPS", "port": "443"}}
REFUSE = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "404"}}
_LOGIN = "https://login.acme.example"
_TOKENS = {
    "type": "jwt-validation",
    "order": 1,
    "jwtValidation": {
        "issuer": _LOGIN,
        "jwksEndpoint": f"{_LOGIN}/keys",
        "additionalClaims": [{"name": "aud", "format": "single-string", "values": ["flyte"]}],
    },
}


def _without_audience() -> dict[str, Any]:
    return {**_TOKENS, "jwtValidation": {"issuer": _LOGIN, "jwksEndpoint": f"{_LOGIN}/keys"}}


CASES = [
    Case(
        type=LOAD_BALANCER,
        needs=NETWORK,
        properties=lambda account: {
            "name": "models",
            "internal": True,
            "securityGroups": [account.id("group")],
            "subnets": [account.id("one"), account.id("two")],
            "idleTimeout": 120,
            "dropInvalidHeaderFields": True,
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"idleTimeout": 180, "enableHttp2": False},
            lambda account: {"idleTimeout": None, "enableHttp2": None},
            lambda account: {"accessLogs": {"bucket": "logs", "prefix": "models", "enabled": True}},
            lambda account: {"accessLogs": None},
            lambda account: {"securityGroups": [account.id("group"), account.id("other")]},
            lambda account: {"subnets": [account.id("two"), account.id("three")]},
            lambda account: {"ipAddressType": "dualstack"},
            lambda account: {"ipAddressType": None},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="network load balancer",
        type=LOAD_BALANCER,
        needs=NETWORK,
        properties=lambda account: {
            "name": "models",
            "loadBalancerType": "network",
            "subnetMappings": [{"subnetId": account.id("two")}, {"subnetId": account.id("one")}],
            "enableCrossZoneLoadBalancing": True,
        },
        changes=(
            lambda account: {
                "enableCrossZoneLoadBalancing": False,
                "dnsRecordClientRoutingPolicy": "partial_availability_zone_affinity",
            },
            lambda account: {"subnetMappings": [{"subnetId": account.id(name)} for name in ("one", "two", "three")]},
        ),
    ),
    Case(
        type=TARGET_GROUP,
        needs={"vpc": A_VPC},
        properties=lambda account: {
            "name": "models",
            "port": 8080,
            "protocol": "HTTP",
            "targetType": "ip",
            "vpcId": account.id("vpc"),
            "deregistrationDelay": 60,
            "healthCheck": {"path": "/v2/health/ready", "interval": 10, "timeout": 5, "matcher": "200-299"},
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"deregistrationDelay": None},
            lambda account: {"healthCheck": {"path": "/ready", "interval": 15, "timeout": 6, "matcher": "200"}},
            lambda account: {"healthCheck": {"path": "/ready", "port": "9090", "healthyThreshold": 3}},
            lambda account: {"stickiness": {"type": "lb_cookie", "cookieDuration": 600}},
            lambda account: {"stickiness": None},
            lambda account: {"loadBalancingAlgorithmType": "least_outstanding_requests", "slowStart": 30},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="target group of connections",
        type=TARGET_GROUP,
        needs={"vpc": A_VPC},
        properties=lambda account: {
            "name": "istio",
            "port": 443,
            "protocol": "TCP",
            "vpcId": account.id("vpc"),
            "proxyProtocolV2": True,
            "preserveClientIp": "false",
        },
        changes=(lambda account: {"proxyProtocolV2": None, "connectionTermination": True},),
    ),
    Case(
        type=LISTENER,
        needs=SERVING,
        properties=lambda account: {
            "loadBalancerArn": account.id("balancer"),
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [to(account, "stable")],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"port": 8080},
            lambda account: {"defaultActions": [to(account, "canary")]},
            lambda account: {"defaultActions": [shared(account, 10)]},
            lambda account: {"defaultActions": [shared(account, 50)]},
            lambda account: {"defaultActions": [REDIRECT]},
            lambda account: {"defaultActions": [REFUSE]},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=LISTENER_RULE,
        needs={**SERVING, "listener": A_LISTENER},
        properties=lambda account: {
            "listenerArn": account.id("listener"),
            "priority": 100,
            "actions": [to(account, "canary")],
            "conditions": [
                {"pathPattern": {"values": ["/ranker/*", "/v2/*"]}},
                {"hostHeader": {"values": ["models.acme.example"]}},
            ],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"priority": 50},
            lambda account: {"actions": [shared(account, 5)]},
            lambda account: {"conditions": [{"httpHeader": {"httpHeaderName": "x-model", "values": ["canary"]}}]},
            lambda account: {"conditions": [{"queryStrings": [{"key": "model", "value": "canary"}]}]},
            lambda account: {"conditions": [{"pathPattern": {"regexValues": ["^/v2/(infer|ready)$"]}}]},
            lambda account: {"conditions": [{"sourceIp": {"values": ["10.0.0.0/8"]}}]},
            lambda account: {"conditions": [{"httpRequestMethod": {"values": ["POST"]}}]},
            lambda account: {"actions": [_TOKENS, {**to(account, "stable"), "order": 2}]},
            lambda account: {"actions": [_without_audience(), {**to(account, "stable"), "order": 2}]},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_whose_target_groups_are_is_asked_of_all_at_once(account: Account) -> None:
    account.make("vpc", A_VPC[0], A_VPC[1](account))
    for number in range(25):
        token, build = targets(f"t{number}")
        account.make(f"t{number}", token, build(account))
    account.server.calls.clear()
    assert len(account.listed(TARGET_GROUP)) == 25
    counts = account.server.calls.counts()
    assert counts["resourcegroupstaggingapi:GetResources"] == 1
    assert "elbv2:DescribeTags" not in counts


def test_whose_listeners_are_is_asked_of_all_at_once_and_what_nobody_tagged_twenty_at_a_time(account: Account) -> None:
    for name in ("vpc", "gateway", "one", "two"):
        account.make(name, NETWORK[name][0], NETWORK[name][1](account))
    account.make("balancer", A_BALANCER[0], A_BALANCER[1](account))
    token, build = targets("stable")
    account.make("stable", token, build(account))
    for number in range(25):
        action = {"type": "forward", "targetGroupArn": account.id("stable")}
        properties = {"loadBalancerArn": account.id("balancer"), "port": 8000 + number, "protocol": "HTTP"}
        account.make(f"l{number}", LISTENER, {**properties, "defaultActions": [action]})
    account.server.calls.clear()
    assert len(account.listed(LISTENER)) == 25
    counts = account.server.calls.counts()
    assert counts["resourcegroupstaggingapi:GetResources"] == 1
    assert "elbv2:DescribeTags" not in counts
    keys = ["mlinfra:stack", "mlinfra:lineage", "mlinfra:address", "mlinfra:generation"]
    for number in range(25):
        account.calls.one("elbv2", "RemoveTags", {"ResourceArns": [account.id(f"l{number}")], "TagKeys": keys})
    account.server.calls.clear()
    assert {one.owner for one in account.listed(LISTENER)} == {None}  # told of by whoever owns the balancer
    assert account.server.calls.counts()["elbv2:DescribeTags"] == 2
