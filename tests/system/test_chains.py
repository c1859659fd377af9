"""Random stacks of the whole language, one after the other, on one simulated account."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlinfra.core import codec
from mlinfra.core.state import State
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints

from .account import Account
from .conftest import SWIFT
from .pieces import pieces, types_in_pieces

EXAMPLES = int(os.environ.get("MLINFRA_TEST_EXAMPLES", "0")) or 6
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MLINFRA_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
PEOPLE = ["ml-admins", "ml-users"]
POLICIES = ["cluster-admin", "view"]

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
        document["network"] = draw(networks())
        if draw(st.booleans()):
            document["cluster"] = draw(clusters())
            document["nodeGroups"] = {"system": {"instances": ["m6i.large"], "min": 1, "max": 2}} | draw(
                st.dictionaries(words, groups(), max_size=2)
            )
            document |= draw(on_top())
    document["registries"] = draw(st.dictionaries(words, registries(), max_size=2))
    document["resources"] = draw(pieces()) | draw(st.dictionaries(words, raw(), max_size=2))
    if draw(st.booleans()):
        document.setdefault("lifecycle", {})["budget"] = {"monthlyUSD": draw(st.sampled_from([900, 12000]))}
    protectable = [name for name in ("network", "registries") if document.get(name)]
    if draw(st.booleans()) and protectable:
        document.setdefault("lifecycle", {})["protect"] = [draw(st.sampled_from(protectable))]
    return document


words = st.sampled_from(["one", "two", "three"])


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
        {"assumeRolePolicy": st.just(_trust("ec2.amazonaws.com"))},
        optional={"description": words, "maxSessionDuration": st.sampled_from([3600, 7200])},
    )
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("aws:cloudwatch/logGroup:LogGroup"), "properties": logs}),
        st.fixed_dictionaries({"type": st.just("aws:kms/key:Key"), "properties": key}),
        st.fixed_dictionaries({"type": st.just("aws:iam/role:Role"), "properties": role}),
    )


def _trust(service: str) -> str:
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


def _keep_what_cannot_be_undone(before: Document, after: Document) -> None:
    """No cluster goes back to an older version, or to secrets without a key."""
    after["version"] = max(before["version"], after["version"])
    if before.get("secretsEncryption", True):
        after.pop("secretsEncryption", None)


def _rename(document: Document, section: str, name: str) -> None:
    entry = document[section].pop(name)
    document[section]["renamed"] = entry
    document.setdefault("moved", []).append({"from": f"{section}.{name}", "to": f"{section}.renamed"})


@contextmanager
def account_in(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Account]:
    with (
        Sandbox(endpoints=lambda account: KubernetesEndpoints(account, SWIFT)) as sandbox,
        patch.context() as patched,
    ):
        for name, value in Account.environment(sandbox).items():
            patched.setenv(name, value)
        patched.chdir(folder)
        account = Account(sandbox, folder)
        for role in PEOPLE:
            document = _trust("ec2.amazonaws.com")
            account.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=document)
        account.note()
        yield account


class _Plain(yaml.SafeDumper):
    """Writes what stands twice twice: stack files have no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def write(document: Document) -> None:
    Path("stack.yaml").write_text(yaml.dump(document, Dumper=_Plain, sort_keys=False))


def without_protection(document: Document) -> Document:
    return {name: copy.deepcopy(value) for name, value in document.items() if name not in ("lifecycle", "moved")}


def apply(account: Account, before: Document | None, document: Document) -> None:
    """Apply `document`; where what is protected stands in its way, lift the protection first, as a user must."""
    write(document)
    ran = account.run("apply", "stack.yaml", "--yes")
    if ran.code and before is not None and "MLI3010" in ran.out + ran.err:
        write(without_protection(before))
        account.do("apply", "stack.yaml", "--yes")
        write(document)
        ran = account.do("apply", "stack.yaml", "--yes")
    assert ran.code == 0, ran.out + ran.err


def _state(account: Account) -> State:
    return codec.decode(account.do("state", "pull", "stack.yaml").out, State)


def test_the_pieces_of_random_stacks_are_of_every_type() -> None:
    assert types_in_pieces() == set(catalogue())


@pytest.mark.long  # minutes on two cores; tests/engine/test_chains.py holds the same of the engine in every run
@SETTINGS
@given(chain=chains())
def test_any_chain_of_stacks_converges_and_leaves_the_account_as_it_was(
    chain: list[Document], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with account_in(tmp_path_factory.mktemp("chain"), monkeypatch) as account:
        before: Document | None = None
        for document in chain:
            apply(account, before, document)
            account.do("plan", "stack.yaml", "--detailed-exitcode")
            account.do("plan", "stack.yaml", "--detailed-exitcode", "--no-refresh")
            assert State.verify(_state(account)) == ()
            before = document
        write(without_protection(chain[-1]))
        account.do("apply", "stack.yaml", "--yes")
        account.do("destroy", "stack.yaml", "--yes")
        assert account.left() == []
