"""Bodies: reading JSON, YAML and protobuf; writing objects, lists, tables and metadata alone, as asked for.

Called by the verbs. It must not read the store.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from mlinfra.sandbox.kubernetes import protobuf
from mlinfra.sandbox.kubernetes.errors import ApiError, bad_request
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.requests import Request, Response, answer
from mlinfra.sandbox.kubernetes.tables import make_table, partial
from mlinfra.sandbox.kubernetes.values import Clock, Json, Object, Objects

_decode = msgspec.json.Decoder().decode
_JSON = ("application/json", "application/json-patch+json", "application/merge-patch+json",
         "application/strategic-merge-patch+json", "")  # fmt: skip
_YAML = ("application/yaml", "application/apply-patch+yaml")
_AS = re.compile(r"as=(\w+)")


def read_value(request: Request) -> Json:
    """Read a request's body, of whatever content type; None when there is none; 400 and 415."""
    if not request.body:
        return None
    kind = request.content_type
    if kind == protobuf.CONTENT_TYPE:
        return protobuf.decode(request.body)
    if kind in _JSON or (kind in _YAML and request.body.lstrip()[:1] == b"{"):
        return _read_json(request.body)
    if kind in _YAML:
        return _read_yaml(request.body)
    supported = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
    text = f"the body of the request was in an unknown format - accepted media types include: {', '.join(supported)}"
    raise ApiError(415, text)


def read_object(request: Request) -> Object:
    """Read a request's body, which must be an object."""
    value = read_value(request)
    if not isinstance(value, dict):
        raise bad_request("the body of the request is not an object")
    return value


def _read_json(body: bytes) -> Json:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request(f"the body of the request is not JSON: {error}") from error


def _read_yaml(body: bytes) -> Json:
    from mlinfra.sandbox.kubernetes.yaml_body import read_yaml

    return read_yaml(body)


class Writer:
    """Writes answers for one request, in the form that its Accept header asks for."""

    def __init__(self, request: Request, clock: Clock) -> None:
        self._accept = request.accept
        self._include = request.query.get("includeObject", "Metadata")
        self._clock = clock
        found = _AS.search(self._accept) if "meta.k8s.io" in self._accept else None
        self.form = found[1] if found else ""

    def one(self, kind: Kind, obj: Object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        """Write one object."""
        return answer(self.shown(kind, obj), status, headers)

    def shown(self, kind: Kind, obj: Object, *, headers: bool = True) -> Object:
        """Give an object in the form asked for."""
        if self.form == "Table":
            meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            return make_table(kind, [obj], meta, self._now(), self._include, headers)
        return partial(obj) if self.form == "PartialObjectMetadata" else obj

    def many(self, kind: Kind, items: Objects, meta: Object) -> Response:
        """Write a list."""
        if self.form == "Table":
            return answer(make_table(kind, items, meta, self._now(), self._include))
        if self.form == "PartialObjectMetadataList":
            name, version, items = "PartialObjectMetadataList", "meta.k8s.io/v1", [partial(item) for item in items]
        else:
            name, version = kind.list_kind, kind.api_version
            items = items if kind.custom else [_bare(item) for item in items]
        return answer({"kind": name, "apiVersion": version, "metadata": meta, "items": items})

    def _now(self) -> datetime:
        return self._clock()


def _bare(item: Object) -> Object:
    """An item of a built-in list: its kind and version stand on the list."""
    return {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}
