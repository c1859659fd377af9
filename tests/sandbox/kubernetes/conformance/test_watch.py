"""Watches: order, selectors, resuming, bookmarks, expiry."""

from __future__ import annotations

import pytest

from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import Client, Refused, config_map

CM = "v1/configmaps"


def told(events: list[Object]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def test_a_watch_from_a_version_tells_what_came_after_it(api: Client) -> None:
    start = api.get(CM)["metadata"]["resourceVersion"]
    api.create(CM, config_map("a", {"k": "1"}))
    api.patch(CM, "a", {"data": {"k": "2"}})
    api.delete(CM, "a")
    events = list(api.watch(CM, resourceVersion=start, fieldSelector="metadata.name=a"))
    assert told(events) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))


def test_a_watch_without_version_begins_with_what_there_is(api: Client) -> None:
    api.create(CM, config_map("a", labels={"mine": "yes"}))
    assert told(list(api.watch(CM, labelSelector="mine=yes"))) == [("ADDED", "a")]


def test_what_leaves_a_selection_is_deleted_for_its_watcher_and_what_enters_added(api: Client) -> None:
    api.create(CM, config_map("a", labels={"mine": "yes"}))
    start = api.get(CM)["metadata"]["resourceVersion"]
    api.patch(CM, "a", {"metadata": {"labels": {"mine": "no"}}})
    api.patch(CM, "a", {"metadata": {"labels": {"mine": "yes"}}})
    events = list(api.watch(CM, labelSelector="mine=yes", resourceVersion=start))
    assert told(events) == [("DELETED", "a"), ("ADDED", "a")]


def test_a_list_can_be_streamed_and_its_end_is_bookmarked(api: Client) -> None:
    api.create(CM, config_map("a", labels={"mine": "yes"}))
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}
    if api.http.get("/version").json()["minor"].startswith("33"):  # off by default in that version alone
        with pytest.raises(Refused) as caught:
            api.get(CM, watch="true", **query)
        assert (caught.value.code, caught.value.reason) == (422, "Invalid")
        assert [cause["field"] for cause in caught.value.causes] == ["sendInitialEvents"]
        return
    events = list(api.watch(CM, labelSelector="mine=yes", resourceVersion="", **query))
    assert [event["type"] for event in events[:2]] == ["ADDED", "BOOKMARK"]
    assert events[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert events[1]["object"]["kind"] == "ConfigMap"
