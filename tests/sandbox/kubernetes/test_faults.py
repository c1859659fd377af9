"""Faults at the API: what each does to the call, and to the object."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.faults import Call, Effect, Fault, Serve
from mlinfra.sandbox.kubernetes.requests import Response
from tests.sandbox.kubernetes.client import NOW, VERSION, Client, Refused, config_map, connect

CM = "v1/configmaps"


class Once:
    """Gives one fault to the next call of a verb."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.seen: list[Call] = []

    def __call__(self, call: Call, serve: Serve) -> Response:
        if call.verb != "create":
            return serve()
        self.seen.append(call)
        fault, self.fault = self.fault, None
        return fault.strike(serve) if fault else serve()


@pytest.fixture
def faults() -> Once:
    return Once()


@pytest.fixture
def api(faults: Once) -> Iterator[Client]:
    cluster = KubernetesCluster("faulty", version=VERSION, clock=lambda: NOW, attendant=faults)
    with connect(cluster) as http:
        yield Client(http)
    cluster.stop()


def exists(api: Client) -> bool:
    return "a" in api.names(CM)


def test_each_call_is_attended(api: Client, faults: Once) -> None:
    api.create(CM, config_map("a"), dryRun="All")
    (seen,) = faults.seen
    assert (seen.operation, seen.namespace, seen.dry_run) == ("create:configmaps", "default", True)
    assert seen.port > 0


def test_a_status_refuses_and_does_nothing(api: Client, faults: Once) -> None:
    faults.fault = Fault.status(500, 'failed calling webhook "w.example.com": connection refused', "InternalError")
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("a"))
    assert (caught.value.code, caught.value.reason) == (500, "InternalError")
    assert "failed calling webhook" in caught.value.message
    assert not exists(api)


def test_a_throttled_call_is_told_when_to_come_again(api: Client, faults: Once) -> None:
    faults.fault = Fault(Effect.STATUS, 429, "too many requests", retry_after=2)
    answer = api.http.post(api.path(CM), json=config_map("a"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")


def test_a_conflict_looks_like_the_real_one(api: Client, faults: Once) -> None:
    faults.fault = Fault.conflict()
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("a"))
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")


def test_a_timeout_after_success_has_done_its_work(api: Client, faults: Once) -> None:
    faults.fault = Fault(Effect.TIMEOUT_AFTER_SUCCESS)
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("a"))
    assert (caught.value.code, caught.value.reason) == (504, "Timeout")
    assert exists(api)


@pytest.mark.parametrize(("effect", "done"), [(Effect.LOST_RESPONSE, True), (Effect.UNREACHABLE, False)])
def test_a_connection_closes_with_the_work_done_or_not(api: Client, faults: Once, effect: Effect, done: bool) -> None:
    faults.fault = Fault(effect)
    with pytest.raises(httpx.RemoteProtocolError):
        api.create(CM, config_map("a"))
    assert exists(api) is done
