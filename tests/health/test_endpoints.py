"""Endpoints: what the stack says of each, and how it is."""

from __future__ import annotations

from mlinfra.core.endpoint import Endpoint, Standing
from mlinfra.health.endpoints import endpoints_of
from mlinfra.health.judgement import judge
from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.controllers.clusters import World, meta

from .emulated import groups, seen, serve_with_gpus, world

DEFAULTS = {"kind": "realtime", "runtime": "triton", "model": "", "traffic": {}}
ENTRANCE: Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": meta("ranker"),
    "spec": {"selector": {"app": "ranker"}, "ports": [{"name": "grpc", "port": 8001}, {"name": "http", "port": 8000}]},
}
CAUSED = {
    "Service default/ranker-pods": "endpoints.ranker.pods",
    "Deployment default/ranker": "endpoints.ranker",
    "Service default/ranker": "endpoints.ranker.service",
}


def found_in(made: World, entries: dict[str, object]) -> list[Endpoint]:
    looked = seen(made, groups=groups(made), addresses=CAUSED)
    return list(endpoints_of(entries, DEFAULTS, looked, judge("recsys", looked)))


def test_an_endpoint_is_told_with_its_replicas_its_address_and_its_defaults() -> None:
    made = world(gpus=2)
    made.create(ENTRANCE)
    serve_with_gpus(made, "ranker", 2)
    (found,) = found_in(made, {"ranker": {"model": "s3://models/ranker"}})
    assert found == Endpoint(
        name="ranker",
        kind="realtime",
        runtime="triton",
        model="s3://models/ranker",
        ready=2,
        wanted=2,
        url="http://ranker.default.svc.cluster.local:8000",
        standing=Standing.READY,
    )


def test_one_that_lacks_a_gpu_says_so() -> None:
    made = world(gpus=1)
    serve_with_gpus(made, "ranker", 2)
    traffic = {"stable": {"model": "s3://a", "weight": 90}, "canary": {"model": "s3://b", "weight": 10}}
    (found,) = found_in(made, {"ranker": {"traffic": traffic}})
    assert (found.standing, found.ready, found.wanted) == (Standing.PARTLY, 1, 2)
    assert found.why.startswith("each needs 1 nvidia.com/gpu, and the only node that has it is full")
    assert found.traffic == {"stable": 90, "canary": 10}


def test_one_that_may_have_none_is_asleep_while_it_has_none_and_is_called_as_before() -> None:
    made = world(gpus=1)
    made.create({**ENTRANCE, "metadata": meta("ranker-pods")})
    made.create(ENTRANCE)
    serve_with_gpus(made, "ranker", 0)
    (found,) = found_in(made, {"ranker": {"replicas": {"min": 0}}})
    assert (found.standing, found.wanted, found.why) == (Standing.ASLEEP, 0, "")
    assert found.url == "http://ranker.default.svc.cluster.local:8000"
    (other,) = found_in(made, {"ranker": {"replicas": {"min": 1}}})
    assert other.standing is Standing.READY


def test_one_that_was_not_applied_is_not_made() -> None:
    (found,) = found_in(world(), {"new": {}})
    assert (found.standing, found.url) == (Standing.ABSENT, "")
