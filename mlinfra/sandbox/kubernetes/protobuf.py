"""Decoding of protobuf bodies, as Helm and kubectl send them for built-in kinds.

An envelope (the bytes `k8s`, a zero, a runtime.Unknown) names the kind; field numbers are in `protobuf_fields.txt`,
types in the kind's schema. Answers are always JSON, which these clients accept. Called by `encoding`. Pure.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from mlinfra.sandbox.kubernetes.errors import ApiError, bad_request
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.schema import Definitions, Schema, load_definitions
from mlinfra.sandbox.kubernetes.values import Json, Object, timestamp

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SCHEMAS = "1.37"  # the newest packaged: messages only ever gain fields
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_WITHOUT_KIND = {"DeleteOptions": "DeleteOptions"}


# Fields that are optional (pointers) in Go, where zero and false say something.
_OPTIONAL = frozenset({
    "activeDeadlineSeconds", "allocateLoadBalancerNodePorts", "allowPrivilegeEscalation", "allowVolumeExpansion",
    "attachRequired", "automountServiceAccountToken", "averageUtilization", "backoffLimit", "backoffLimitPerIndex",
    "blockOwnerDeletion", "completions", "controller", "defaultMode", "deletionGracePeriodSeconds",
    "enableServiceLinks", "expirationSeconds", "failedJobsHistoryLimit", "fsGroup", "gracePeriodSeconds",
    "hostUsers", "immutable", "leaseDurationSeconds", "manualSelector", "maxFailedIndexes", "minReplicas",
    "optional", "orphanDependents", "parallelism", "partition", "podInfoOnMount", "port", "priority", "privileged",
    "progressDeadlineSeconds", "readOnlyRootFilesystem", "replicas", "revisionHistoryLimit", "runAsGroup",
    "runAsNonRoot", "runAsUser", "setHostnameAsFQDN", "shareProcessNamespace", "stabilizationWindowSeconds",
    "startingDeadlineSeconds", "successfulJobsHistoryLimit", "suspend", "terminationGracePeriodSeconds",
    "timeoutSeconds", "tolerationSeconds", "ttlSecondsAfterFinished", "value",
})  # fmt: skip


class _Field(NamedTuple):
    name: str
    inline: str


def decode(body: bytes) -> Object:
    """Read an enveloped object; 400 when it is broken, 415 when its kind has no known fields."""
    if not body.startswith(_MAGIC):
        raise bad_request("the body of the request is not protobuf of the Kubernetes API")
    try:
        return _enveloped(body[len(_MAGIC) :])
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise bad_request(f"the body of the request is broken protobuf: {error}") from error


def _enveloped(body: bytes) -> Object:
    envelope = dict(_scan(body))
    meta = {number: _text(value) for number, value in _scan(_as_bytes(envelope.get(1, b"")))}
    api_version, kind = meta.get(1, ""), meta.get(2, "")
    definitions = load_definitions(_SCHEMAS)
    name = definitions.name_of(GroupVersionKind.of(api_version, kind))
    if name is None and kind in _WITHOUT_KIND:
        name = f"{_META}{kind}"
    if name is None or _short(name) not in _messages():
        raise ApiError(415, f"protobuf of {kind} in {api_version} is not understood; send JSON")
    found = _Decoder(definitions).message(_as_bytes(envelope.get(2, b"")), _short(name), definitions.node(name))
    return {"apiVersion": api_version, "kind": kind, **found}


class _Decoder:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def message(self, body: bytes, name: str, schema: Schema) -> Object:
        fields = _messages().get(name, {})
        found: Object = {}
        for number, value in _scan(body):
            field = fields.get(number)
            if field is None:
                continue
            if field.inline:
                found |= self.message(_as_bytes(value), field.inline, schema)
            elif (child := schema.fields.get(field.name)) is not None:
                self._add(found, field.name, value, child)
        return {key: value for key, value in found.items() if not _is_unset(key, value)}

    def _add(self, found: Object, key: str, value: int | bytes, schema: Schema) -> None:
        if schema.type == "array":
            item = schema.items
            entry = value if item is None else self._value(value, item)
            found.setdefault(key, []).append(entry)
        elif schema.type == "object" and schema.values is not None:
            entry_key, entry = self._entry(_as_bytes(value), schema.values)
            found.setdefault(key, {})[entry_key] = entry
        else:
            found[key] = self._value(value, schema)

    def _entry(self, body: bytes, schema: Schema) -> tuple[str, Json]:
        parts = dict(_scan(body))
        if 2 not in parts:
            return _text(parts.get(1, b"")), _zero(schema)
        return _text(parts.get(1, b"")), self._value(parts[2], schema)

    def _value(self, value: int | bytes, schema: Schema) -> Json:
        special = _SPECIAL.get(schema.name.rpartition(".")[2])
        if special is not None and not schema.fields:
            return special(_as_bytes(value))
        if schema.type == "boolean":
            return bool(value)
        if schema.type in ("integer", "number"):
            return _signed(value)
        if schema.type == "string":
            binary = schema.raw.get("format") == "byte"
            return base64.b64encode(_as_bytes(value)).decode() if binary else _text(value)
        if schema.type == "array":  # a list wrapped in a message, such as ExtraValue
            return [_text(item) for _, item in _scan(_as_bytes(value))]
        return self.message(_as_bytes(value), _short(schema.name), schema)


def _is_unset(key: str, value: Json) -> bool:
    """Whether a value stands for nothing: Go writes every plain field, and only optional ones tell zero from absent."""
    if isinstance(value, (bool, int)):
        return not value and key not in _OPTIONAL
    return value is None or value == ""


def _quantity(body: bytes) -> str:
    return _text(next((value for number, value in _scan(body) if number == 1), b""))


def _int_or_string(body: bytes) -> int | str:
    parts = dict(_scan(body))
    return _text(parts.get(3, b"")) if parts.get(1) else int(_signed(parts.get(2, 0)))


def _moment(body: bytes) -> datetime | None:
    parts = {number: _signed(value) for number, value in _scan(body)}
    return datetime.fromtimestamp(parts.get(1, 0) + parts.get(2, 0) / 1e9, UTC) if parts else None


def _time(body: bytes) -> str | None:
    moment = _moment(body)
    return timestamp(moment) if moment else None


def _micro_time(body: bytes) -> str | None:
    moment = _moment(body)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def _raw_json(body: bytes) -> Json:
    raw = next((_as_bytes(value) for number, value in _scan(body) if number == 1), b"")
    return json.loads(raw) if raw else None


_SPECIAL = {
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "Time": _time,
    "MicroTime": _micro_time,
    "FieldsV1": _raw_json,
    "RawExtension": _raw_json,
    "JSON": _raw_json,
}


def _scan(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Give the fields of a message: number, and an integer or bytes."""
    position = 0
    while position < len(body):
        key, position = _varint(body, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _varint(body, position)
            yield number, value
        elif wire == _BYTES:
            length, position = _varint(body, position)
            yield number, body[position : position + length]
            position += length
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
            yield number, body[position : position + size]
            position += size
        else:
            raise bad_request(f"the body of the request is broken protobuf: wire type {wire}")


def _varint(body: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = body[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def _signed(value: int | bytes) -> int | float:
    if isinstance(value, bytes):
        return float(struct.unpack("<d", value)[0])
    return value - (1 << 64) if value >= 1 << 63 else value


def _as_bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _text(value: int | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _zero(schema: Schema) -> Json:
    return {"string": "", "integer": 0, "boolean": False}.get(schema.type)


def _short(name: str) -> str:
    return name.removeprefix("io.k8s.api.").removeprefix("io.k8s.apimachinery.pkg.apis.")


@cache
def _messages() -> dict[str, dict[int, _Field]]:
    """Read the table of field numbers."""
    text = files("mlinfra.sandbox.kubernetes").joinpath("protobuf_fields.txt").read_text()
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {name: _numbered(words) for name, *words in lines}


def _numbered(words: list[str]) -> dict[int, _Field]:
    found: dict[int, _Field] = {}
    number = 0
    for word in words:
        head, _, inline = word.partition(":")
        name, _, given = head.partition("=")
        number = int(given) if given else number + 1
        found[number] = _Field(name, inline)
    return found
