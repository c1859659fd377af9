"""What the add-ons of EKS put into a cluster: their workloads, and the Service of the cluster's DNS.

Pure. Names, labels, containers, requests and tolerations are those that EKS installs (read November 2026):
aws/amazon-vpc-cni-k8s v1.20 charts/aws-vpc-cni, kubernetes-sigs/aws-ebs-csi-driver v1.50, aws-efs-csi-driver v2.1 and
aws-fsx-csi-driver v1.5 charts, EKS user guide, "AWS add-ons". Volumes, probes, roles and service accounts are left out:
nothing runs here that would need them. Add-ons that are not named here have no objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mlinfra.sandbox.kubernetes.controllers.cloud import AddOn
from mlinfra.sandbox.kubernetes.values import Object

NAMESPACE = "kube-system"
_EVERYWHERE = [{"operator": "Exists"}]
_CRITICAL = [
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
]
_SIDECARS = ("node-driver-registrar", "liveness-probe")
_CONTROLLER_SIDECARS = ("csi-provisioner", "csi-attacher", "csi-snapshotter", "csi-resizer", "liveness-probe")


def objects_of(add_on: AddOn) -> Sequence[Object]:
    """The objects of one add-on; none for one that is not played."""
    made = _MAKERS.get(add_on.name)
    return tuple(made(add_on)) if made is not None else ()


def _vpc_cni(add_on: AddOn) -> Iterable[Object]:
    containers = [
        _container(add_on, "aws-node", "amazon-k8s-cni", {"cpu": "25m"}),
        _container(add_on, "aws-eks-nodeagent", "amazon/aws-network-policy-agent", {"cpu": "25m"}),
    ]
    yield _daemon_set(add_on, "aws-node", {"k8s-app": "aws-node"}, containers, host=True)


def _kube_proxy(add_on: AddOn) -> Iterable[Object]:
    containers = [_container(add_on, "kube-proxy", "eks/kube-proxy", {"cpu": "100m"})]
    yield _daemon_set(add_on, "kube-proxy", {"k8s-app": "kube-proxy"}, containers, host=True)


def _pod_identity(add_on: AddOn) -> Iterable[Object]:
    containers = [_container(add_on, "eks-pod-identity-agent", "eks/eks-pod-identity-agent", {})]
    labels = {"app.kubernetes.io/name": add_on.name}
    yield _daemon_set(add_on, add_on.name, labels, containers, host=True)


def _coredns(add_on: AddOn) -> Iterable[Object]:
    labels = {"eks.amazonaws.com/component": "coredns", "k8s-app": "kube-dns"}
    containers = [_container(add_on, "coredns", "eks/coredns", {"cpu": "100m", "memory": "70Mi"}, {"memory": "170Mi"})]
    yield _deployment(add_on, "coredns", labels, containers)
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
        {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153},
    ]
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(add_on, "kube-dns", {"k8s-app": "kube-dns"}),
        "spec": {"selector": {"k8s-app": "kube-dns"}, "ports": ports},
    }


def _driver(short: str) -> Callable[[AddOn], Iterable[Object]]:
    def made(add_on: AddOn) -> Iterable[Object]:
        image, asked = f"eks/{add_on.name}", {"cpu": "10m", "memory": "40Mi"}
        for part, sidecars in (("controller", _CONTROLLER_SIDECARS), ("node", _SIDECARS)):
            name = f"{short}-csi-{part}"
            labels = {"app": name, "app.kubernetes.io/name": add_on.name, "app.kubernetes.io/component": "csi-driver"}
            containers = [
                _container(add_on, f"{short}-plugin", image, asked),
                *(_container(add_on, one, f"eks-distro/{one}", asked) for one in sidecars),
            ]
            if part == "node":
                yield _daemon_set(add_on, name, labels, containers)
            else:
                yield _deployment(add_on, name, labels, containers)

    return made


def _program(add_on: AddOn) -> Iterable[Object]:
    labels = {"app.kubernetes.io/name": add_on.name}
    asked = {"cpu": "100m", "memory": "200Mi"} if add_on.name == "metrics-server" else {}
    yield _deployment(add_on, add_on.name, labels, [_container(add_on, add_on.name, f"eks/{add_on.name}", asked)])


def _container(add_on: AddOn, name: str, image: str, asked: Object, limits: Object | None = None) -> Object:
    resources = {"resources": {"requests": asked, **({"limits": limits} if limits else {})}} if asked else {}
    registry = f"602401143452.dkr.ecr.{add_on.region}.amazonaws.com"
    return {"name": name, "image": f"{registry}/{image}:{add_on.version}", **resources}


def _metadata(add_on: AddOn, name: str, labels: Object) -> Object:
    managed = {"app.kubernetes.io/managed-by": "EKS", "app.kubernetes.io/instance": add_on.name}
    return {"name": name, "namespace": NAMESPACE, "labels": {**managed, **labels}}


def _deployment(add_on: AddOn, name: str, labels: Object, containers: list[Object]) -> Object:
    pod = {"priorityClassName": "system-cluster-critical", "tolerations": _CRITICAL, "containers": containers}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": "25%"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(add_on, name, labels),
        "spec": {"replicas": 2, "strategy": rolling, **_template(labels, pod)},
    }


def _daemon_set(add_on: AddOn, name: str, labels: Object, containers: list[Object], *, host: bool = False) -> Object:
    pod: Object = {"priorityClassName": "system-node-critical", "tolerations": _EVERYWHERE, "containers": containers}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": _metadata(add_on, name, labels),
        "spec": _template(labels, {**pod, **({"hostNetwork": True} if host else {})}),
    }


def _template(labels: Object, pod: Object) -> Object:
    return {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}


_MAKERS: dict[str, Callable[[AddOn], Iterable[Object]]] = {
    "vpc-cni": _vpc_cni,
    "kube-proxy": _kube_proxy,
    "eks-pod-identity-agent": _pod_identity,
    "coredns": _coredns,
    "aws-ebs-csi-driver": _driver("ebs"),
    "aws-efs-csi-driver": _driver("efs"),
    "aws-fsx-csi-driver": _driver("fsx"),
    "metrics-server": _program,
    "snapshot-controller": _program,
}
