"""The verb watch: a stream of JSON lines, with selectors, bookmarks and a time limit. Called by `api`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import msgspec

from mlinfra.sandbox.kubernetes.conversion import convert
from mlinfra.sandbox.kubernetes.encoding import Writer
from mlinfra.sandbox.kubernetes.errors import ApiError, bad_request
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.requests import Request, Response
from mlinfra.sandbox.kubernetes.routes import Route
from mlinfra.sandbox.kubernetes.selectors import matcher
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Object, Objects
from mlinfra.sandbox.kubernetes.watch import Event, Watch

_LONGEST = 1_800  # seconds; the server's --min-request-timeout, up to double of which a watch lives
_BREATH = 1.0  # seconds between looks at whether the client is still there
_BOOKMARK = 10.0  # seconds of quiet after which a bookmark is sent, if there is news of other objects
_encode = msgspec.json.Encoder().encode


def watch(store: Store, request: Request, route: Route, writer: Writer) -> Response:
    """Start a stream. An expired resourceVersion is told as an ERROR event, as the API does."""
    kind = route.kind
    chosen = _chooser(request, route)
    version = request.query.get("resourceVersion", "")
    initial = request.query.get("sendInitialEvents", "")
    with store.lock:
        from_start = version in ("", "0") if not initial else initial == "true"
        try:
            changes = store.watch([kind.gvk], None if from_start else _revision(version, store))
        except ApiError as error:
            return _stream(iter([_line("ERROR", error.status())]), lambda: None)
        present = store.peek(kind, route.namespace) if from_start else []
    selected = [item for item in present if chosen(item)]
    stream = _Stream(store, changes, chosen, writer, kind, request.flag("allowWatchBookmarks"))
    return _stream(stream.run(selected, initial == "true", _seconds(request)), changes.stop)


def check_options(request: Request, version: str) -> None:
    """Refuse (422) a streamed list that the server does not offer, or that does not say how new it must be.

    The feature gate WatchList is on by default in 1.32 and from 1.34 on, and off in 1.33 (kubernetes/kubernetes,
    staging/src/k8s.io/apiserver/pkg/features, and carvel-dev/kapp-controller#1845, read November 2026).
    """
    if "sendInitialEvents" not in request.query:
        return
    field, why = "sendInitialEvents", ""
    if version == "1.33":
        why = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
    elif request.query.get("resourceVersionMatch") != "NotOlderThan":
        field, why = "resourceVersionMatch", "Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
        why += "NotOlderThan"
    if why:
        cause = {"reason": "FieldValueForbidden", "message": why, "field": field}
        details = {"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]}
        raise ApiError(422, f'ListOptions.meta.k8s.io "" is invalid: {field}: {why}', details=details)


def _stream(lines: Iterator[bytes], close: Callable[[], None]) -> Response:
    return Response(200, stream=lines, close=close)


def _revision(version: str, store: Store) -> int:
    if not version.isdigit():
        raise bad_request(f'Invalid value: "{version}": resourceVersion is not a number')
    return min(int(version), store.revision)


def _seconds(request: Request) -> float:
    return request.number("timeoutSeconds") or _LONGEST * (1 + random.random())


def _chooser(request: Request, route: Route) -> Callable[[Object], bool]:
    matches = matcher(request.query.get("labelSelector", ""), request.query.get("fieldSelector", ""), route.kind)

    def chosen(obj: Object) -> bool:
        meta = obj["metadata"]
        here = route.namespace is None or meta.get("namespace") == route.namespace
        return here and (not route.name or meta["name"] == route.name) and matches(obj)

    return chosen


class _Stream:
    def __init__(
        self,
        store: Store,
        changes: Watch,
        chosen: Callable[[Object], bool],
        writer: Writer,
        kind: Kind,
        bookmarks: bool,
    ) -> None:
        self._store = store
        self._changes = changes
        self._chosen = chosen
        self._writer = writer
        self._kind = kind
        self._bookmarks = bookmarks
        self._headers = True

    def run(self, present: Objects, announce: bool, seconds: float) -> Iterator[bytes]:
        """Give the lines: what there is, then what changes, until time is up."""
        try:
            for item in present:
                yield self._event("ADDED", item)
            if announce:
                yield self._bookmark({"annotations": {"k8s.io/initial-events-end": "true"}})
            yield from self._follow(time.monotonic() + seconds)
        finally:
            self._changes.stop()

    def _follow(self, end: float) -> Iterator[bytes]:
        told, quiet_since = self._changes.revision, time.monotonic()
        while not self._changes.stopped:
            left = end - time.monotonic()
            event = self._changes.next(max(0.0, min(left, _BREATH)))
            if event is not None:
                told, quiet_since = event.revision, time.monotonic()
                if (line := self._change(event)) is not None:
                    yield line
                continue
            last = left <= _BREATH
            if self._bookmarks and (last or time.monotonic() - quiet_since > _BOOKMARK):
                quiet_since = time.monotonic()
                if (revision := self._safe_revision()) > told or last:
                    told = revision
                    yield self._bookmark({}, revision)
            if last and left <= 0:
                return
            yield b""

    def _safe_revision(self) -> int:
        """The resourceVersion up to which everything has been sent."""
        with self._store.lock:
            return self._changes.revision if self._changes.pending else self._store.revision

    def _change(self, event: Event) -> bytes | None:
        """Tell a change as the selectors show it: what leaves the selection is deleted, what enters it added."""
        now = event.type != "DELETED" and self._chosen(event.object)
        before = event.previous is not None and self._chosen(event.previous)
        if not now and not before:
            return None
        if now:
            return self._event("MODIFIED" if before else "ADDED", event.object)
        return self._event("DELETED", event.object)

    def _event(self, name: str, obj: Object) -> bytes:
        shown = self._writer.shown(self._kind, convert(self._kind, obj), headers=self._headers)
        self._headers = False
        return _line(name, shown)

    def _bookmark(self, meta: Object, revision: int | None = None) -> bytes:
        meta = {"resourceVersion": str(self._safe_revision() if revision is None else revision), **meta}
        if self._writer.form == "Table":
            table = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": [],
                     "rows": []}  # fmt: skip
            return _line("BOOKMARK", table)
        return _line("BOOKMARK", {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": meta})


def _line(name: str, obj: Object) -> bytes:
    return _encode({"type": name, "object": obj}) + b"\n"
