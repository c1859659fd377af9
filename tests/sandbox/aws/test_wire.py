"""What clients send over the wire besides whole requests."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlinfra.sandbox.aws.connection import process_of
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


def test_a_fault_kills_the_caller_and_nobody_who_uses_the_same_port_for_something_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("127.0.0.1", 0)) as theirs:
        with connected_child(theirs) as (bystander, port), connected_child(ours, port) as (caller, same):
            accepted, _ = ours.accept()
            with accepted:
                assert same == port
                assert process_of(port) == caller != bystander
        with connected_child(theirs) as (bystander, port):
            assert process_of(port) == 0  # it called somebody else: nobody has accepted it here


@contextmanager
def connected_child(server: socket.socket, port: int = 0) -> Iterator[tuple[int, int]]:
    """A process that is connected to a server, and from which port."""
    program = (
        "import socket, sys;"
        "it = socket.socket(); it.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);"
        "it.bind(('127.0.0.1', int(sys.argv[2]))); it.connect(('127.0.0.1', int(sys.argv[1])));"
        "print(it.getsockname()[1], flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(server.getsockname()[1]), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield child.pid, int(child.stdout.readline())
        child.kill()
