"""Calls: one request to AWS, repeated where that is safe, with every failure in our own terms.

Providers, facts and whoever else talks to AWS go through here. What is safe to repeat is read off botocore's model: a
read, a call that bears a client token, a call that says what should be. A create without a token is sent once.
"""

from __future__ import annotations

import random
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, TypeAlias

from mlinfra.aws.clients import Client, Clients
from mlinfra.aws.errors import Failure, translate
from mlinfra.aws.last_look import asking
from mlinfra.aws.pace import Pace
from mlinfra.core.clock import Clock
from mlinfra.core.errors import Ambiguous, ProviderError, Throttled

Answer: TypeAlias = dict[str, Any]  # what AWS answered, in the shape of the operation's output

_READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Search|Lookup|Filter)")
# What makes a new thing at each call. All other calls say how something should be, and may be said twice.
_MAKES = re.compile(
    r"(?!CreateTags|CreateOrUpdateTags|AddTags)"
    r"(Create|Add|Allocate|Attach|Authorize|Associate|Run|Start|Request|Copy|Import|Generate|Publish|Send)"
)
# What takes something away: where it is repeated and finds nothing, the first time did it.
_REMOVES = re.compile(r"(Delete|Remove|Detach|Disassociate|Release|Revoke|Unt)")
_REMOVED = re.compile(r"NotFound|NoSuch|DoesNotExist|NotAttached|NotAssociated")
_RECORDS = "ChangeResourceRecordSets"  # of which each change says for itself whether it removes, or found nothing
_TOKENS = ("ClientToken", "clientToken", "clientRequestToken", "ClientRequestToken")
# What refuses a token that was used already, where others answer with what was made with it: what an unclear answer
# left has to be looked up, as without a token (API references of these, November 2026). Of a secret, the token is that
# of its first version, and does not help where it has no value yet.
_REFUSING = frozenset({"efs:CreateAccessPoint", "efs:CreateFileSystem", "secretsmanager:CreateSecret"})
_ATTEMPTS = 8  # of a call that fails otherwise than by being throttled
_PATIENCE = 300.0  # seconds for which one call is throttled before it fails
_LONGEST_DELAY = 20.0


def _nobody_minds() -> None:
    """Nothing forbids a call."""


def _is_removed(operation: str, given: Mapping[str, Any], failure: Failure) -> bool:
    """Whether a call that takes things away found none of them."""
    if operation == _RECORDS:
        changes = given["ChangeBatch"]["Changes"]
        gone = failure.message.count("but it was not found")
        return gone == len(changes) and all(change["Action"] == "DELETE" for change in changes)
    return _REMOVES.match(operation) is not None and _REMOVED.search(failure.code) is not None


class Calls:
    """The calls of one region. Safe to share between threads.

    `chance` answers a number between 0 and 1 and spreads the delays, so that many callers do not return at once.
    `attempts` bounds how often a call is made that fails otherwise than by being throttled; `patience`, in seconds, for
    how long one is made that is.
    """

    def __init__(
        self,
        clients: Clients,
        clock: Clock,
        *,
        chance: Any = random.random,
        attempts: int = _ATTEMPTS,
        patience: float = _PATIENCE,
    ) -> None:
        self._clients = clients
        self._clock = clock
        self._chance = chance
        self._attempts = attempts
        self._patience = patience
        self._lock = threading.Lock()
        self._paces: dict[str, Pace] = {}

    @property
    def region(self) -> str:
        """The region that they go to."""
        return self._clients.region

    def one(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any] | None = None,
        *,
        about: str = "",
        token: str = "",
        scrub: tuple[str, ...] = (),
        fence: Callable[[], None] = _nobody_minds,
    ) -> Answer:
        """Call `operation` (`CreateVpc`) once, with `params` in AWS's own names.

        about: the object, for messages. token: the idempotency token, used where the operation takes one. scrub:
        texts that no message may repeat. fence: called right before a request that changes something is sent, each
        time that it is, and forbids it by raising. Raises `ProviderError` or one of its kinds.
        """
        doing = f"{service} {operation}" + (f" for {about}" if about else "")
        client = self._client(service, doing)
        given = dict(params or {})
        tokened = self._fill_token(client, operation, given, token)
        changes = not _READS.match(operation)
        repeatable = tokened or not _MAKES.match(operation)

        def send() -> Answer:
            with asking(fence if changes else None):
                return self._send(client, operation, given, doing, changes=changes, scrub=scrub)

        return self._persist(
            send,
            self._pace_of(service),
            repeatable=repeatable,
            removed=lambda error: _is_removed(operation, given, Failure(error)),
        )

    def _persist(
        self,
        send: Callable[[], Answer],
        pace: Pace,
        *,
        repeatable: bool,
        removed: Callable[[ProviderError], bool],
    ) -> Answer:
        """`send`, repeated: as long as it is throttled, and a few times where that is safe after an unclear answer.

        removed: whether an error says that an earlier time has taken away what was to go.
        """
        deadline = self._clock.monotonic() + self._patience
        failures = unclear = 0
        pace.wait()
        for attempt in count():
            try:
                answer = send()
            except (Throttled, Ambiguous) as error:
                throttled = Failure(error).is_throttling
                failures += not throttled
                unclear += isinstance(error, Ambiguous)
                if throttled:
                    pace.refused()
                late = self._clock.monotonic() >= deadline
                if failures == self._attempts or (throttled and late) or (unclear and not repeatable):
                    raise
            except ProviderError as error:
                if unclear and removed(error):
                    return {}
                raise
            else:
                pace.answered()
                return answer
            self._clock.sleep(self._delay(attempt))
        raise AssertionError("unreachable")

    def _pace_of(self, service: str) -> Pace:
        with self._lock:
            return self._paces.setdefault(service, Pace(self._clock))

    def pages(
        self, service: str, operation: str, params: Mapping[str, Any] | None = None, *, about: str = ""
    ) -> Iterator[Answer]:
        """Every page of a listing, at the largest page size that botocore's model allows."""
        how = self._clients.pagination(service, operation)
        given = dict(params or {})
        if how is None:
            yield self.one(service, operation, given, about=about)
            return
        if (limit := self._largest_page(service, operation, how)) is not None:
            given.setdefault(how["limit_key"], limit)
        while True:
            page = self.one(service, operation, given, about=about)
            yield page
            following = page.get(how["output_token"])
            if not following or ("more_results" in how and not page.get(how["more_results"])):
                return
            if following == given.get(how["input_token"]):
                raise ProviderError(f"{service} {operation} answers the same page again and again")
            given[how["input_token"]] = following

    def _largest_page(self, service: str, operation: str, how: Mapping[str, Any]) -> int | None:
        client = self._client(service, f"{service} {operation}")
        shape = client.meta.service_model.operation_model(operation).input_shape
        member = shape.members.get(how.get("limit_key")) if shape is not None else None
        # A single object asked for by its id refuses a page size; those calls are not made through pages.
        return member.metadata.get("max") if member is not None else None

    def _client(self, service: str, doing: str) -> Client:
        from botocore.exceptions import BotoCoreError

        try:
            return self._clients.of(service)
        except BotoCoreError as error:
            raise translate(error, doing, changes=False) from error

    def _fill_token(self, client: Client, operation: str, given: dict[str, Any], token: str) -> bool:
        """Give the call a token that stays the same when it is repeated. Whether it may be repeated with it."""
        model = client.meta.service_model.operation_model(operation)
        members = model.input_shape.members if model.input_shape is not None else {}
        for name in [*model.idempotent_members, *(known for known in _TOKENS if known in members)]:
            given.setdefault(name, token or str(uuid.uuid4()))
            return f"{client.meta.service_model.service_name}:{operation}" not in _REFUSING
        return False

    def _send(
        self,
        client: Client,
        operation: str,
        given: Mapping[str, Any],
        doing: str,
        *,
        changes: bool,
        scrub: tuple[str, ...],
    ) -> Answer:
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answer: Answer = getattr(client, xform_name(operation))(**given)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise translate(error, doing, changes=changes, scrub=scrub) from error
        return answer

    def _delay(self, attempt: int) -> float:
        """Exponential, and jittered over its upper half."""
        return float(min(_LONGEST_DELAY, 0.25 * 2 ** min(attempt, 10)) * (0.5 + self._chance() / 2))
