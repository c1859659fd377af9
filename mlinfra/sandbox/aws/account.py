"""The simulated account: moto's backends, what we keep beside them, time and faults.

Extensions reach everything through here, always under `lock`: moto's backends are not made for threads. moto keeps its
backends in this process, by account; two sandboxes in one process therefore take two account ids.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.utilities.utils import get_partition

from mlinfra.core.clock import Clock
from mlinfra.sandbox.calls import CallLog
from mlinfra.sandbox.faults import FaultKind, FaultRule, Faults, Occasion
from mlinfra.sandbox.timeline import Pace, Timeline

T = TypeVar("T")


def used_backends() -> list[Any]:
    """moto's tables of backends that any account has used."""
    return list(BackendDict._instances)  # type: ignore[misc]


@runtime_checkable
class Holding(Protocol):
    """A store whose contents belong in the inventory."""

    def contents(self) -> list[tuple[str, str]]:
        """What it holds, as pairs of type and id."""
        ...


class Account:
    """One account in all regions."""

    def __init__(self, id: str, *, region: str, clock: Clock, pace: Pace, faults: Faults, calls: CallLog) -> None:
        self.id = id
        self.region = region
        self.clock = clock
        self.pace = pace
        self.faults = faults
        self.calls = calls
        self.timeline = Timeline(clock)
        self.lock = threading.RLock()
        self.hidden: frozenset[str] = frozenset()  # what the present call must not see
        self.caller = f"arn:aws:iam::{id}:user/sandbox"
        self._stores: dict[tuple[Any, str], Any] = {}
        self._specialised: dict[str, Callable[..., Any]] = {}

    def principal(self, access_key: str) -> str:
        """The ARN behind an access key: of a role's session, of a user, of the sandbox's own user for all others."""
        with self.lock:
            sessions = self.backend("sts", self.region).assumed_roles
            found = next((one.arn for one in sessions if one.access_key_id == access_key), None)
            for user in self.iam.users.values():
                if any(key.access_key_id == access_key for key in user.access_keys):
                    found = user.arn
            return str(found or self.caller)

    def secret(self, access_key: str) -> str | None:
        """The secret of an access key that was made here: a user's, or a role session's. None for all others."""
        with self.lock:
            users = [key for user in self.iam.users.values() for key in user.access_keys]
            keys = [*self.backend("sts", self.region).assumed_roles, *users]
            return next((str(key.secret_access_key) for key in keys if key.access_key_id == access_key), None)

    def specialise(self, service: str, make: Callable[..., Any]) -> None:
        """Have moto's backends of a service be made by `make(region, account_id=)` in this account."""
        self._specialised[service] = make
        get_backend(service)[self.id].backend = make  # type: ignore[call-overload]

    def backend(self, service: str, region: str) -> Any:
        """moto's backend of a service in a region; of services without regions, the only one."""
        regions = get_backend(service)[self.id]  # type: ignore[call-overload]
        return regions[region if region in regions else get_partition(region)]

    def ec2(self, region: str) -> Any:
        """moto's EC2 backend."""
        return self.backend("ec2", region)

    @property
    def iam(self) -> Any:
        """moto's IAM backend."""
        return self.backend("iam", self.region)

    def store(self, kind: Callable[[], T], region: str) -> T:
        """What we keep ourselves of one kind in one region, made at first use."""
        key = (kind, region)
        if key not in self._stores:
            self._stores[key] = kind()
        found: T = self._stores[key]
        return found

    def stores(self, kind: type[T]) -> Mapping[str, T]:
        """What we keep of one kind, by region."""
        return {region: store for (of, region), store in self._stores.items() if of is kind}

    def contents(self) -> Iterator[list[tuple[str, str]]]:
        """What our own stores say that they hold, as pairs of type and id."""
        for store in list(self._stores.values()):
            if isinstance(store, Holding):
                yield store.contents()

    def now(self) -> datetime:
        """The time of day."""
        return self.clock.now()

    def arn(self, service: str, resource: str, *, region: str = "") -> str:
        """An ARN in this account."""
        return f"arn:{get_partition(region or self.region)}:{service}:{region}:{self.id}:{resource}"

    def fault(
        self, kinds: frozenset[FaultKind], service: str, operation: str, detail: Mapping[str, str]
    ) -> FaultRule | None:
        """The fault of one of these kinds that strikes something the simulated cloud does by itself."""
        struck = self.faults(Occasion(service, operation, True, detail), kinds)
        return next(iter(struck), None)

    def reset(self) -> None:
        """Empty the account. Other accounts in this process stay as they are."""
        with self.lock:
            self.timeline.clear()
            self._stores.clear()
            for backends in used_backends():
                if self.id not in backends:
                    continue
                if backends.service_name == "s3":
                    self._let_go_of_buckets(backends)
                del backends[self.id]
            reset_model_data()
            for service, make in self._specialised.items():
                self.specialise(service, make)

    def _let_go_of_buckets(self, backends: Any) -> None:
        """Close the files of their objects; free their names, which moto keeps beside the backends for all accounts."""
        for backend in backends[self.id].values():
            if hasattr(backend, "close"):  # moto's own, made when another service looked for buckets, holds none
                backend.close()
        for name, (_, account) in list(backends.bucket_accounts.items()):
            if account == self.id:
                del backends.bucket_accounts[name]
