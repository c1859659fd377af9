"""Mistakes that used to show when a stack was applied: `validate` tells each with its line, and all of them at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mlinfra.cli.main import main

pytestmark = pytest.mark.usefixtures("nowhere")

_HEAD = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: demo}
target: {platform: aws, region: us-east-1}
"""
_CLUSTER = """\
network: {zones: 2, nat: single}
cluster: {}
nodeGroups: {system: {instances: [m6i.large], max: 2}}
"""


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """What `validate` says of a stack: the code, the line and what stands at the place; the sentence and the hint."""

    def told(text: str) -> list[tuple[str, str]]:
        Path("stack.yaml").write_text(_HEAD + text)
        capsys.readouterr()
        main(["validate", "stack.yaml", "-o", "json"])
        found = json.loads(capsys.readouterr().out)["diagnostics"]
        lines = (_HEAD + text).splitlines()
        places = []
        for one in found:
            _, line, column = one["source"].split(":")
            written = re.split(r"[,:}\]]", lines[int(line) - 1][int(column) - 1 :])[0]
            places.append(f"{one['code']} {line} {written}")
        return [(place, f"{one['summary']} | {one['hint']}") for place, one in zip(places, found, strict=True)]

    return told


def _resources(*lines: str, above: str = "") -> str:
    return f"{above}resources:\n" + "".join(f"  {line}\n" for line in lines)


_VPC = "vpc: {type: 'aws:ec2/vpc:Vpc', properties: {cidrBlock: 10.5.0.0/16}}"


def _subnet(name: str, cidr: str) -> str:
    about = f"{{vpcId: '${{resources.vpc.id}}', cidrBlock: {cidr}}}"
    return f"{name}: {{type: 'aws:ec2/subnet:Subnet', properties: {about}}}"


def _map(name: str, metadata: str) -> str:
    return f"{name}: {{type: 'kubernetes:core/v1:ConfigMap', properties: {{metadata: {metadata}, data: {{a: b}}}}}}"


def _ingress(name: str, path: str, annotations: str = "{}") -> str:
    way = f"{{path: {path}, pathType: Prefix, backend: {{service: {{name: a, port: {{number: 80}}}}}}}}"
    spec = f"{{ingressClassName: web, rules: [{{host: a.example.com, http: {{paths: [{way}]}}}}]}}"
    about = f"{{metadata: {{name: {name}, annotations: {annotations}}}, spec: {spec}}}"
    return f"{name}: {{type: 'kubernetes:networking.k8s.io/v1:Ingress', properties: {about}}}"


_PEERING = (
    "table: {type: 'aws:ec2/routeTable:RouteTable', properties: {vpcId: '${resources.vpc.id}'}}",
    "route: {type: 'aws:ec2/route:Route', properties: {routeTableId: '${resources.table.id}', "
    "destinationCidrBlock: 10.5.128.0/17, vpcPeeringConnectionId: pcx-0123456789abcdef0}}",
)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            _CLUSTER.replace("m6i.large", "m6i.larg"),
            "MLI3126 7 m6i.larg",
            "no instance type is called m6i.larg | did you mean m6i.large?",
        ),
        (
            _CLUSTER + "resources: {q: {type: 'aws:sqs/queue:Queue', properties: {name: a, fifoQueue: true}}}\n",
            "MLI3080 8 name",
            "resources.q: name is a, and must end with .fifo, since fifoQueue is true | "
            "the API would refuse it when it is applied",
        ),
        (
            _CLUSTER.replace("m6i.large", "vt99.huge"),
            "MLI3126 7 vt99.huge",
            "no instance type is called vt99.huge | there are the families vt1; types are called like m6i.large: "
            "family, dot, size",
        ),
        (
            _CLUSTER.replace("m6i.large", "vt1.biggest"),
            "MLI3126 7 vt1.biggest",
            "no instance type is called vt1.biggest | there is vt1.24xlarge, vt1.3xlarge, vt1.6xlarge",
        ),
        (
            _resources("a: {type: 'aws:ec2/launchTemplate:LaunchTemplate', properties: {instanceType: g5.xlarg}}"),
            "MLI3126 6 instanceType",
            "no instance type is called g5.xlarg | did you mean g5.xlarge?",
        ),
        (
            _CLUSTER.replace("cluster: {}", "cluster: {addons: {metric-server: {}}}"),
            "MLI2220 6 metric-server",
            "EKS has no add-on metric-server | did you mean metrics-server?",
        ),
        (
            _CLUSTER.replace("cluster: {}", "cluster: {addons: {of-tomorrow: {}}}"),
            "MLI3125 6 of-tomorrow",
            "of-tomorrow is an EKS add-on that this version does not know: nothing about it was checked | "
            "a plan asks EKS for it",
        ),
        (
            _CLUSTER + "loadBalancers: {a: {domain: x.example.com}, b: {domain: x.example.com}}\n",
            "MLI3127 8 domain",
            "loadBalancers.b and loadBalancers.a both answer to x.example.com | "
            "give one of them a domain of its own, such as b.x.example.com",
        ),
        (
            _resources(_map("one", "{name: one, namespace: servign}"), above=_CLUSTER),
            "MLI3123 9 namespace",
            "resources.one stands in the namespace servign, which nothing in the stack makes | "
            "add a Namespace servign under `resources`",
        ),
        (
            _resources(_map("one", "{name: same}"), _map("two", "{name: same, namespace: default}"), above=_CLUSTER),
            "MLI3120 10 name",
            "resources.two and resources.one are one and the same object: default/same | "
            "give one of them another name, or take it out",
        ),
        (
            _resources(*(f"{n}: {{type: 'aws:sns/topic:Topic', properties: {{name: news}}}}" for n in "ab")),
            "MLI3120 7 name",
            "resources.b and resources.a are one and the same object: news | "
            "give one of them another name, or take it out",
        ),
        (
            _resources(_ingress("one", "/v2"), _ingress("two", "/v2"), above=_CLUSTER),
            "MLI3122 10 host",
            "resources.two and resources.one both answer a.example.com/v2 at web Prefix | "
            "let one of them answer another name, path or port",
        ),
        (
            _resources(_VPC, _subnet("a", "10.5.0.0/20"), _subnet("b", "10.5.8.0/24")),
            "MLI3121 8 cidrBlock",
            "resources.b (10.5.8.0/24) overlaps resources.a (10.5.0.0/20) in the same network | "
            "give each a range of its own",
        ),
        (
            _resources(_VPC, _subnet("a", "10.6.0.0/20")),
            "MLI3121 7 cidrBlock",
            "resources.a (10.6.0.0/20) does not lie in its network resources.vpc (10.5.0.0/16) | "
            "choose a range within 10.5.0.0/16",
        ),
        (
            _resources(_VPC, *_PEERING),
            "MLI3121 8 destinationCidrBlock",
            "resources.route leads to 10.5.128.0/17 in a peered network, and resources.vpc is 10.5.0.0/16 itself | "
            "give the network a range that its peers do not have",
        ),
        (
            _resources("a: {type: 'aws:ecr/repository:Repository', properties: {imageTagMutability: MUTABEL}}"),
            "MLI3080 6 imageTagMutability",
            "resources.a: imageTagMutability is 'MUTABEL'; AWS knows MUTABLE, IMMUTABLE, "
            "IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION | the API would refuse it when it is applied",
        ),
        (
            _resources(
                "a: {type: 'aws:sns/topic:Topic', properties: {displayName: '${resources.b.arn}'}}",
                "b: {type: 'aws:sns/topic:Topic', properties: {displayName: '${resources.a.arn}'}}",
            ),
            "MLI3003 6 a",
            "these need one another in a circle: resources.a -> resources.b -> resources.a | "
            "take one of the references out",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, place: str, words: str, told: Any) -> None:
    assert told(text) == [(place, words)]


@pytest.mark.parametrize(
    "text",
    [
        _resources(_VPC, _subnet("a", "10.5.0.0/20"), _subnet("b", "10.5.16.0/20")),
        _resources(_ingress("one", "/v1"), _ingress("two", "/v2"), above=_CLUSTER),
        _resources(
            _ingress("one", "/v2"),
            _ingress("two", "/v2", "{nginx.ingress.kubernetes.io/canary: 'true'}"),
            above=_CLUSTER,
        ),
        _resources(*(_map(n, f"{{name: same, namespace: {n}}}") for n in ("default", "kube-system")), above=_CLUSTER),
        _resources(
            "space: {type: 'kubernetes:core/v1:Namespace', properties: {metadata: {name: serving}}}",
            _map("one", "{name: one, namespace: serving}"),
            above=_CLUSTER,
        ),
        # People inside may be led elsewhere than others, and one name may lie in two zones.
        _CLUSTER + "loadBalancers: {a: {domain: x.example.com}, b: {domain: x.example.com, scheme: internet-facing,"
        " allowedCidrs: [203.0.113.0/24]}}\n",
        _resources(
            "a: {type: 'aws:ec2/launchTemplate:LaunchTemplate', properties: {instanceType: u7i-12tb.224xlarge}}"
        ),
    ],
)
def test_what_stands_well_beside_each_other_is_not_refused(text: str, told: Any) -> None:
    assert told(text) == []


def test_two_default_classes_of_ingresses_are_one_too_many(told: Any) -> None:
    default = "annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}"
    token = "kubernetes:networking.k8s.io/v1:IngressClass"

    def of(name: str, about: str) -> str:
        spec = "spec: {controller: example.com/x}"
        return f"{name}: {{type: '{token}', properties: {{metadata: {{name: {name}{about}}}, {spec}}}}}"

    wrong = told(_resources(of("a", f", {default}"), of("b", f", {default}"), of("c", ""), above=_CLUSTER))
    assert [place for place, _ in wrong] == ["MLI3128 10 ingressclass.kubernetes.io/is-default-class"]


@pytest.mark.parametrize("name", ["__proto__", "caf\u00e9", "'${secret.env:HOME}'"])
def test_a_name_that_nothing_can_have_is_no_defect(name: str, told: Any) -> None:
    codes = {place.split()[0] for place, _ in told(_resources(f"{name}: {{type: 'aws:sns/topic:Topic'}}", _VPC))}
    assert codes <= {"MLI1014", "MLI1134", "MLI1151"}
    assert codes


def test_no_mistake_hides_another_whatever_finds_it(told: Any) -> None:
    """Of the document, the schema, a reference, a module, AWS's models, Kubernetes' rules, and of two together."""
    text = """\
network: {zones: 2, nta: single}
cluster: {addons: {vpc-cin: {}}, endpoint: {private: false}}
nodeGroups:
  system: {instances: [m6i.larg], min: 3, max: 2}
  other: {instances: nonsense, max: 2}
""" + _resources(
        _VPC,
        _subnet("a", "10.6.0.0/20"),
        _map("bad", "{name: Bad_Name}"),
        "repo: {type: 'aws:ecr/repository:Repository', properties: {name: Models}}",
        "typo: {type: 'aws:ecr/repositry:Repository'}",
        _map("lost", "{name: a, namespace: '${registries.none.name}'}"),
    )
    assert [place for place, _ in told(text)] == [
        "MLI1030 5 nta",
        "MLI2220 6 vpc-cin",
        "MLI2202 6 private",
        "MLI3126 8 m6i.larg",
        "MLI2303 8 max",
        "MLI1032 9 nonsense",
        "MLI3121 12 cidrBlock",
        "MLI3080 13 name",
        "MLI3080 14 name",
        "MLI1152 15 'aws",
        "MLI1138 16 '${registries.none.name",
    ]


def test_fields_that_contradict_each_other_are_told_together_with_others_that_cannot_be_read(told: Any) -> None:
    text = (
        "network: {zones: 2, nat: single}\ncluster: {}\n"
        "nodeGroups:\n"
        "  system: {instances: [m6i.large], min: 5, max: 2, labels: 3}\n"
        "  spare: {instances: [m6i.large], min: five, max: 2, capacity: {type: spot, reservation: cr-0a}}\n"
        "endpoints:\n"
        "  ranker: {model: s3://m/1, replicas: {min: 5, max: 2, windw: 3s}}\n"
        # What may be meant is not known, or what is said: nothing that hangs on it is told.
        "  other: {modl: s3://m/1, replicas: {min: 5, max: two}}\n"
    )
    assert [place for place, _ in told(text)] == [
        "MLI2303 8 max",
        "MLI1032 8 3",
        "MLI1032 9 five",
        "MLI2304 9 reservation",
        "MLI2703 11 max",
        "MLI1030 11 windw",
        "MLI1030 12 modl",
        "MLI1032 12 two",
    ]


@pytest.mark.parametrize("command", ["validate", "plan", "cost"])
def test_a_misspelt_region_is_told_at_its_line_whatever_is_asked(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("stack.yaml").write_text(_HEAD.replace("us-east-1", "us-esat-1") + _CLUSTER)
    assert main([command, "stack.yaml"]) == 1
    assert "error MLI5013 stack.yaml:4:25: there is no region us-esat-1" in capsys.readouterr().err


def test_a_misspelt_region_hides_no_other_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    text = _HEAD.replace("us-east-1", "us-esat-1") + _CLUSTER.replace("max: 2", "min: 3, max: 2")
    Path("stack.yaml").write_text(text)
    assert main(["validate", "stack.yaml", "-o", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert [one["code"] for one in found] == ["MLI5013", "MLI2303"]


def test_what_one_mistake_is_about_hides_no_other(told: Any) -> None:
    text = _resources(
        "role: {type: 'aws:iam/role:Role', properties: {name: " + "x" * 99 + ", assumeRolePolicy: '{}'}}",
        "after: {type: 'aws:sqs/queue:Queue', dependsOn: [resources.nope]}",
        "Bad_Name: {type: 'aws:sqs/queue:Queue'}",
        above="network: {zone: 2}\nruntimes: {vllm: {}}\n"
        "policies: {packs: [baselin], waive: [{rule: MLP-NO-001, address: network, reason: x, until: 2027-01-01}]}\n",
    )
    codes = {place.split()[0] for place, _ in told(text)}
    assert {"MLI1030", "MLI1151", "MLI2012", "MLI3080", "MLI7012", "MLI7021"} <= codes
