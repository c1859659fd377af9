"""User data: what a machine does when it starts.

For our own scaling groups it says how to join the cluster, and as what, in the configuration of nodeadm; EKS and
Karpenter add theirs to whatever else there is.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.value import Base64, Concat, Value
from mlinfra.library.outputs import Cluster

from .labels import KUBERNETES_EFFECTS

_BOUNDARY = "mlinfra"


class Part(msgspec.Struct, frozen=True):
    """One part of several: what it is, and the pieces of its text."""

    kind: str
    text: tuple[Value, ...]


def parted(*parts: Part) -> Value:
    """User data of several parts, as cloud-init, EKS and Karpenter read it.

    EKS user guide, "Customize managed nodes with launch templates" (November 2026).
    """
    text: list[Value] = [f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{_BOUNDARY}"\n']
    for part in parts:
        text += [f"\n--{_BOUNDARY}\nContent-Type: {part.kind}\n\n", *part.text]
    text.append(f"\n--{_BOUNDARY}--\n")
    known = [piece for piece in text if isinstance(piece, str)]
    return "".join(known) if len(known) == len(text) else Concat(tuple(text))


def user_data(cluster: Cluster, labels: Mapping[str, str], taints: list[dict[str, str]], *before: Part) -> Base64:
    """Read by nodeadm of the AL2023 images (awslabs.github.io/amazon-eks-ami/nodeadm, November 2026).

    As it is or, where something is to be done before, as one part of several.

    Managed nodes are drained by EKS before they go. These are not: so the kubelet, told of a machine's end, gives its
    pods the time to leave that they ask for, up to a minute and a half.
    """
    flags = [f"--node-labels={','.join(f'{key}={value}' for key, value in labels.items())}"]
    if taints:
        flags.append(f"--register-with-taints={','.join(map(_taint, taints))}")
    config: tuple[Value, ...] = (
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
    return Base64(parted(*before, Part("application/node.eks.aws", config)) if before else Concat(config))


def _taint(taint: dict[str, str]) -> str:
    return f"{taint['key']}={taint.get('value', '')}:{KUBERNETES_EFFECTS[taint['effect']]}"
