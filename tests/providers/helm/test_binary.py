"""The `helm` program does what the SDK does, and is given nothing secret where others can read it."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from mlinfra.core.errors import InvalidRequest, ProviderError
from mlinfra.providers.helm.binary import BinaryHelm
from mlinfra.providers.helm.helm import Capabilities, HelmError, Wish
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.sdk import SdkHelm
from tests.providers.helm import helm_program
from tests.providers.helm.cluster import Emulated
from tests.providers.helm.place import CHARTS, Place


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A `helm` that notes how it was called."""
    path = tmp_path / "helm"
    called = tmp_path / "called"
    path.write_text(f'#!/bin/sh\necho "$@" >> {called}\nexec {sys.executable} {helm_program.__file__} "$@"\n')
    path.chmod(0o755)
    return str(path)


def test_a_release_lives_by_the_program(place: Place, emulated: Emulated, program: str) -> None:
    secret = msgspec.structs.replace(emulated.endpoint, token=lambda: "s3cr3t")
    place.provider = HelmProvider(msgspec.structs.replace(place.means, helm=BinaryHelm(secret, program)))
    made = place.make(values={"replicas": 1, "image": "private/app:1"})
    changed = place.change(made, {"values": {"replicas": 1}}, values={"replicas": 2})
    assert place.fields(changed, values={"replicas": 2}) == ()
    assert changed.properties["status"]["revision"] == 2
    place.provider.delete(place.target({}, id=made.id), place.journal)
    assert place.listed() == ()
    called = (Path(program).parent / "called").read_text()
    assert [line.split()[0] for line in called.splitlines() if not line.startswith("template")] == [
        "install",
        "upgrade",
        "uninstall",
    ]
    assert "s3cr3t" not in called
    assert "private/app" not in called


@pytest.mark.parametrize("chart", ["web", "platform"])
def test_it_renders_the_same_as_the_sdk(chart: str, program: str) -> None:
    wish = Wish(name="web", namespace="serving", chart=CHARTS / chart)
    mine, theirs = (
        helm.render(wish, Capabilities("1.31"), upgrade=False) for helm in (BinaryHelm(None, program), SdkHelm(None))
    )
    assert set(mine.templates) == {path for path, text in theirs.templates.items() if text.strip()}
    assert set(mine.crds) == set(theirs.crds)


def test_what_the_program_says_is_passed_on(place: Place, emulated: Emulated, program: str) -> None:
    helm = BinaryHelm(emulated.endpoint, program)
    wish = Wish(name="web", namespace="serving", chart=CHARTS / "web", values={"replicas": "two"})
    with pytest.raises(HelmError, match="got string, want integer"):
        helm.render(wish, Capabilities(), upgrade=False)
    place.provider = HelmProvider(msgspec.structs.replace(place.means, helm=helm))
    with pytest.raises(InvalidRequest, match="got string, want integer"):
        place.make(values={"replicas": "two"})


@pytest.mark.long
def test_an_upgrade_that_fails_goes_back_by_the_program(place: Place, emulated: Emulated, program: str) -> None:
    helm = BinaryHelm(emulated.endpoint, program)
    place.provider = HelmProvider(msgspec.structs.replace(place.means, helm=helm))
    made = place.make()
    broken = {"notes": {"sandbox.mlinfra.dev/fail": "never-ready"}}
    with pytest.raises(ProviderError, match="It went back to revision 1"):
        place.change(made, {}, values=broken, timeout=1)
