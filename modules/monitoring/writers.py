"""Writers: what runs in the cluster and hands over metrics or logs, with rights to that and to nothing else."""

from __future__ import annotations

from mlinfra.core.value import Json, Value
from mlinfra.library import Scope
from mlinfra.library.in_cluster import MONITORING
from mlinfra.library.outputs import Cluster
from mlinfra.library.pod_identity import trust


def add_identity(
    scope: Scope,
    cluster: Cluster,
    local_name: str,
    service_account: str,
    statements: list[dict[str, Value]],
    *,
    namespace: str = MONITORING,
) -> None:
    """Give a service account a role that allows `statements`."""
    role = scope.add(f"{local_name}.role", "aws:iam/role:Role", {"assumeRolePolicy": Json(trust())})
    policy = scope.add(
        f"{local_name}.role.policy",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": role.id, "policy": Json({"Version": "2012-10-17", "Statement": statements})},
    )
    scope.add(
        f"{local_name}.identity",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        {
            "clusterName": cluster.name,
            "namespace": namespace,
            "serviceAccount": service_account,
            "roleArn": role.arn,
        },
        depends_on=[policy],
    )
