"""What clients send over the wire besides whole requests."""

from __future__ import annotations

import socket
from typing import Any

from mlinfra.sandbox.aws.sandbox import Sandbox


def put(sandbox: Sandbox, *headers: str) -> socket.socket:
    """A connection on which an object of ten bytes is announced."""
    connection = socket.create_connection(("127.0.0.1", sandbox.port), timeout=30)
    lines = ["PUT /states/one HTTP/1.1", f"Host: 127.0.0.1:{sandbox.port}", "Content-Length: 10", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def test_who_asks_whether_to_go_on_is_answered_before_the_body_is_sent(aws: Any, sandbox: Sandbox) -> None:
    aws.s3.create_bucket(Bucket="states")
    with put(sandbox, "Expect: 100-continue", "Connection: close") as connection:
        assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"0123456789")
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")


def test_half_a_body_makes_no_object(aws: Any, sandbox: Sandbox) -> None:
    aws.s3.create_bucket(Bucket="states")
    with put(sandbox) as connection:
        connection.sendall(b"0123")
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(1024).startswith(b"HTTP/1.1 200")
    assert aws.s3.list_objects_v2(Bucket="states")["KeyCount"] == 0
