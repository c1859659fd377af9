"""What pods say of themselves so that a namespace of level `restricted` takes them.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (November 2026). For modules: charts and
manifests spell it in the same two places.
"""

from __future__ import annotations

from typing import Any

# Of a pod: no root, and the system calls that the container runtime allows by default.
POD: dict[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}

# Of each container.
CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
