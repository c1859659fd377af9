"""Random stacks of the whole language, and chains of them of which each can follow the one before."""

from __future__ import annotations

import copy
import json
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.modules.cases import CASES

from .pieces import pieces

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
PEOPLE = ["ml-admins", "ml-users"]
POLICIES = ["cluster-admin", "view"]

NEWEST = "1.35"  # of those that the simulated EKS offers
# What nodes call when they join, where their subnets have no way out.
JOINING = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "s3", "sts"]
# Cases of modules that need what others made before, or a module of the tests alone.
_ELSEWHERE = {"in-use", "reserved"}

Document = dict[str, Any]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A stack file's content."""
    document: Document = {
        "apiVersion": "mlinfra/v1",
        "kind": "Stack",
        "metadata": {"name": "chain", "tags": draw(st.dictionaries(words, words, max_size=2))},
        "target": {"platform": "aws", "region": "us-east-1"},
        "policies": {"packs": []},
    }
    if draw(st.booleans()):
        document |= copy.deepcopy(draw(st.one_of(platforms(), st.sampled_from(wholes()))))
    document["registries"] = document.get("registries", {}) | draw(st.dictionaries(words, registries(), max_size=2))
    document["resources"] = draw(pieces()) | draw(st.dictionaries(words, raw(), max_size=2))
    if draw(st.booleans()):
        document.setdefault("lifecycle", {})["budget"] = {"monthlyUSD": draw(st.sampled_from([900, 12000]))}
    protectable = [name for name in ("network", "registries") if document.get(name)]
    if draw(st.booleans()) and protectable:
        document.setdefault("lifecycle", {})["protect"] = [draw(st.sampled_from(protectable))]
    return document


words = st.sampled_from(["one", "two", "three"])


@st.composite
def platforms(draw: st.DrawFn) -> Document:
    """A network, most often with a cluster in it, and what runs there."""
    document: Document = {"network": draw(networks())}
    if draw(st.booleans()):
        document["cluster"] = draw(clusters())
        document["nodeGroups"] = {"system": {"instances": ["m6i.large"], "min": 1, "max": 2}} | draw(
            st.dictionaries(words, groups(), max_size=2)
        )
        document |= draw(on_top())
        if document["network"].get("nat") == "none":
            document["network"]["vpcEndpoints"] = JOINING
    return document


@cache
def wholes() -> list[Document]:
    """Stacks that between them use every module, each in every way that has a case of its own."""
    return [
        _with_room(one)
        for cases in CASES.values()
        for name, one in cases.items()
        if name not in _ELSEWHERE and "wishes" not in one
    ]


def _with_room(document: Document) -> Document:
    """With nodes on which everything fits: those of the simulated cluster do not become more by themselves."""
    groups = document.get("nodeGroups", {})
    large = {"instances": ["m6i.4xlarge"], "max": 2}
    return {**document, "nodeGroups": {**groups, "system": large}} if "system" in groups else document


def networks() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {"zones": st.sampled_from([2, 3, ZONES[:2]]), "flowLogs": st.booleans()},
        optional={
            "nat": st.sampled_from(["none", "single", "per-zone"]),
            "cidr": st.just("10.8.0.0/16"),
            "vpcEndpoints": st.lists(st.sampled_from(["s3", "dynamodb", "ecr.api", "sts"]), unique=True, max_size=3),
        },
    )


def clusters() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {"version": st.sampled_from(["1.31", "1.32", "1.33"])},
        optional={
            "logs": st.lists(st.sampled_from(["api", "audit"]), unique=True),
            "secretsEncryption": st.booleans(),
            "access": st.lists(entries(), max_size=2, unique_by=lambda entry: str(entry["principal"])),
            "addons": st.dictionaries(st.sampled_from(["aws-ebs-csi-driver", "metrics-server"]), st.just({})),
            "endpoint": st.just({"public": True, "allowedCidrs": ["203.0.113.0/24"]}),
        },
    )


def on_top() -> st.SearchStrategy[Document]:
    """What runs on the cluster, or watches it."""
    alerts = {"receivers": {"oncall": {"email": "ml@acme.example"}}, "rules": ["node-not-ready"]}
    return st.fixed_dictionaries(
        {},
        optional={
            "autoscaling": st.sampled_from([{"nodes": {"kind": "none"}}, {"nodes": {"kind": "cluster-autoscaler"}}]),
            "monitoring": st.sampled_from(
                [{"metrics": {"kind": "amp"}}, {"logs": {"retention": "7d"}}, {"alerts": alerts}]
            ),
            "loadBalancers": st.sampled_from([{"web": {"type": "network"}}, {"web": {"scheme": "internal"}}]),
        },
    )


def entries() -> st.SearchStrategy[Document]:
    arns = [f"arn:aws:iam::123456789012:role/{name}" for name in PEOPLE]
    everywhere = st.fixed_dictionaries({"principal": st.sampled_from(arns), "policy": st.sampled_from(POLICIES)})
    somewhere = st.fixed_dictionaries(
        {"principal": st.sampled_from(arns), "policy": st.just("edit"), "namespaces": st.just(["serving"])}
    )
    return st.one_of(everywhere, somewhere)


def groups() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {"instances": st.sampled_from([["g5.xlarge"], ["m6i.large", "m6i.xlarge"]]), "max": st.integers(1, 3)},
        optional={
            "min": st.integers(0, 1),
            "labels": st.dictionaries(words, words, max_size=2),
            "capacity": st.sampled_from(
                [{"type": "spot"}, {"type": "on-demand"}, {"type": "mixed", "onDemandBase": 1}]
            ),
            "volume": st.fixed_dictionaries({"size": st.sampled_from(["50Gi", "100Gi"])}),
            "taints": st.just([{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]),
            "zones": st.just(ZONES[:1]),
        },
    )


def registries() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {},
        optional={"immutable": st.booleans(), "scanOnPush": st.booleans(), "keepLast": st.integers(1, 9)},
    )


def raw() -> st.SearchStrategy[Document]:
    logs = st.fixed_dictionaries({}, optional={"retentionInDays": st.sampled_from([1, 7])})
    key = st.fixed_dictionaries({"description": words}, optional={"enableKeyRotation": st.booleans()})
    role = st.fixed_dictionaries(
        {"assumeRolePolicy": st.just(trust("ec2.amazonaws.com"))},
        optional={"description": words, "maxSessionDuration": st.sampled_from([3600, 7200])},
    )
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("aws:cloudwatch/logGroup:LogGroup"), "properties": logs}),
        st.fixed_dictionaries({"type": st.just("aws:kms/key:Key"), "properties": key}),
        st.fixed_dictionaries({"type": st.just("aws:iam/role:Role"), "properties": role}),
    )


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


stacks = st.lists(documents(), min_size=1, max_size=3)


@st.composite
def chains(draw: st.DrawFn) -> list[Document]:
    """Stacks of which each can follow the one before it, some of them with a renamed entry."""
    chain = draw(stacks)
    for before, after in pairwise(chain):
        if "cluster" in before and "cluster" in after:
            _keep_what_cannot_be_undone(before["cluster"], after["cluster"])
        for section in ("nodeGroups", "registries"):
            kept = [name for name in before.get(section, {}) if name in after.get(section, {}) and name != "system"]
            if draw(st.booleans()) and kept:
                _rename(after, section, kept[0])
    return chain


def chain_of(number: int) -> list[Document]:
    """The chain of that number, the same each time."""
    found: list[list[Document]] = []

    @seed(number)
    @settings(
        max_examples=3, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(chains())
    def draw(chain: list[Document]) -> None:
        found.append(chain)

    draw()
    return found[-1]  # the first is the smallest that there is


def _keep_what_cannot_be_undone(before: Document, after: Document) -> None:
    """No cluster goes back to an older version, or to secrets without a key."""
    versions = [cluster.get("version") or NEWEST for cluster in (before, after)]
    after["version"] = max(versions)
    if before.get("secretsEncryption", True):
        after.pop("secretsEncryption", None)


def _rename(document: Document, section: str, name: str) -> None:
    entry = document[section].pop(name)
    document[section]["renamed"] = entry
    document.setdefault("moved", []).append({"from": f"{section}.{name}", "to": f"{section}.renamed"})
