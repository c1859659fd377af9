"""A release through its life: made, found, changed, removed."""

from __future__ import annotations

from tests.providers.helm.place import Place


def test_a_release_is_made_and_found_again(place: Place) -> None:
    made = place.make(values={"replicas": 2})
    assert made.id == f"{place.namespace}/web"
    assert place.journal.made_ids == [made.id]
    assert made.properties["status"]["status"] == "deployed"
    assert made.properties["resourceNames"]["Deployment.apps/v1"] == [made.id]
    assert place.live("Deployment", "web", "apps/v1")["spec"]["replicas"] == 2
    assert place.listed() == (made,)
    assert place.provider.find(place.target({"chart": "web"})) == made
    assert place.provider.find(place.target({"chart": "web"}, id=made.id)) == made
    assert place.fields(made, values={"replicas": 2}) == ()


def test_a_change_of_values_is_an_upgrade(place: Place) -> None:
    made = place.make(values={"replicas": 1})
    before = {"values": {"replicas": 1}}
    assert place.difference(made, before, values={"replicas": 2}) == {("values", "replicas")}
    changed = place.change(made, before, values={"replicas": 2})
    assert changed.properties["status"]["revision"] == 2
    assert place.fields(changed, values={"replicas": 2}) == ()
    assert place.live("Gadget", "web", "web.example.com/v1")["spec"]["size"] == 2


def test_a_change_of_how_helm_goes_about_it_makes_no_revision(place: Place) -> None:
    made = place.make()
    before = {"timeout": 60}
    assert place.difference(made, before, timeout=9) == {("timeout",)}
    assert place.change(made, before, timeout=9).properties["status"]["revision"] == 1


def test_a_release_is_removed_and_its_definitions_stay(place: Place) -> None:
    made = place.make()
    place.provider.delete(place.target({}, id=made.id), place.journal)
    assert place.listed() == ()
    assert place.live("Deployment", "web", "apps/v1") is None
    assert place.cluster.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gadgets.web.example.com")
    place.provider.delete(place.target({}, id=made.id), place.journal)
