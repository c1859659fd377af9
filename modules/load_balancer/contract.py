"""What a load balancer brings onto the cluster: the pods of its gateway, and what binds them to it."""

from __future__ import annotations

from mlinfra.library.contract import Chart, Contract, Entrance, Namespace, Teardown, Workload
from mlinfra.library.istio import istio_chart

ISTIO = istio_chart("gateway")
# The project ended in March 2026, with this release (its README, November 2026).
NGINX = Chart(
    name="ingress-nginx",
    version="4.15.1",
    repository="https://kubernetes.github.io/ingress-nginx",
    digest="sha256:3eff0bd18151d6e6b1c441463410571443dda1ac78292cb189346628de784f0c",
    app_version="1.15.1",
    source="https://github.com/kubernetes/ingress-nginx/tree/dbb11b92ddb77bee9c35e462479129354c84f939",
    looked_up="2026-03-20",
)

# Each load balancer has a namespace and a release of one name, `gateway-NAME`.
_EACH = "{release}"

CONTRACT = Contract(
    extras=(ISTIO, NGINX),
    # Requests, and the questions of the load balancer whether a pod is well.
    namespaces=(Namespace(name=_EACH, entrances=(Entrance("anybody", (80, 443, 10254, 15021)),)),),
    workloads=(
        Workload("Deployment", _EACH, _EACH, chart=ISTIO.name),
        Workload("Deployment", _EACH, f"{_EACH}-controller", chart=NGINX.name),
    ),
    teardown=Teardown(
        recipe="What binds the pods to the load balancer, the routes, the release of the gateway, then its namespace.",
        drain=("TargetGroupBinding.elbv2.k8s.aws",),
    ),
)
