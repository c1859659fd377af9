"""Certificates within the cluster, made and renewed by cert-manager."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Definition, Entrance, Namespace, Rival, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, NodeGroup

SECTION = Place("components", entry="cert-manager")
NEEDS = (Cluster, NodeGroup)
Outputs = Component
CONTRACT = Contract(
    charts=(
        # The repository stamps the version of its chart at release; the newest that its announcements name.
        Chart(
            name="cert-manager",
            version="v1.21.2",
            digest="sha256:73a56e1728edd6c99f1f31082618c3259d279a76b7ebd3d4bdc5475c2442d34a",
            repository="https://charts.jetstack.io",
            app_version="v1.21.2",
            source="https://github.com/cert-manager/cert-manager/releases/tag/v1.21.2",
            looked_up="2026-11-24",
        ),
    ),
    namespaces=(Namespace(name="cert-manager", entrances=(Entrance("control-plane", (10250,)),)),),
    crds=(
        Definition("certificaterequests.cert-manager.io", "CertificateRequest", ("v1",)),
        Definition("certificates.cert-manager.io", "Certificate", ("v1",)),
        Definition("challenges.acme.cert-manager.io", "Challenge", ("v1",)),
        Definition("clusterissuers.cert-manager.io", "ClusterIssuer", ("v1",), namespaced=False),
        Definition("issuers.cert-manager.io", "Issuer", ("v1",)),
        Definition("orders.acme.cert-manager.io", "Order", ("v1",)),
    ),
    workloads=(
        Workload("Deployment", "cert-manager", "cert-manager"),
        Workload("Deployment", "cert-manager", "cert-manager-cainjector"),
        Workload("Deployment", "cert-manager", "cert-manager-webhook"),
    ),
    rivals=(Rival("cert-manager", "both run as cert-manager in the namespace of that name", kind="addon"),),
    teardown=Teardown(
        recipe="The release, then its namespace.",
        drain=("Certificate.cert-manager.io", "Challenge.acme.cert-manager.io"),
        keeps=("its definitions, and with them issuers and certificates, until `--delete-data`",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Certificates within the cluster."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it; whoever deletes the release by hand does not lose every certificate with it."""
    values = {
        "crds": {"enabled": True, "keep": True},
        # The lock of its leader lies where it lives itself, so that it needs no rights in kube-system.
        "global": {"leaderElection": {"namespace": CONTRACT.namespace.name}},
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "webhook": {"replicaCount": 2, "podDisruptionBudget": {"enabled": True, "minAvailable": 1}},
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
