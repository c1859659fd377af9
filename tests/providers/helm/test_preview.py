"""What a plan says of the objects of a release, before anything is done and without doing anything."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from mlinfra.core.address import Address
from mlinfra.core.clock import SystemClock
from mlinfra.core.errors import InvalidRequest
from mlinfra.core.observed import Present
from mlinfra.core.plan import Action, Cause, Part
from mlinfra.core.value import Concat, Ref
from mlinfra.providers.helm.no_cluster import NoCluster
from mlinfra.providers.helm.provider import HelmProvider
from mlinfra.providers.helm.sdk import SdkHelm
from mlinfra.providers.helm.work import Means
from tests.providers.helm.place import CHARTS, LOCAL, Place

STAYS = "stays when the release goes"
LATER = Concat(("arn:", Ref(Address("roles.web"), ("arn",))))


def preview(place: Place, prior: Present | None = None, **properties: Any) -> list[Part]:
    target = place.target({"chart": "web", "manifest": {}, **properties}, id=prior.id if prior else "")
    return list(place.provider.preview(target, prior))


def spoken(parts: list[Part]) -> list[tuple[str, str, str]]:
    return [(part.action.value, part.name, part.note) for part in parts]


def test_a_new_release_lists_every_object(place: Place) -> None:
    space = place.namespace
    parts = [part for part in spoken(preview(place)) if not part[1].startswith("CustomResourceDefinition")]
    assert parts == [
        ("create", f"Namespace {space}", STAYS),
        ("create", f"ConfigMap {space}/web-extra", ""),
        ("create", f"Service {space}/web", ""),
        ("create", f"Deployment {space}/web", ""),
        ("create", f"Gadget {space}/web", ""),
    ]
    assert place.listed() == ()


def test_a_change_shows_what_it_adds_changes_and_removes(place: Place) -> None:
    made = place.make(values={"replicas": 1})
    parts = preview(place, made, values={"replicas": 2, "extra": False})
    space = place.namespace
    assert spoken(parts) == [
        ("create", f"Job {space}/web-migrate", "hook: pre-upgrade"),
        ("update", f"Deployment {space}/web", ""),
        ("update", f"Gadget {space}/web", ""),
        ("delete", f"ConfigMap {space}/web-extra", ""),
    ]
    (field,) = parts[1].fields
    assert (field.path, field.before, field.after) == (("spec", "replicas"), 1, 2)
    assert preview(place, made, values={"replicas": 1})[1:] == []


def test_before_the_cluster_exists_it_goes_by_the_version_there_will_be() -> None:
    nowhere = NoCluster("1.31")
    means = Means(helm=SdkHelm(None), cluster=nowhere, charts=LOCAL, clock=SystemClock(), root=CHARTS)
    place = Place(HelmProvider(means), nowhere, 1)
    assert ("create", "CustomResourceDefinition gadgets.web.example.com", STAYS) in spoken(preview(place))
    assert ("create", "Deployment test-1/web", "") in spoken(preview(place))
    newer = HelmProvider(msgspec.structs.replace(means, cluster=NoCluster("1.20")))
    with pytest.raises(InvalidRequest, match=r"incompatible with Kubernetes v1\.20"):
        preview(Place(newer, nowhere, 1))


def test_what_is_not_known_yet_is_said_to_be_so(place: Place) -> None:
    made = place.make(values={"image": "app:1"})
    (_, part) = preview(place, made, values={"image": LATER})
    (field,) = part.fields
    assert (field.before, field.after, field.cause) == ("app:1", UNSET, Cause.UNKNOWN)


def test_objects_that_hang_on_what_is_not_known_are_left_for_later(place: Place) -> None:
    made = place.make()
    parts = preview(place, made, values={"notes": LATER})
    assert [part.action for part in parts] == [Action.CREATE, Action.UPDATE]


def test_generated_certificates_are_no_change_and_secrets_are_masked(place: Place) -> None:
    made = place.make(chart="platform", skipAwait=True)
    parts = preview(place, made, chart="platform")
    assert spoken(parts) == [("create", f"ConfigMap {place.namespace}/web-before", "hook: pre-upgrade")]
    parts = preview(place, made, chart="platform", values={"greeting": "good morning"})
    (secret,) = [part for part in parts if part.name.startswith("Secret")]
    (field,) = secret.fields
    assert field.path == ("stringData", "greeting")
    assert field.secret
    assert (field.before, field.after) == (UNSET, UNSET)
    assert "good morning" not in repr([part for part in parts if not part.name.startswith("ConfigMap")])


def test_what_is_kept_is_said_to_stay(place: Place) -> None:
    made = place.make(chart="platform", skipAwait=True)
    parts = preview(place, made, chart="web")
    kept = [part for part in parts if part.action is Action.FORGET]
    assert spoken(kept) == [
        (
            "forget",
            f"PersistentVolumeClaim {place.namespace}/web-data",
            "stays: it says helm.sh/resource-policy: keep",
        )
    ]
