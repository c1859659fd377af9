"""Logs of pods, nodes and Kubernetes itself, gathered on each node by Fluent Bit, and kept in CloudWatch or by Loki."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Concat, Properties, Value
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon, component
from mlinfra.library.contract import Chart, Contract, Namespace, Rival, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, Monitoring, NodeGroup

from .pipeline import FILTERS, INPUTS, MATCHES, SERVICE, TO_LOKI

SECTION = Place("components", entry="fluent-bit")
NEEDS = (Cluster, NodeGroup, Monitoring)
Outputs = Component

_NAME = "fluent-bit"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="0.58.1",
            digest="sha256:fc2235278cdb4e76befb8520464a66ff459c6d7711bbbc8755dedcc32799877b",
            repository="https://fluent.github.io/helm-charts",
            app_version="5.1.1",
            source="https://github.com/fluent/helm-charts/tree/5b81bf7a5a5d9f7c3513810efdef47cdb4e28239",
            looked_up="2026-08-18",
        ),
    ),
    namespaces=(
        Namespace(
            name=_NAME,
            level="privileged",
            because="it reads the logs from the node's own folders",
            entrances=(),
        ),
    ),
    workloads=(Workload("DaemonSet", _NAME, _NAME),),
    rivals=(Rival(_NAME, "both run as fluent-bit in the namespace of that name", kind="addon"),),
    teardown=Teardown(
        recipe="The release, then its namespace; the logs are where they were sent.",
        keeps=("nothing on nodes but the place up to which it had read",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Logs of everything."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it. Its rights are those of the service account `fluent-bit`, which come with the log groups."""
    monitoring = scope.one(Monitoring)
    loki = monitoring.logs == "loki"
    values: Properties = {
        "fullnameOverride": _NAME,
        "serviceAccount": {"name": _NAME},
        "tolerations": [{"operator": "Exists"}],
        # A node that is full already has logs as well.
        "priorityClassName": "system-node-critical",
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        "testFramework": {"enabled": False},
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
        "config": {
            "service": SERVICE,
            "inputs": INPUTS,
            "filters": FILTERS,
            "outputs": TO_LOKI if loki else Concat(tuple(_outputs(monitoring, facts))),
        },
    }
    after = [component("loki")] if loki else []
    return Component(address=add_addon(scope, CONTRACT, facts, values, after=after).address)


def _outputs(monitoring: Monitoring, facts: Facts) -> list[Value]:
    """One output for each log group; the groups are there already, with their retention."""
    parts: list[Value] = []
    for part, group in monitoring.log_groups.items():
        parts += [
            f"[OUTPUT]\n    Name cloudwatch_logs\n    Match {MATCHES[part]}\n    region {facts.region}\n"
            "    log_group_name ",
            group,
            "\n    log_stream_prefix ${NODE_NAME}.\n    auto_create_group false\n",
        ]
    return parts
