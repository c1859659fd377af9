"""What went wrong, or was interrupted, is mended by the next apply."""

from __future__ import annotations

import base64
import gzip
import json

import msgspec
import pytest

from mlinfra.core.errors import Ambiguous, Conflict, InvalidRequest, ProviderError
from mlinfra.core.observed import Present
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.helm import HelmError, Running, Wish
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.sdk import SdkHelm
from tests.providers.helm.place import CHARTS, Place

NEVER_READY = {"notes": {"sandbox.mlinfra.dev/fail": "never-ready"}}
DEPLOYMENT = "apps/v1"


def leave_as(place: Place, status: str, revision: int) -> Present:
    """Let a revision look as Helm leaves it when it is killed."""
    path = f"/api/v1/namespaces/{place.namespace}/secrets/sh.helm.release.v1.web.v{revision}"
    secret = place.http.get(path).json()
    stored = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    stored["info"]["status"] = status
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(stored).encode()))).decode()
    secret["data"]["release"] = packed
    secret["metadata"]["labels"]["status"] = status
    assert place.http.put(path, json=secret).status_code == 200
    (seen,) = place.listed()
    return seen


def state(seen: Present) -> tuple[str, int]:
    status = seen.properties["status"]
    return status["status"], status["revision"]


@pytest.mark.parametrize("status", ["pending-install", "uninstalling", "failed"])
def test_a_first_revision_that_came_to_nothing(place: Place, status: str) -> None:
    place.make()
    seen = leave_as(place, status, 1)
    assert seen.properties["manifest"][0].startswith(f"revision 1 is {status}")
    began, ended = ("failed at", "apply upgrades from there") if status == "failed" else (f"is {status} since", "anew")
    assert seen.plight.startswith(f"revision 1 {began} 20")
    assert seen.plight.endswith(ended)
    first, *_ = place.provider.preview(place.target({"chart": "web", "manifest": {}}, id=seen.id), seen)
    assert (first.name, first.explains) == (f"Release {seen.id}", ("manifest",))  # so that no plan shows `manifest`
    assert first.note == "; ".join(seen.properties["manifest"])
    mended = place.change(seen, {})
    assert mended.properties["status"]["status"] == "deployed"
    assert place.fields(mended) == ()
    assert place.live("Deployment", "web", DEPLOYMENT)


class Troubled(SdkHelm):
    """Helm, in a place where it goes wrong."""

    place: Place


def use(place: Place, helm: Troubled) -> None:
    helm.place = place
    place.provider = HelmProvider(msgspec.structs.replace(place.means, helm=helm))


class Forgetful(Troubled):
    """Helm, which once cannot write down that all went well, and says that it did."""

    forgets = True

    def install(self, wish: Wish, running: Running) -> None:
        super().install(wish, running)
        if self.forgets:
            leave_as(self.place, "pending-install", 1)
            self.forgets = False


def test_what_helm_could_not_write_down_is_not_done(place: Place) -> None:
    use(place, Forgetful(place.endpoint))
    with pytest.raises(Ambiguous, match="could not record that it is done"):
        place.make()
    (seen,) = place.listed()
    assert state(place.change(seen, {})) == ("deployed", 1)


class Blind(Troubled):
    """Helm, which lost sight of what it waits for, and gives up when its time has run out."""

    def install(self, wish: Wish, running: Running) -> None:
        super().install(wish, running)
        leave_as(self.place, "failed", 1)
        raise HelmError("resource Deployment/web not ready. status: Unknown, message: context deadline exceeded")


def test_what_helm_lost_sight_of_and_is_well_is_gone_on_with(place: Place) -> None:
    use(place, Blind(place.endpoint))
    with pytest.raises(Ambiguous, match="status: Unknown"):
        place.make()
    (seen,) = place.listed()
    assert state(place.change(seen, {})) == ("deployed", 2)


@pytest.mark.parametrize("status", ["pending-upgrade", "pending-rollback"])
def test_an_upgrade_that_was_killed(place: Place, status: str) -> None:
    first = place.make(values={"replicas": 1})
    place.change(first, {"values": {"replicas": 1}}, values={"replicas": 2})
    seen = leave_as(place, status, 2)
    assert seen.plight.endswith("UTC, as an interrupted run leaves it; apply goes back to revision 1 first")
    mended = place.change(seen, {"values": {"replicas": 2}}, values={"replicas": 2})
    assert state(mended) == ("deployed", 4)  # the third goes back to the first
    assert mended.plight == ""
    assert place.live("Deployment", "web", DEPLOYMENT)["spec"]["replicas"] == 2
    assert place.fields(mended, values={"replicas": 2}) == ()


def test_an_upgrade_that_fails_says_why_and_goes_back(place: Place) -> None:
    made = place.make()
    with pytest.raises(ProviderError) as caught:
        place.change(made, {}, values=NEVER_READY, timeout=3)
    assert caught.value.code == Code.NOT_READY
    assert f"Deployment/{place.namespace}/web not ready" in str(caught.value)
    assert "Readiness probe failed" in str(caught.value)
    assert str(caught.value).endswith("It went back to revision 1.")
    (seen,) = place.listed()
    assert state(seen) == ("deployed", 3)
    assert place.fields(seen) == ()


def test_an_upgrade_that_shall_stay_where_it_failed_stays(place: Place) -> None:
    made = place.make()
    with pytest.raises(ProviderError):
        place.change(made, {}, values=NEVER_READY, timeout=3, atomic=False)
    (seen,) = place.listed()
    assert state(seen) == ("failed", 2)
    mended = place.change(seen, {}, values={"replicas": 1})
    assert state(mended) == ("deployed", 3)


@pytest.mark.parametrize(("atomic", "left"), [(True, []), (False, [("failed", 1)])])
def test_an_install_that_fails(place: Place, atomic: bool, left: list[tuple[str, int]]) -> None:
    with pytest.raises(ProviderError, match="not ready"):
        place.make(values=NEVER_READY, timeout=1, atomic=atomic)
    assert [state(seen) for seen in place.listed()] == left


def test_what_the_chart_cannot_be_is_refused_before_anything_is_made(place: Place) -> None:
    with pytest.raises(InvalidRequest, match="got string, want integer"):
        place.make(values={"replicas": "two"})
    assert place.listed() == ()


def test_a_release_of_somebody_else_is_left_alone(place: Place) -> None:
    other = place.target({"chart": "web", "manifest": {}}, address="runtimes.other")
    place.provider.create(other, place.journal)
    with pytest.raises(Conflict) as caught:
        place.make()
    assert caught.value.code == Code.IN_USE
    assert "mlinfra adopt" in caught.value.hint


def test_a_release_is_given_to_another_address(place: Place) -> None:
    made = place.make(values={"replicas": 1})
    place.change(made, {"values": {"replicas": 1}}, values={"replicas": 2})
    long = "runtimes." + "-".join(f"part{number}" for number in range(20))
    taken = place.provider.tag(place.target({"chart": "web"}, id=made.id, address=long), place.journal)
    assert taken.owner is not None
    assert taken.owner.address == long
    assert place.listed() == (taken,)
    assert place.provider.find(place.target({}, address=long)) == taken
    back = place.provider.tag(place.target({"chart": "web"}, id=made.id), place.journal)
    assert back.owner == made.owner


def test_a_revision_that_somebody_else_made_is_drift(place: Place) -> None:
    made = place.make()
    wish = Wish(name="web", namespace=place.namespace, chart=CHARTS / "web", values={"replicas": 3})
    place.helm.upgrade(wish, place.journal)
    (seen,) = place.listed()
    assert seen.owner == made.owner
    assert seen.properties["manifest"] == ["revision 2 was made by somebody else"]
    mended = place.change(seen, {})
    assert place.fields(mended) == ()
    assert place.live("Deployment", "web", DEPLOYMENT)["spec"]["replicas"] == 1
