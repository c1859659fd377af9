"""Whoever is killed at whatever call, the next run finds what is there, and brings it to where it should be."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.errors import ProviderError
from mlinfra.core.observed import Absent, Present, Unreadable
from tests.providers.helm.cluster import Emulated
from tests.providers.helm.death import Death
from tests.providers.helm.place import Place

OLD, NEW = {"replicas": 1}, {"replicas": 2, "extra": False}


@pytest.fixture(scope="module")
def death() -> Death:
    return Death()


@pytest.fixture(scope="module")
def mortal(death: Death) -> Iterator[Emulated]:
    cluster = Emulated("mortal", death)
    yield cluster
    cluster.close()


class Run:
    """Runs of one stack, each of which does what the engine would do after looking."""

    def __init__(self, mortal: Emulated, death: Death, number: int) -> None:
        self.place, self._death = Place.within(mortal, number), death
        self.timeout = 60

    def dies(self, after: int, act: Callable[[], Any]) -> bool:
        """Act, and die after as many changes; answers whether it came to that."""
        self._death.after(after)
        self.timeout = 1  # the dead wait for nobody
        try:
            act()
        except ProviderError:
            return True
        finally:
            self._death.end()
            self.timeout = 60
        return False

    def install(self) -> None:
        """Make it, or finish what was begun."""
        self.bring(OLD)

    def bring(self, values: Any) -> Present:
        """Bring it to `values`, whatever is there."""
        place, target = (
            self.place,
            self.place.target({"chart": "web", "manifest": {}, "values": values, "timeout": self.timeout}),
        )
        found = place.provider.find(target)
        if isinstance(found, Absent):
            return place.provider.create(target, place.journal)
        if isinstance(found, Unreadable):
            raise ProviderError(found.reason)
        assert found.owner == target.owner
        return place.change(found, {"values": OLD}, values=values, timeout=self.timeout)

    def remove(self) -> None:
        """Take it away."""
        self.place.provider.delete(self.place.target({}, id=f"{self.place.namespace}/web"), self.place.journal)

    def require(self, values: Any) -> None:
        """It is there once, as it should be, and nobody finds fault with it."""
        (seen,) = self.place.listed()
        assert self.place.fields(seen, values=values) == ()
        deployment = self.place.live("Deployment", "web", "apps/v1")
        assert deployment["spec"]["replicas"] == values["replicas"]
        assert (self.place.live("ConfigMap", "web-extra") is None) is ("extra" in values)

    def require_nothing(self) -> None:
        assert self.place.listed() == ()
        assert self.place.live("Deployment", "web", "apps/v1") is None
        assert self.place.live("Service", "web") is None


MOMENTS = ["install", "upgrade", "uninstall"]


@pytest.mark.parametrize(
    ("moment", "after"),
    [("install", 1), ("install", 3), ("install", 6), ("upgrade", 2), ("upgrade", 5), ("uninstall", 2)],
)
def test_a_run_that_is_killed_is_finished_by_the_next(moment: str, after: int, mortal: Emulated, death: Death) -> None:
    assert check_one(Run(mortal, death, 100 * after + MOMENTS.index(moment)), moment, after)


def test_a_removal_goes_on_where_the_answer_of_a_deletion_is_lost(mortal: Emulated, death: Death) -> None:
    run = Run(mortal, death, 20_000)
    run.install()
    death.loses(2)  # Helm marks the release first
    run.remove()
    death.end()
    run.require_nothing()


@pytest.mark.long
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(moment: str, mortal: Emulated, death: Death) -> None:
    after = 0
    while check_one(Run(mortal, death, 10_000 + 100 * after + MOMENTS.index(moment)), moment, after):
        after += 1
    assert after > 3


def test_a_process_that_is_killed_while_it_installs(tmp_path: Path) -> None:
    death = Death()
    cluster = Emulated("killed", death)
    try:
        kill_child(cluster, death, tmp_path)
        run = Run(cluster, death, 7)
        (seen,) = run.place.listed()
        assert seen.properties["manifest"] == ["revision 1 is pending-install"]
        run.install()
        run.require(OLD)
    finally:
        cluster.close()


def kill_child(cluster: Emulated, death: Death, folder: Path) -> None:
    """Let a process of its own install, and kill it between two objects of the chart."""
    authority = folder / "authority.pem"
    authority.write_text(cluster.endpoint.authority)
    words = [sys.executable, "-m", "tests.providers.helm.child", cluster.endpoint.server, str(authority), "7"]
    root = Path(__file__).parents[3]
    child = subprocess.Popen(words, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    death.kills(child.kill, 5)
    _, said = child.communicate(timeout=60)
    death.end()
    assert child.returncode == -signal.SIGKILL, said.decode()


def check_one(run: Run, moment: str, after: int) -> bool:
    if moment == "install":
        died = run.dies(after, run.install)
        run.install()
        run.require(OLD)
        return died
    run.install()
    if moment == "upgrade":
        died = run.dies(after, lambda: run.bring(NEW))
        run.bring(NEW)
        run.require(NEW)
    else:
        died = run.dies(after, run.remove)
        run.remove()
        run.require_nothing()
    return died
