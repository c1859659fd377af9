"""Protobuf bodies, written here by hand as clients write them."""

from __future__ import annotations

import pytest

from mlinfra.sandbox.kubernetes import protobuf
from mlinfra.sandbox.kubernetes.errors import ApiError


def varint(value: int) -> bytes:
    written = b""
    while value >= 0x80:
        written += bytes([value & 0x7F | 0x80])
        value >>= 7
    return written + bytes([value])


def field(number: int, value: str | bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def envelope(api_version: str, kind: str, body: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, api_version) + field(2, kind)) + field(2, body)


def test_a_secret_is_read_with_its_bytes_and_labels() -> None:
    label = field(1, "owner") + field(2, "helm")
    meta = field(1, "sh.helm.release.v1.a.v1") + field(2, "") + field(3, "default") + field(11, label)
    data = field(1, "release") + field(2, b"\x00\xff")
    body = field(1, meta) + field(2, data) + field(3, "helm.sh/release.v1")
    assert protobuf.decode(envelope("v1", "Secret", body)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "sh.helm.release.v1.a.v1", "namespace": "default", "labels": {"owner": "helm"}},
        "data": {"release": "AP8="},
        "type": "helm.sh/release.v1",
    }


def test_a_deployment_is_read_with_quantities_ports_and_inlined_fields() -> None:
    limit = field(1, "cpu") + field(2, field(1, "500m"))
    probe = field(1, field(2, field(1, "/ready") + field(2, field(1, 1) + field(3, "http")))) + field(3, 5)
    port = field(1, "http") + field(2, 0) + field(3, 8080)
    container = field(1, "main") + field(2, "app:1") + field(6, port) + field(8, field(1, limit)) + field(10, probe)
    volume = field(1, "data") + field(2, field(2, field(1, "")))
    pod = field(1, volume) + field(2, container)
    spec = field(1, 0) + field(3, field(2, pod))
    found = protobuf.decode(envelope("apps/v1", "Deployment", field(1, field(1, "web")) + field(2, spec)))
    assert found["spec"]["replicas"] == 0
    assert found["spec"]["template"]["spec"] == {
        "volumes": [{"name": "data", "emptyDir": {}}],
        "containers": [
            {
                "name": "main",
                "image": "app:1",
                "ports": [{"name": "http", "containerPort": 8080}],
                "resources": {"limits": {"cpu": "500m"}},
                "livenessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "timeoutSeconds": 5},
            }
        ],
    }


def test_delete_options_are_read() -> None:
    body = field(1, 0) + field(4, "Foreground") + field(2, field(1, "abc"))
    assert protobuf.decode(envelope("v1", "DeleteOptions", body)) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Foreground",
        "preconditions": {"uid": "abc"},
    }


def test_times_are_read() -> None:
    meta = field(1, "a") + field(8, field(1, 1_795_226_601))
    found = protobuf.decode(envelope("v1", "ConfigMap", field(1, meta)))
    assert found["metadata"] == {"name": "a", "creationTimestamp": "2026-11-21T02:03:21Z"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", 400),
        (b"k8s\x00\xff", 400),
        (b"k8s\x00" + field(2, b"\x0f"), 415),
        (envelope("v1", "ConfigMap", b"\x0f"), 400),
        (envelope("example.com/v1", "Widget", b""), 415),
    ],
    ids=["json", "cut-off", "no-kind", "bad-wire-type", "custom-kind"],
)
def test_what_cannot_be_read_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(ApiError) as caught:
        protobuf.decode(body)
    assert caught.value.code == code
