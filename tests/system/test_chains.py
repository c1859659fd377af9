"""Random stacks of the whole language, one after the other, on one simulated account."""

from __future__ import annotations

import copy
import re
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

from .account import Account, Ran
from .conftest import SWIFT
from .elsewhere import Elsewhere
from .pieces import types_in_pieces
from .random_stacks import Document, chain_of

CHAINS = 5000


class World(Account):
    """An account with what stacks find in it, which hears all that is said."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(sandbox, folder)
        self.elsewhere = Elsewhere.made(self)
        self.heard = ""
        self.note()

    def run(self, *arguments: str) -> Ran:
        ran = super().run(*arguments)
        self.heard += ran.out + ran.err
        return ran

    def write(self, document: Document) -> None:
        """Put the stack file there."""
        text = yaml.dump(document, Dumper=_Plain, sort_keys=False)
        (self.folder / "stack.yaml").write_text(self.elsewhere.named(text))

    def forgotten(self) -> list[tuple[str, str]]:
        """What is left, but for what was said to be kept."""
        return [(kind, name) for kind, name in self.left() if name not in _KEPT.findall(self.heard)]


_MOVED = re.compile(r"moved: \[\{from: (\S+), to: (\S+)\}\]")
_KEPT = re.compile(r"the last snapshot (\S+) of the database is kept")


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    """An account that works, and a folder to work in."""
    with (
        Sandbox(endpoints=lambda account: KubernetesEndpoints(account, SWIFT)) as sandbox,
        pytest.MonkeyPatch.context() as patched,
    ):
        for name, value in Account.environment(sandbox).items():
            patched.setenv(name, value)
        patched.chdir(folder)
        yield World(sandbox, folder)


class _Plain(yaml.SafeDumper):
    """Writes what stands twice twice: stack files have no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def without_protection(document: Document) -> Document:
    """Neither what the stack names nor what is protected for being of production."""
    lifecycle = {name: value for name, value in document.get("lifecycle", {}).items() if name != "protect"}
    environment = "ephemeral" if "ttl" in lifecycle else "development"
    return copy.deepcopy({**document, "lifecycle": {**lifecycle, "environment": environment}})


def apply(world: World, before: Document | None, document: Document) -> None:
    """Apply `document` as a user must: what is said to have moved moves, and protection in the way is lifted first."""
    ran = _applied(world, document)
    if ran.code and (told := _MOVED.findall(ran.out)):
        document.setdefault("moved", []).extend({"from": old, "to": new} for old, new in told)
        ran = _applied(world, document)
    if ran.code and before is not None and "MLI3010" in ran.out + ran.err:
        unmoved = {name: value for name, value in without_protection(before).items() if name != "moved"}
        for step in (unmoved, without_protection(document)):
            world.write(step)
            world.do("apply", "stack.yaml", "--yes")
        ran = _applied(world, document)
    assert ran.code == 0, ran.out + ran.err


def _applied(world: World, document: Document) -> Ran:
    world.write(document)
    return world.run("apply", "stack.yaml", "--yes")


def _state(world: World) -> State:
    return codec.decode(world.do("state", "pull", "stack.yaml").out, State)


def test_the_pieces_of_random_stacks_are_of_every_type() -> None:
    assert types_in_pieces() == set(catalogue())


def go_through(chain: list[Document], folder: Path) -> None:
    """Apply one stack after the other: each converges, and destroy leaves the account as it was."""
    with world_in(folder) as world:
        before: Document | None = None
        for document in chain:
            apply(world, before, document)
            world.do("plan", "stack.yaml", "--detailed-exitcode")
            world.do("plan", "stack.yaml", "--detailed-exitcode", "--no-refresh")
            assert State.verify(_state(world)) == ()
            before = document
        world.write(without_protection(chain[-1]))
        world.do("apply", "stack.yaml", "--yes")
        world.do("destroy", "stack.yaml", "--yes")
        assert world.forgotten() == []


@pytest.mark.long  # seconds each; tests/engine/test_chains.py holds the same of the engine in every run
@points.sharded
def test_any_chain_of_stacks_converges_and_leaves_the_account_as_it_was(
    shard: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def experiment(number: str) -> None:
        go_through(chain_of(int(number)), tmp_path_factory.mktemp("chain"))

    points.run("chains of the whole language", shard, map(str, range(CHAINS)), experiment)
