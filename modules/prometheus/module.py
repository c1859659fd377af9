"""Metrics of the cluster, kept by Prometheus and shown by Grafana; alerts go through Alertmanager.

The operator, with what measures nodes and Kubernetes' own objects. Grafana asks everybody to sign in.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Concat, Properties
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon, component
from mlinfra.library.contract import (
    Chart,
    Contract,
    Credential,
    Definition,
    Entrance,
    Namespace,
    Rival,
    Teardown,
    Workload,
)
from mlinfra.library.forms import Duration, Quantity
from mlinfra.library.outputs import Cluster, Component, Monitoring, NodeGroup

from .grafana import ADMIN, add_admin, grafana_values
from .names import NAME, NAMESPACE, NODE_EXPORTER
from .operator import OPERATOR, ROOM, UNSEEN, volume

SECTION = Place("components", entry="prometheus")
NEEDS = (Cluster, NodeGroup, Monitoring)
USES = ("aws-ebs-csi-driver",)
Outputs = Component

_DEFINITIONS = "both bring the definitions of monitoring.coreos.com, of which a cluster has one"
_PORT = "both listen on port 9100 of every node"

CONTRACT = Contract(
    charts=(
        Chart(
            name="kube-prometheus-stack",
            version="88.5.3",
            digest="sha256:3bff576f57c88f9fcac3286cc6e0d22ddaf7d7e1829c14a09257359f02ca64c9",
            repository="https://prometheus-community.github.io/helm-charts",
            app_version="v0.93.1",
            source="https://github.com/prometheus-community/helm-charts/tree/cf408a290aec489277a94450bb3511432477a53a",
            looked_up="2026-08-22",
        ),
    ),
    namespaces=(
        # Whoever scales or shows something by what Prometheus knows asks it; people come to Grafana.
        Namespace(name=NAMESPACE, entrances=(Entrance("pods", (9090, 3000)),)),
        Namespace(
            name=NODE_EXPORTER,
            level="privileged",
            because="it looks at the node itself: its file systems, its network, its processes",
            entrances=(),
        ),
    ),
    crds=(
        Definition("alertmanagerconfigs.monitoring.coreos.com", "AlertmanagerConfig", ("v1alpha1",)),
        Definition("alertmanagers.monitoring.coreos.com", "Alertmanager", ("v1",)),
        Definition("podmonitors.monitoring.coreos.com", "PodMonitor", ("v1",)),
        Definition("probes.monitoring.coreos.com", "Probe", ("v1",)),
        Definition("prometheusagents.monitoring.coreos.com", "PrometheusAgent", ("v1alpha1",)),
        Definition("prometheuses.monitoring.coreos.com", "Prometheus", ("v1",)),
        Definition("prometheusrules.monitoring.coreos.com", "PrometheusRule", ("v1",)),
        Definition("scrapeconfigs.monitoring.coreos.com", "ScrapeConfig", ("v1alpha1",)),
        Definition("servicemonitors.monitoring.coreos.com", "ServiceMonitor", ("v1",)),
        Definition("thanosrulers.monitoring.coreos.com", "ThanosRuler", ("v1",)),
    ),
    workloads=(
        Workload("Deployment", NAMESPACE, f"{NAME}-operator"),
        Workload("Deployment", NAMESPACE, "kube-state-metrics"),
        Workload("Deployment", NAMESPACE, "kube-prometheus-stack-grafana"),
        Workload("StatefulSet", NAMESPACE, f"prometheus-{NAME}"),
        Workload("StatefulSet", NAMESPACE, f"alertmanager-{NAME}"),
        Workload("DaemonSet", NODE_EXPORTER, NODE_EXPORTER),
    ),
    cloud=("aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretVersion:SecretVersion"),
    secrets=(Credential(ADMIN, "Grafana's administrator; generated inside Secrets Manager"),),
    sign_in="Grafana, as admin with the generated password; nobody gets in without, or signs up",
    rivals=(
        *(Rival(name, _DEFINITIONS, kind="chart") for name in ("prometheus-operator-crds", "kube-prometheus")),
        Rival("prometheus-node-exporter", _PORT, kind="chart", part="hostNetwork"),
        Rival("prometheus-node-exporter", _PORT, kind="addon"),
    ),
    teardown=Teardown(
        recipe="The release, then its namespaces; what was measured goes with the volumes of Prometheus.",
        drain=("Prometheus.monitoring.coreos.com", "Alertmanager.monitoring.coreos.com"),
        keeps=("its definitions, until `--delete-data`",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Metrics of the cluster."""

    retention: Annotated[Duration, Meta(description="how long metrics are kept")] = "15d"
    storage: Annotated[Quantity, Meta(description="the volume that they are kept on")] = "50Gi"
    dashboards: Annotated[bool, Meta(description="whether Grafana shows them")] = True


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it. Rules, monitors and dashboards of any namespace count, whoever brings them."""
    if inputs.dashboards:
        add_admin(scope)
    values: Properties = {
        "fullnameOverride": NAME,
        "cleanPrometheusOperatorObjectNames": True,
        **UNSEEN,
        "prometheusOperator": OPERATOR,
        "prometheus": {
            "serviceAccount": {"name": "prometheus"},
            "prometheusSpec": {
                "retention": inputs.retention,
                "storageSpec": volume(inputs.storage),
                "resources": ROOM,
                **dict.fromkeys(_EVERYBODYS, False),
                **_remote(scope, facts),
            },
        },
        "alertmanager": {
            "serviceAccount": {"name": "alertmanager"},
            "alertmanagerSpec": {"storage": volume("2Gi"), "alertmanagerConfigMatcherStrategy": {"type": "None"}},
        },
        "kube-state-metrics": {
            "fullnameOverride": "kube-state-metrics",
            "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
            "metricLabelsAllowlist": [f"nodes=[{','.join(_LABELS)}]"],
        },
        "prometheus-node-exporter": {
            "fullnameOverride": NODE_EXPORTER,
            "namespaceOverride": NODE_EXPORTER,
            # A node that is full already is measured as well, and one whose taints drive pods away.
            "priorityClassName": "system-node-critical",
            "tolerations": [{"operator": "Exists"}],
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        },
        "grafana": grafana_values() if inputs.dashboards else {"enabled": False},
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values, after=[_VOLUMES]).address)


_VOLUMES = component("aws-ebs-csi-driver")
# Without these only what bears the label of this release would be seen.
_EVERYBODYS = (
    "podMonitorSelectorNilUsesHelmValues",
    "probeSelectorNilUsesHelmValues",
    "ruleSelectorNilUsesHelmValues",
    "scrapeConfigSelectorNilUsesHelmValues",
    "serviceMonitorSelectorNilUsesHelmValues",
)
# What dashboards and costs are told apart by.
_LABELS = (
    "mlinfra/node-group",
    "mlinfra/gpu",
    "node.kubernetes.io/instance-type",
    "eks.amazonaws.com/capacityType",
    "karpenter.sh/capacity-type",
)


def _remote(scope: Scope, facts: Facts) -> Properties:
    """Metrics go to Amazon Managed Prometheus as well, where the stack has that."""
    endpoints = [one.prometheus_endpoint for one in scope.every(Monitoring) if one.prometheus_endpoint is not None]
    writes = [
        {"url": Concat((endpoint, "api/v1/remote_write")), "sigv4": {"region": facts.region}} for endpoint in endpoints
    ]
    return {"remoteWrite": writes} if writes else {}
