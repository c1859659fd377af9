"""Random stacks of the whole language, and chains of them of which each can follow the one before."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from mlinfra.core.value import Secret
from tests.modules.cases import CASES

from .elsewhere import PEOPLE, STATES, trust
from .pieces import pieces

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
POLICIES = ["cluster-admin", "view"]

NEWEST = "1.35"  # of those that the simulated EKS offers
# What nodes call when they join, where their subnets have no way out.
JOINING = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "s3", "sts"]
# What cases of modules say where an account has it otherwise: the release of an add-on, zones with Neuron's machines.
_INSTEAD = {"v1.20.0-eksbuild.1": "v1.20.4-eksbuild.1"}
_NEURON = ["us-east-1b", "us-east-1c"]

Document = dict[str, Any]


@st.composite
def documents(draw: st.DrawFn, whole: Document | None = None) -> Document:
    """A stack file's content, `whole` among it."""
    document: Document = {
        "apiVersion": "mlinfra/v1",
        "kind": "Stack",
        "metadata": draw(owners()),
        "target": {"platform": "aws", "region": "us-east-1"},
        "policies": {"packs": []},
    }
    if whole is not None:
        document |= copy.deepcopy(whole)
    elif draw(st.booleans()):
        document |= copy.deepcopy(draw(platforms()))
    document["registries"] = document.get("registries", {}) | draw(st.dictionaries(words, registries(), max_size=2))
    document["resources"] = draw(pieces()) | draw(st.dictionaries(words, raw(), max_size=2))
    protectable = [name for name in ("network", "registries") if document.get(name)]
    document["lifecycle"] = document.get("lifecycle", {}) | draw(lifecycles(protectable))
    if draw(st.booleans()):
        _ask_for_it(document)
    return document


def owners() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {"name": st.just("chain"), "tags": st.dictionaries(words, words, max_size=2)}, optional={"owner": words}
    )


@st.composite
def lifecycles(draw: st.DrawFn, protectable: list[str]) -> Document:
    """How it comes and goes: what it may cost, what is protected, how long it lives, when it sleeps."""
    budgets = st.fixed_dictionaries(
        {"monthlyUSD": st.sampled_from([900, 12000])},
        optional={"onBreach": st.just("warn"), "onUnknown": st.just("warn")},
    )
    found: Document = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "budget": budgets,
                "hibernate": st.just({"sleep": "0 20 * * *", "wake": "0 7 * * 1-5", "timezone": "Europe/Zurich"}),
                "environment": st.sampled_from(["development", "ephemeral", "production"]),
            },
        )
    )
    if len(protectable) and draw(st.booleans()):
        found["protect"] = [draw(st.sampled_from(protectable))]
    elif found.get("environment") == "ephemeral":
        found |= draw(st.fixed_dictionaries({"ttl": st.just("8h")}, optional={"extendOnApply": st.booleans()}))
    return found


def _ask_for_it(document: Document) -> None:
    """Let its owner be an input, and what it made be answered."""
    owner = {"type": "string", "default": document["metadata"].get("owner", "nobody"), "pattern": "^[a-z]+$"}
    most = {"type": "integer", "default": 5, "minimum": 1, "maximum": 9, "description": "how many images are kept"}
    document["inputs"] = {"owner": owner, "most": most}
    document["metadata"]["owner"] = "${inputs.owner}"
    for registry in document["registries"].values():
        if "keepLast" in registry:
            registry["keepLast"] = "${inputs.most}"
    document["outputs"] = {"owner": "${inputs.owner}"}
    for name, one in document["resources"].items():
        if one["type"] == "aws:iam/role:Role":
            document["outputs"][name] = f"${{resources.{name}.arn}}"


words = st.sampled_from(["one", "two", "three"])


@st.composite
def platforms(draw: st.DrawFn) -> Document:
    """A network, most often with a cluster in it, and what runs there."""
    document: Document = {"network": draw(networks())}
    if draw(st.booleans()):
        document["cluster"] = draw(clusters())
        document["nodeGroups"] = {"system": {"instances": ["m6i.4xlarge"], "max": 2}} | draw(
            st.dictionaries(words, groups(), max_size=2)
        )
        document |= draw(on_top())
        if document["network"].get("nat") == "none":
            document["network"]["vpcEndpoints"] = JOINING
        _by_karpenter(document)
        if {"autoscaling", "loadBalancers", "endpoints", "runtimes"} & set(document):
            document["cluster"].get("addons", {}).pop("metrics-server", None)  # the component comes along instead
    return document


def _by_karpenter(document: Document) -> None:
    """Karpenter keeps no fewest nodes, and buys no fixed share of them on demand."""
    if document.get("autoscaling", {}).get("nodes", {}).get("kind") == "karpenter":
        for name, group in document["nodeGroups"].items():
            if name != "system":
                group.pop("min", None)
                group.pop("capacity", None)


@cache
def wholes() -> list[Document]:
    """Stacks that between them use every module, each in every way that has a case of its own.

    Left out are those that need a module of the tests alone."""
    named = {f"{module} {name}": one for module, cases in CASES.items() for name, one in cases.items()}
    found = {name: _with_room(_written(one)) for name, one in named.items() if "wishes" not in one}
    found["node-group neuron"]["network"] = {**found["node-group neuron"]["network"], "zones": _NEURON}
    return list(found.values())


def _written(value: Any) -> Any:
    """As a stack file has it."""
    if isinstance(value, Secret):
        return f"${{secret.{value.source}:{value.name}#{value.key}}}"
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_written(item) for item in value]
    return _INSTEAD.get(value, value) if isinstance(value, str) else value


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
            "nodeSubnets": st.sampled_from(["private", "public"]),
            "vpcEndpoints": st.lists(st.sampled_from(["s3", "dynamodb", "ecr.api", "sts"]), unique=True, max_size=3),
        },
    )


def clusters() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {"version": st.sampled_from(["1.31", "1.32", "1.33"])},
        optional={
            "logs": st.lists(st.sampled_from(["api", "audit"]), unique=True),
            "logRetentionDays": st.sampled_from([7, 30]),
            "secretsEncryption": st.booleans(),
            "access": st.lists(entries(), max_size=2, unique_by=lambda entry: str(entry["principal"])),
            "addons": st.fixed_dictionaries(
                {},
                optional={
                    "aws-ebs-csi-driver": st.just({}),
                    "metrics-server": st.just({}),
                    "vpc-cni": st.just({"configuration": {"env": {"WARM_IP_TARGET": "5"}}}),
                },
            ),
            "endpoint": st.just({"public": True, "allowedCidrs": ["203.0.113.0/24"]}),
        },
    )


def on_top() -> st.SearchStrategy[Document]:
    """What runs on the cluster, or watches it."""
    alerts = {"receivers": {"oncall": {"email": "ml@acme.example"}}, "rules": ["node-not-ready"]}
    karpenter = {"kind": "karpenter", "consolidate": False, "disruptionBudget": "20%"}
    return st.fixed_dictionaries(
        {},
        optional={
            "autoscaling": st.fixed_dictionaries(
                {
                    "nodes": st.sampled_from(
                        [{"kind": "none"}, {"kind": "cluster-autoscaler"}, {"fallbackAfter": "10m"}, karpenter]
                    )
                },
                optional={"pods": st.sampled_from([{"kind": "keda"}, {"kind": "none"}])},
            ),
            "monitoring": st.sampled_from(
                [
                    {"metrics": {"kind": "amp"}},
                    {"metrics": {"retention": "3d"}, "gpu": "none", "dashboards": "none"},
                    {"logs": {"retention": "7d"}},
                    {"alerts": alerts},
                ]
            ),
            "loadBalancers": st.sampled_from([{"web": {"type": "network"}}, {"web": {"scheme": "internal"}}]),
            "endpoints": st.dictionaries(words, endpoints(), max_size=2),
            "runtimes": st.sampled_from(
                [
                    {"mlflow": {"artifacts": "s3", "database": "rds", "databaseSize": "db.m7g.large"}},
                    {"triton": {}},
                    {"kserve": {}},
                ]
            ),
        },
    )


def endpoints() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {"model": st.sampled_from(["s3://acme-models/ranker/7", "s3://acme-models/ranker/8"])},
        optional={
            "resources": st.sampled_from([{"cpu": 0.5, "memory": "1Gi"}, {"cpu": "500m"}]),
            "replicas": st.sampled_from([{"min": 2, "max": 3, "targetInFlight": 4, "window": "90s"}, {"max": 2}]),
            "rollout": st.sampled_from([{"maxSurge": 1, "maxUnavailable": 1}, {"maxSurge": "50%"}]),
            "nodeGroups": st.just(["system"]),
            "loadBalancers": st.just([]),
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
    sharing = st.sampled_from([{"way": "time-slicing", "replicas": 2}, {"way": "mps", "replicas": 4}])
    return st.one_of(_groups(["m6i.large", "m6i.xlarge"]), _groups(["g5.xlarge"], sharing=sharing))


def _groups(instances: list[str], **more: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {"instances": st.just(instances), "max": st.integers(1, 3)},
        optional={
            **more,
            "min": st.integers(0, 1),
            "labels": st.dictionaries(words, words, max_size=2),
            "capacity": st.sampled_from(
                [
                    {"type": "spot"},
                    {"type": "on-demand"},
                    {"type": "mixed", "onDemandBase": 1},
                    {"type": "spot", "fallback": "on-demand"},
                ]
            ),
            "volume": st.fixed_dictionaries(
                {"size": st.sampled_from(["50Gi", "100Gi"])},
                optional={"type": st.sampled_from(["gp2", "gp3"])},
            ),
            "priority": st.integers(1, 100),
            "taints": st.just([{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]),
            "zones": st.just(ZONES[:1]),
        },
    )


def registries() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {},
        optional={
            "immutable": st.booleans(),
            "scanOnPush": st.booleans(),
            "keepLast": st.integers(0, 9),
            "encryption": st.sampled_from(["aes256", "kms"]),
        },
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


@st.composite
def chains(draw: st.DrawFn, whole: Document) -> list[Document]:
    """Stacks of which each can follow the one before it, `whole` the first of them, some with a renamed entry."""
    chain = [draw(documents(whole)), *draw(st.lists(documents(), max_size=2))]
    if draw(st.booleans()):
        chain.reverse()
    if draw(st.booleans()):
        chain = [{**document, "state": f"s3://{STATES}/chain"} for document in chain]
    for before, after in pairwise(chain):
        if "cluster" in before and "cluster" in after:
            _keep_what_cannot_be_undone(before["cluster"], after["cluster"])
        for section in ("nodeGroups", "registries"):
            ours, theirs = before.get(section, {}), after.get(section, {})
            kept = [name for name in ours if name in theirs and name != "system"]
            if draw(st.booleans()) and kept and "renamed" not in {*ours, *theirs}:
                _rename(after, section, kept[0])
    return chain


def chain_of(number: int) -> list[Document]:
    """The chain of that number, the same each time. Those that follow one another have each whole stack in turn."""
    found: list[list[Document]] = []

    @seed(number)
    @settings(
        max_examples=3, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(chains(wholes()[number % len(wholes())]))
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
