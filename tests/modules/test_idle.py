"""Settings that change nothing beside the others: each is said to be so, and the long form looks for more of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mlinfra.core.diagnostic import Severity
from mlinfra.core.errors import ConfigError
from mlinfra.core.resource import Graph
from mlinfra.core.value import Path
from tests.library.samples import graph_of
from tests.modules.cases import (
    CASES,
    CERTIFICATE,
    CLUSTER,
    KARPENTER,
    NODES,
    SIGN_IN,
    SYSTEM,
    WISHING,
    Sections,
    endpoint,
    entrance,
    group,
    watched,
)

_FIXED = {"min": 2, "max": 2}
# By what is said of them: the stack, and the path of each setting with why it has no effect.
_IDLE: dict[str, tuple[Sections, dict[str, str]]] = {
    "for another autoscaler": (
        {**NODES, "autoscaling": {"nodes": {"consolidate": False, "disruptionBudget": "3"}}},
        {
            "autoscaling.nodes.consolidate": "Cluster Autoscaler takes away nodes that are hardly used",
            "autoscaling.nodes.disruptionBudget": "Cluster Autoscaler takes away nodes that are hardly used",
        },
    ),
    "for the autoscaler, of Karpenter": (
        {**group(), "autoscaling": {"nodes": {"kind": "karpenter", "fallbackAfter": "5m"}}},
        {"autoscaling.nodes.fallbackAfter": "Karpenter tries what else the pods accept"},
    ),
    "the order of groups that nobody grows": (
        group(priority=70),
        {"nodeGroups.gpu.priority": "nothing of the stack makes nodes more or fewer"},
    ),
    "the order of a group that is no pool": (
        {**CLUSTER, **KARPENTER, "nodeGroups": {"system": {**SYSTEM, "priority": 70}}},
        {"nodeGroups.system.priority": "Karpenter makes no nodes of this group"},
    ),
    "a price for spot machines that are never asked for": (
        {**group(capacity={"type": "mixed", "onDemandPercent": 100, "maxPrice": 0.9}), "autoscaling": {}},
        {"nodeGroups.gpu.capacity.maxPrice": "onDemandPercent is 100: no spot machine is asked for"},
    ),
    "a price and a share beside a base that is all": (
        {
            **group(capacity={"type": "mixed", "onDemandBase": 4, "maxPrice": 1, "onDemandPercent": 5}),
            "autoscaling": {},
        },
        {
            "nodeGroups.gpu.capacity.maxPrice": "onDemandBase is 4, as many as there may be",
            "nodeGroups.gpu.capacity.onDemandPercent": "onDemandBase is 4, as many as there may be",
        },
    ),
    "a fallback that nobody turns to": (
        group(capacity={"type": "spot", "fallback": "on-demand"}),
        {"nodeGroups.gpu.capacity.fallback": "nothing of the stack makes nodes more or fewer"},
    ),
    "a fallback of a pool that has it anyway": (
        {**group(capacity={"type": "mixed", "fallback": "none"}), **KARPENTER},
        {"nodeGroups.gpu.capacity.fallback": "Karpenter buys on demand whenever it finds no spot machine"},
    ),
    "an add-on without nodes": (
        {**CLUSTER, "cluster": {"addons": {"adot": {}}}},
        {"cluster.addons.adot": "it runs as"},
    ),
    "what scales an endpoint that does not": (
        endpoint(replicas={**_FIXED, "targetInFlight": 4, "window": "30s"}, image="acme/server:1"),
        {
            "endpoints.ranker.replicas.targetInFlight": "there are always 2",
            "endpoints.ranker.replicas.window": "there are always 2",
            "endpoints.ranker.image": "the server is that of runtime triton",
        },
    ),
    "what sleeps all the same": (
        endpoint(replicas={"min": 0, "window": "30s", "scaleToZero": False}, loadBalancers=[]),
        {
            "endpoints.ranker.replicas.window": "requests for what sleeps are counted at once",
            "endpoints.ranker.replicas.scaleToZero": "min is 0",
        },
    ),
    "alerts and logs for nobody": (
        watched(logs={"kind": "none", "retention": "7d"}, alerts={"rules": ["gpu-idle"]}),
        {"monitoring.alerts.rules": "no receiver would hear of it", "monitoring.logs.retention": "logs go nowhere"},
    ),
    "a server without endpoints": (
        {**NODES, "runtimes": {"triton": {"version": "25.09"}}},
        {"runtimes.triton.version": "the stack has no endpoint"},
    ),
}


def _told(graph: Graph) -> dict[str, str]:
    """What is said of settings that have no effect, by their paths."""
    idle = [one for one in graph.notes if one.code == "MLI2850"]
    assert all(one.severity is Severity.WARNING and one.hint and one.source for one in idle)
    return {one.source.file: one.summary.partition(" has no effect: ")[2] for one in idle if one.source}


@pytest.mark.parametrize("name", _IDLE)
def test_a_setting_without_effect_is_said_to_have_none_and_why(name: str) -> None:
    sections, expected = _IDLE[name]
    told = _told(graph_of(sections))
    assert told.keys() == expected.keys()
    assert [told[path] for path in expected if not told[path].startswith(expected[path])] == []


@pytest.mark.parametrize("name", _IDLE)
def test_and_nothing_is_said_of_it_where_it_is_left_to_its_default(name: str) -> None:
    sections, expected = _IDLE[name]
    without = copy.deepcopy(sections)
    for path in expected:
        *above, last = path.split(".")
        _below(without, tuple(above)).pop(last)
    assert _told(graph_of(without)) == {}


# The long form: every field of every section, in every stack of the cases, is set to something else.

# What texts and lists may be set to; numbers, switches and choices are made up from their schemas.
_OTHER: dict[str, list[Any]] = {
    "autoscaling.nodes.fallbackAfter": ["7m"],
    "autoscaling.nodes.disruptionBudget": ["3"],
    "cluster.version": ["1.34"],
    "cluster.access": [[{"principal": "arn:aws:iam::123456789012:role/others"}]],
    "cluster.addons": [{"adot": {}}, {"aws-efs-csi-driver": {}}],
    "cluster.addons.*.version": ["v9.9.9-eksbuild.1"],
    "cluster.addons.*.configuration": [{"a": 1}],
    "cluster.endpoint.allowedCidrs": [["192.0.2.0/24"]],
    "cluster.endpoint.bastion": ["i-0123456789abcdef0"],
    "endpoint.image": ["acme/server:1"],
    "endpoint.model": ["s3://other/model/1"],
    "endpoint.resources.memory": ["3Gi"],
    "endpoint.replicas.window": ["77s"],
    "endpoint.rollout.maxSurge": [3],
    "endpoint.rollout.maxUnavailable": [2],
    "endpoint.traffic.*.model": ["s3://other/model/9"],
    "endpoint.nodeGroups": [["gpu"]],
    "endpoint.loadBalancers": [["outer"]],
    "flyte.domain": ["x.acme.example"],
    "flyte.databaseSize": ["db.m7g.xlarge"],
    "flyte.projects": [["other"]],
    "flyte.signIn": [SIGN_IN],
    "flyte.signIn.issuer": ["https://other.acme.example"],
    "flyte.signIn.clientId": ["other"],
    "flyte.signIn.tokenEndpoint": ["https://login.acme.example/other"],
    "flyte.signIn.userInfoEndpoint": ["https://login.acme.example/other"],
    "flyte.signIn.authorizationEndpoint": ["https://login.acme.example/other"],
    "flyte.signIn.programs.clientId": ["other"],
    "flyte.signIn.programs.audience": ["other"],
    "flyte.signIn.programs.keys": ["https://login.acme.example/other"],
    "kserve.domain": ["acme.example", "x.acme.example"],
    "load-balancer.allowedCidrs": [["192.0.2.0/24"]],
    "load-balancer.certificate": [CERTIFICATE, CERTIFICATE[:-1] + "1"],
    "load-balancer.zone": ["Z999"],
    "mlflow.domain": ["x.acme.example"],
    "mlflow.databaseSize": ["db.m7g.xlarge"],
    "monitoring.metrics.retention": ["20d"],
    "monitoring.logs.retention": ["7d", "14d"],
    "monitoring.alerts.receivers": [{"x": {"email": "x@acme.example"}}],
    "monitoring.alerts.receivers.*.email": ["x@acme.example"],
    "network.cidr": ["10.99.0.0/16"],
    "network.zones": [1, 2, ["us-east-1c", "us-east-1d"]],
    "network.vpcEndpoints": [["sts"], ["s3", "sqs"]],
    "network.use.vpcId": ["vpc-0fff"],
    "network.use.subnetIds": [["subnet-0c", "subnet-0d"]],
    "node-group.instances": [["m6a.large"], ["g5.2xlarge"]],
    "node-group.capacity.reservation": ["cr-0a"],
    "node-group.volume.size": ["333Gi"],
    "node-group.zones": [["us-east-1a"]],
    "node-group.sharing.profile": ["1g.5gb"],
    "node-group.labels": [{"a": "b"}],
    "node-group.taints": [[{"key": "other"}]],
    "registry.prefix": ["other"],
    "triton.version": ["25.10"],
}
# What says the same in other words, or is for what is done with a plan and not for what is made.
_SAME = {
    "budget.onBreach",
    "budget.onUnknown",
    "cluster.endpoint.reach",
    "cluster.endpoint.proxy",
    "endpoint.loadBalancers",
    "endpoint.replicas.scaleToZero",  # true, beside a min of 0
    "node-group.capacity.fallback",  # on-demand, of a mixed pool
    "node-group.capacity.type",  # mixed and spot, with the same fallback
    "node-group.min",  # 0, of a pool
    "node-group.zones",  # that of the reservation
    "registry.pullThrough",  # in another order
}
_MORE: dict[str, Sections] = {
    "a cluster in a network that is there": {**CASES["network"]["in-use"], "cluster": {}},
    "scaled by hpa": {**endpoint(), "autoscaling": {}},
    "scaled by nothing": {**endpoint(), "autoscaling": {"nodes": {"kind": "none"}, "pods": {"kind": "none"}}},
    "on a pool": {**endpoint(nodeGroups=["gpu"], resources={"gpu": 1}), **KARPENTER},
    "all on demand": {**group(capacity={"type": "mixed", "onDemandPercent": 100}), "autoscaling": {}},
    "a mixed pool": {**group(capacity={"type": "mixed"}), **KARPENTER},
    "shared GPUs": group(instances=["p4d.24xlarge"], sharing={"way": "time-slicing", "replicas": 4}),
    "divided GPUs": group(instances=["p4d.24xlarge"], sharing={"mig": "single", "profile": "1g.5gb"}),
    "an old disk": group(volume={"type": "gp2"}),
    "a fast disk": group(volume={"type": "io2", "iops": 4000}),
    "GPUs are watched": {**group(), "monitoring": {"alerts": {"receivers": {"oncall": {"email": "a@b.example"}}}}},
    "behind alb": entrance(domain="acme.example", type="application", gateway="alb", certificate=CERTIFICATE),
    "through a tunnel": {**NODES, "cluster": {"endpoint": {"reach": "ssm"}}},
    "with Triton": {**endpoint(), "runtimes": {"triton": {}}},
}


def _alternatives(name: str, schema: Mapping[str, Any]) -> list[Any]:
    if name in _OTHER:
        return _OTHER[name]
    if "anyOf" in schema:
        return [one for branch in schema["anyOf"] for one in _alternatives("", branch)]
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [True, False]
    if schema.get("type") in ("integer", "number"):
        least, most = schema.get("minimum", 1), schema.get("maximum", 4000)
        return [one for one in (least, least + 1, 5, 77, most) if one <= most]
    if schema.get("type") == "array" and (choices := schema["items"].get("enum")):
        return [[], choices[:1], choices]
    return []


def _fields(schema: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every field, with the path of it: `*` for any name, 0 for an item of a list."""
    parts = [one for one in schema.get("anyOf", ()) if "properties" in one]
    if path:
        yield path, schema
    for part in (schema, *parts):
        for name, below in part.get("properties", {}).items():
            yield from _fields(below, (*path, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _fields(schema["additionalProperties"], (*path, "*"))


def _places(data: Any, path: Path) -> Iterator[Path]:
    """Where such a field stands in an entry, or could."""
    if not path:
        yield ()
    elif path[0] == "*":
        for name in data if isinstance(data, dict) else ():
            yield from ((name, *rest) for rest in _places(data[name], path[1:]))
    elif isinstance(data, dict | None):
        yield from ((path[0], *rest) for rest in _places((data or {}).get(path[0]), path[1:]))


def _below(data: Any, path: Path) -> Any:
    for part in path:
        data = data.setdefault(part, {})
    return data


def _made(sections: Sections) -> tuple[Any, ...] | None:
    try:
        graph = graph_of(sections, library=WISHING)
    except ConfigError:
        return None
    return graph.resources, graph.outputs, graph.notes


def _entries(sections: Sections) -> Iterator[tuple[str, tuple[str, ...], Mapping[str, Any], Any]]:
    for section, data in sections.items():
        for module in WISHING.sections.get(section, ()) if section not in ("wishes", "components") else ():
            schema = module.schema
            if module.many:
                yield from ((module.name, (section, name), schema, entry) for name, entry in data.items())
            elif module.place.entry in data if module.place.entry else True:
                path = (section, module.place.entry) if module.place.entry else (section,)
                yield module.name, path, schema, data[module.place.entry] if module.place.entry else data


def _silent(sections: Sections) -> Iterator[str]:
    """The fields that something else was written into, which nothing came of, and of which nothing was said."""
    before = _made(sections)
    assert before is not None
    told = {one.source.file for one in before[2] if one.code == "MLI2850"}
    for module, entry, schema, data in _entries(sections):
        for field, about in _fields(schema):
            name = ".".join(map(str, (module, *field)))
            for place in _places(data, field):
                at: Path = (*entry, *place)
                above, last = at[:-1], at[-1]
                for value in _alternatives(name, about):
                    changed = copy.deepcopy(sections)
                    parent = _below(changed, above)
                    if parent.get(last, about.get("default")) == value:
                        continue
                    parent[last] = value
                    if _made(changed) == before and ".".join(map(str, at)) not in told:
                        yield name


# A network that is there, and in which nothing is made, is a reference for others and nothing else.
_STACKS = [one for module in CASES for case in CASES[module] if (one := f"{module}/{case}") != "network/in-use"]


@pytest.mark.long
@pytest.mark.parametrize("case", [*_STACKS, *_MORE])
def test_no_field_of_any_stack_is_changed_in_silence_and_in_vain(case: str) -> None:
    module, _, name = case.partition("/")
    sections = CASES[module][name] if name else _MORE[case]
    assert set(_silent({**sections})) - _SAME == set()
