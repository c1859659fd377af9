"""States in S3 over the wire: boto3 against moto, and against a server that knows nothing of conditions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from mlinfra.core.clock import SystemClock
from mlinfra.core.errors import LockHeld, StateConflict, StateError
from mlinfra.core.ledger import Began, Ledger, Recorded
from mlinfra.state.codes import Code
from mlinfra.state.lease import Claimant
from mlinfra.state.s3.bucket import make_bucket
from mlinfra.state.s3.store import S3Backend
from tests.state.actors import SetClock, claimant, first, record
from tests.state.scenario import Run


def client_of(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = client_of(f"http://{host}:{port}")
    yield client
    client.close()
    server.stop()


@pytest.fixture(scope="module")
def states(client: Any) -> str:
    # moto reads the deny of a policy and not its condition, so that a hardened bucket would refuse everything.
    client.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    return "s3://states"


@pytest.fixture
def url(states: str, request: pytest.FixtureRequest) -> str:
    return f"{states}/{request.node.name}"


@pytest.fixture
def bucket(client: Any, request: pytest.FixtureRequest) -> str:
    name = str(request.node.name).replace("_", "-")[:40].strip("-")
    make_bucket(client, name, "eu-central-1", SystemClock())
    return name


def test_every_kind_of_write_reads_back(client: Any, url: str) -> None:
    backend = S3Backend(url, "demo", client, SystemClock(), claimant())
    run = Run(backend)
    run.run()
    assert backend.read() == run.after
    assert backend.holder() is None


def test_a_long_journal_is_read_in_its_order(client: Any, url: str) -> None:
    backend = S3Backend(url, "demo", client, SystemClock(), claimant())
    with backend.lock("apply") as lease:
        state = lease.compact(first())
        entries = [Recorded(record(f"network.subnet-{number}")) for number in range(25)]
        for entry in entries:
            lease.append([entry])
    assert backend.read() == Ledger(state).fold(entries).state()


def test_of_eight_runs_at_once_one_holds_the_lock_and_the_rest_are_refused(client: Any, url: str) -> None:
    barrier = threading.Barrier(8)
    held: list[str] = []
    refused: list[str] = []

    def run(who: str) -> None:
        backend = S3Backend(url, "demo", client, SystemClock(), Claimant(who=who))
        barrier.wait()
        try:
            with backend.lock("apply") as lease:
                held.append(who)
                lease.compact(first())
                done.wait()
        except LockHeld:
            refused.append(who)
        if len(refused) == 7:
            done.set()

    done = threading.Event()
    threads = [threading.Thread(target=run, args=(f"run {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 1
    assert len(refused) == 7


def test_a_lock_broken_by_hand_refuses_its_holder(client: Any, url: str) -> None:
    backend = S3Backend(url, "demo", client, SystemClock(), claimant())
    with backend.lock("apply") as lease:
        lease.compact(first())
        backend.unlock(lease.holder.token)
        with pytest.raises(StateConflict):
            lease.append([Began("late")])


def test_the_age_of_a_lock_is_told_by_the_server(client: Any, url: str) -> None:
    ahead = SetClock()
    ahead.seconds = 10_000_000_000
    with S3Backend(url, "demo", client, SystemClock(), claimant()).lock("apply"):
        with pytest.raises(LockHeld) as caught:
            S3Backend(url, "demo", client, ahead, claimant()).lock("apply").__enter__()
        assert "renewed 0 s ago" in str(caught.value)


def test_a_bucket_that_does_not_exist_is_a_coded_error(client: Any) -> None:
    with pytest.raises(StateError) as caught:
        S3Backend("s3://no-such-bucket/demo", "demo", client, SystemClock(), claimant()).read()
    assert caught.value.code == Code.NO_BUCKET
    assert "mlinfra init" in caught.value.hint


def test_a_made_bucket_is_versioned_encrypted_private_and_reached_by_tls_only(client: Any, bucket: str) -> None:
    assert client.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rule = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    statement = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert client.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-central-1"


def test_making_a_bucket_again_finishes_what_was_begun(client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    make_bucket(client, bucket, "eu-central-1", SystemClock())
    assert client.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_a_bucket_of_somebody_elses_making_is_left_as_it_is(client: Any) -> None:
    client.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.put_object(Bucket="theirs", Key="data", Body=b"1")
    with pytest.raises(StateError) as caught:
        make_bucket(client, "theirs", "eu-central-1", SystemClock())
    assert caught.value.code == Code.BUCKET_TAKEN
    assert "Status" not in client.get_bucket_versioning(Bucket="theirs")


class Careless(BaseHTTPRequestHandler):
    """An object store that takes every PUT, whatever its conditions."""

    written: list[str]

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.written.append(self.path)
        self._answer(200, ETag='"1"')

    def do_GET(self) -> None:
        self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_a_server_that_ignores_if_none_match_is_refused_before_a_lock_or_state_is_written() -> None:
    written: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Server", (Careless,), {"written": written}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    client = client_of(f"http://127.0.0.1:{server.server_port}")
    try:
        with pytest.raises(StateError) as caught:
            S3Backend("s3://states/demo", "demo", client, SystemClock(), claimant()).lock("apply").__enter__()
    finally:
        client.close()
        server.shutdown()
        thread.join()
        server.server_close()
    assert caught.value.code == Code.UNCONDITIONAL
    assert set(written) == {"/states/demo/probe.json"}
