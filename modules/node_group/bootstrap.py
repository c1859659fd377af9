"""What tells a machine of our own scaling group to join the cluster, and as what: the configuration of nodeadm."""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.core.value import Base64, Concat
from mlinfra.library.outputs import Cluster

from .labels import KUBERNETES_EFFECTS


def user_data(cluster: Cluster, labels: Mapping[str, str], taints: list[dict[str, str]]) -> Base64:
    """Read as it is by nodeadm of the AL2023 images (awslabs.github.io/amazon-eks-ami/nodeadm, November 2026).

    Managed nodes are drained by EKS before they go. These are not: so the kubelet, told of a machine's end, gives its
    pods the time to leave that they ask for, up to a minute and a half.
    """
    flags = [f"--node-labels={','.join(f'{key}={value}' for key, value in labels.items())}"]
    if taints:
        flags.append(f"--register-with-taints={','.join(map(_taint, taints))}")
    return Base64(
        Concat(
            (
                "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n    name: ",
                cluster.name,
                "\n    apiServerEndpoint: ",
                cluster.endpoint,
                "\n    certificateAuthority: ",
                cluster.certificate_authority,
                "\n    cidr: ",
                cluster.service_cidr,
                "\n  kubelet:\n    config:\n      shutdownGracePeriod: 90s\n",
                "      shutdownGracePeriodCriticalPods: 15s\n    flags:\n",
                *(f'      - "{flag}"\n' for flag in flags),
            )
        )
    )


def _taint(taint: dict[str, str]) -> str:
    return f"{taint['key']}={taint.get('value', '')}:{KUBERNETES_EFFECTS[taint['effect']]}"
