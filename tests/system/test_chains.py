"""Random stacks of the whole language, one after the other, on one simulated account."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from mlinfra.core import codec
from mlinfra.core.state import State
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints
from tests.reliability import points

from .account import Account
from .conftest import SWIFT
from .pieces import types_in_pieces
from .random_stacks import PEOPLE, Document, chain_of, trust

CHAINS = 5000


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
            document = trust("ec2.amazonaws.com")
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
    """Neither what the stack names nor what is protected for being of production."""
    lifecycle = {name: value for name, value in document.get("lifecycle", {}).items() if name != "protect"}
    return copy.deepcopy({**document, "lifecycle": {**lifecycle, "environment": "development"}})


def apply(account: Account, before: Document | None, document: Document) -> None:
    """Apply `document`; where what is protected stands in its way, lift the protection first, as a user must."""
    write(document)
    ran = account.run("apply", "stack.yaml", "--yes")
    if ran.code and before is not None and "MLI3010" in ran.out + ran.err:
        write({name: value for name, value in without_protection(before).items() if name != "moved"})
        account.do("apply", "stack.yaml", "--yes")
        write(without_protection(document))
        account.do("apply", "stack.yaml", "--yes")
        write(document)
        ran = account.run("apply", "stack.yaml", "--yes")
    assert ran.code == 0, ran.out + ran.err


def _state(account: Account) -> State:
    return codec.decode(account.do("state", "pull", "stack.yaml").out, State)


def test_the_pieces_of_random_stacks_are_of_every_type() -> None:
    assert types_in_pieces() == set(catalogue())


def go_through(chain: list[Document], folder: Path) -> None:
    """Apply one stack after the other: each converges, and destroy leaves the account as it was."""
    with pytest.MonkeyPatch.context() as patch, account_in(folder, patch) as account:
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


@pytest.mark.long  # seconds each; tests/engine/test_chains.py holds the same of the engine in every run
@points.sharded
def test_any_chain_of_stacks_converges_and_leaves_the_account_as_it_was(
    shard: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def experiment(number: str) -> None:
        go_through(chain_of(int(number)), tmp_path_factory.mktemp("chain"))

    points.run("chains of the whole language", shard, map(str, range(CHAINS)), experiment)
