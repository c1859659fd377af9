"""The control plane of Istio, which tells the gateways of load balancers where requests go; no mesh of sidecars."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Block, Place, Problem, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.codes import Code
from mlinfra.library.contract import Contract, Definition, Entrance, Namespace, Teardown, Workload
from mlinfra.library.istio import istio_chart
from mlinfra.library.outputs import Cluster, Component, NodeGroup, Service

SECTION = Place("components", entry="istio")
NEEDS = (Cluster, NodeGroup, Service)
Outputs = Component

_NAMESPACE = "istio-system"
_NETWORKING = "networking.istio.io"
_ALL = ("v1", "v1alpha3", "v1beta1")
_NEWER = ("v1", "v1beta1")

CONTRACT = Contract(
    charts=(istio_chart("base"), istio_chart("istiod")),
    # Its webhook, and what gateways are told.
    namespaces=(
        Namespace(name=_NAMESPACE, entrances=(Entrance("control-plane", (15017,)), Entrance("pods", (15012,)))),
    ),
    # manifests/charts/base/files/crd-all.gen.yaml at 1.31.0-rc.0 (November 2026).
    crds=(
        Definition("authorizationpolicies.security.istio.io", "AuthorizationPolicy", _NEWER),
        Definition(f"destinationrules.{_NETWORKING}", "DestinationRule", _ALL),
        Definition(f"envoyfilters.{_NETWORKING}", "EnvoyFilter", ("v1alpha3",)),
        Definition(f"gateways.{_NETWORKING}", "Gateway", _ALL),
        Definition("peerauthentications.security.istio.io", "PeerAuthentication", _NEWER),
        Definition(f"proxyconfigs.{_NETWORKING}", "ProxyConfig", ("v1beta1",)),
        Definition("requestauthentications.security.istio.io", "RequestAuthentication", _NEWER),
        Definition(f"serviceentries.{_NETWORKING}", "ServiceEntry", _ALL),
        Definition(f"sidecars.{_NETWORKING}", "Sidecar", _ALL),
        Definition("telemetries.telemetry.istio.io", "Telemetry", ("v1alpha1", "v1")),
        Definition("trafficextensions.extensions.istio.io", "TrafficExtension", ("v1alpha1",)),
        Definition(f"virtualservices.{_NETWORKING}", "VirtualService", _ALL),
        Definition("wasmplugins.extensions.istio.io", "WasmPlugin", ("v1alpha1",)),
        Definition(f"workloadentries.{_NETWORKING}", "WorkloadEntry", _ALL),
        Definition(f"workloadgroups.{_NETWORKING}", "WorkloadGroup", _ALL),
    ),
    workloads=(Workload("Deployment", _NAMESPACE, "istiod"),),
    teardown=Teardown(
        recipe="The releases, last that of its definitions, then its namespace, once no gateway asks it any more.",
        drain=(f"Gateway.{_NETWORKING}", f"VirtualService.{_NETWORKING}"),
        keeps=("its definitions, until `--delete-data`",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """The control plane of Istio."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, twice, so that gateways are told of changes while a node goes."""
    values: Properties = {
        "autoscaleEnabled": False,
        "replicaCount": 2,
        # It tells a few gateways, and not every pod of a mesh.
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}},
        "seccompProfile": {"type": "RuntimeDefault"},
        "meshConfig": {"accessLogFile": "/dev/stdout", "accessLogEncoding": "JSON", **_ingresses(scope)},
        # What is wrong is refused from the start; otherwise istiod changes its own webhook later, which would be drift.
        "base": {"validationFailurePolicy": "Fail"},
    }
    # A second webhook, of the definitions' own chart, would be changed in that way: what it looks at bears no label.
    of_crds: dict[str, Properties] = {"base": {"defaultRevision": ""}}
    return Component(address=add_addon(scope, CONTRACT, facts, values, of_crds=of_crds).address)


def _ingresses(scope: Scope) -> Properties:
    """Which gateway takes ingresses of Istio's class: of one control plane, one (pilot/pkg/config/kube/ingress of the
    same source). Others are told by objects of Istio's own."""
    wanted = {one.ingresses: one for one in scope.every(Service) if one.ingresses}
    if len(wanted) > 1:
        summary = f"ingresses are to be taken by {' and by '.join(sorted(wanted))}, and Istio has one gateway for them"
        scope.refuse(Problem(Code.BALANCER_GATEWAY, summary, hint="lead their names to one load balancer"))
    return {"ingressSelector": next(iter(wanted))} if wanted else {}
