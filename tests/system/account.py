"""A simulated account as a user has one: commands run on it, and anybody may look or meddle."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import msgspec

from mlinfra.cli.main import main
from mlinfra.cli.shell import Shell
from mlinfra.sandbox.aws.sandbox import Sandbox
from tests.sandbox.aws.entrance import enter
from tests.sandbox.kubernetes.client import Client

KEY = "simulated"


class Ran(msgspec.Struct, frozen=True):
    """What a command answered and printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return msgspec.json.decode(self.out)


class _Caller(msgspec.Struct):
    """Who enters a cluster: what asks whose the credentials are, and what has them."""

    sts: Any
    session: Any


class Account:
    """One account, and a folder with a stack in it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self._session = botocore.session.Session()
        self._clients: dict[str, Any] = {}
        self.note()

    def note(self) -> None:
        """Take what is there now for what was there at first."""
        self.before = set(self.sandbox.inventory())

    @staticmethod
    def environment(sandbox: Sandbox) -> dict[str, str]:
        """The standard AWS environment."""
        return {
            "AWS_ENDPOINT_URL": sandbox.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_REGION": sandbox.region,
            "AWS_DEFAULT_REGION": sandbox.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def run(self, *arguments: str) -> Ran:
        """One command of mlinfra, in this process."""
        out, err = StringIO(), StringIO()
        shell = Shell(stdin=StringIO(), stdout=out, stderr=err, environ={"NO_COLOR": "1"})
        return Ran(main(list(arguments), shell), out.getvalue(), err.getvalue())

    def do(self, *arguments: str) -> Ran:
        """One command that has to succeed."""
        ran = self.run(*arguments)
        assert ran.code == 0, f"{' '.join(arguments)} ended with {ran.code}\n{ran.out}\n{ran.err}\n{self._defects()}"
        return ran

    def _defects(self) -> str:
        """What mlinfra wrote down of its own defects."""
        return "\n".join(log.read_text() for log in sorted(self.folder.glob(".mlinfra/logs/failure-*")))

    def client(self, service: str) -> Any:
        """The SDK's client, for whoever looks or meddles."""
        if service not in self._clients:
            self._clients[service] = self._session.create_client(service)
        return self._clients[service]

    def inside(self, cluster: str) -> Client:
        """A client of a cluster's API, as who made it."""
        described = self.client("eks").describe_cluster(name=cluster)["cluster"]
        return enter(_Caller(self.client("sts"), boto3.Session()), described)

    def left(self) -> list[tuple[str, str]]:
        """What is in the account that was not there at first."""
        found = sorted(set(self.sandbox.inventory()) - self.before)
        return [(kind, name) for kind, name in found if not (kind == "kms:key" and self._is_scheduled(name))]

    def _is_scheduled(self, key: str) -> bool:
        """Whether a key is to be deleted: AWS keeps it for a week at least, and nobody can hurry that."""
        state = self.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        return bool(state == "PendingDeletion")
