"""Clients: one botocore client for each service, made when it is first asked for and shared by all threads.

`Calls` holds one; nothing else makes clients. The SDK's own retries are off: they repeat creates whose first answer
was lost, and make a second VPC, address or gateway (docs/reliability.md). `calls` decides what may be repeated.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from mlinfra.aws.credentials import refusal
from mlinfra.aws.last_look import look

if TYPE_CHECKING:
    from botocore.session import Session

Client: TypeAlias = Any  # botocore makes its clients at run time, without types


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where AWS is and who asks, where the standard environment is not to say so: the sandbox, mostly."""

    url: str
    access_key: str
    secret_key: str


class Clients:
    """Clients of one region. Without an `endpoint` the standard AWS environment decides, AWS_ENDPOINT_URL included."""

    def __init__(self, region: str, endpoint: Endpoint | None = None, *, connections: int = 32) -> None:
        self.region = region
        self._endpoint = endpoint
        self._connections = connections
        self._lock = threading.Lock()  # botocore's sessions are not made for threads, its clients are
        self._made: dict[str, Client] = {}
        self._pagination: dict[tuple[str, str], dict[str, Any] | None] = {}
        self._botocore: Session | None = None

    def of(self, service: str) -> Client:
        """The client of `service`, by botocore's name. Raises `NoCredentials`, or botocore's errors."""
        client = self._made.get(service)
        if client is None:
            with self._lock:
                client = self._made.get(service) or self._make_or_refuse(service)
                self._made[service] = client
        return client

    def _make_or_refuse(self, service: str) -> Client:
        from botocore.exceptions import BotoCoreError

        try:
            return self._make(service)
        except BotoCoreError as error:
            if (refused := refusal(error, service)) is not None:
                raise refused from error
            raise

    def presign(self, service: str, path: str, *, headers: dict[str, str], seconds: int) -> str:
        """The URL of a GET request, signed with the caller's credentials, `headers` included; nothing is called."""
        from botocore.signers import RequestSigner

        client = self.of(service)
        with self._lock:
            session = self._session()
            signer = RequestSigner(
                client.meta.service_model.service_id,
                client.meta.region_name,
                service,
                "v4",
                self._credentials(),
                session.get_component("event_emitter"),
            )
        request = {
            "method": "GET",
            "url": client.meta.endpoint_url.rstrip("/") + path,
            "body": {},
            "headers": headers,
            "context": {},
        }
        url: str = signer.generate_presigned_url(request, operation_name="", expires_in=seconds)
        return url

    def _credentials(self) -> Any:
        from botocore.credentials import Credentials
        from botocore.exceptions import NoCredentialsError

        if self._endpoint is not None:
            return Credentials(self._endpoint.access_key, self._endpoint.secret_key)
        found = self._session().get_credentials()
        if found is None:
            raise NoCredentialsError
        return found

    def pagination(self, service: str, operation: str) -> dict[str, Any] | None:
        """How `operation` is paged, from botocore's own data; `None` where its answer is always whole."""
        key = (service, operation)
        if key not in self._pagination:
            from botocore.exceptions import DataNotFoundError

            with self._lock:
                try:
                    self._pagination[key] = self._session().get_paginator_model(service).get_paginator(operation)
                except (ValueError, DataNotFoundError):
                    self._pagination[key] = None
        return self._pagination[key]

    def _session(self) -> Session:
        if self._botocore is None:
            from botocore.hooks import HierarchicalEmitter
            from botocore.session import Session

            from mlinfra.aws.answers import Parsers
            from mlinfra.aws.models import Models
            from mlinfra.aws.times import moment

            hooks = HierarchicalEmitter()
            session = Session(event_hooks=hooks)
            # Clients look up in each event's name whether a service was called otherwise years ago, for those who
            # subscribe by such names. The session has taken care of the SDK's own handlers, and there are no others.
            session.register_component("event_emitter", hooks)
            session.register_component("data_loader", Models(session.get_config_variable("data_path") or ""))
            parsers = Parsers(session.get_component("response_parser_factory"))
            parsers.set_parser_defaults(timestamp_parser=moment)
            session.register_component("response_parser_factory", parsers)
            self._botocore = session
        return self._botocore

    def _make(self, service: str) -> Client:
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=self._connections,
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra="mlinfra",
            s3={"addressing_style": "path"} if self._endpoint else None,
        )
        about: dict[str, Any] = {}
        if self._endpoint is not None:
            about = {
                "endpoint_url": self._endpoint.url,
                "aws_access_key_id": self._endpoint.access_key,
                "aws_secret_access_key": self._endpoint.secret_key,
            }
        client = self._session().create_client(service, region_name=self.region or None, config=config, **about)
        client.meta.events.register_last("before-send", look)
        return client
