"""What an endpoint may read: its model, and nothing else."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Handle, Scope
from mlinfra.library.addon import add_identity
from mlinfra.library.contract import Permission, Statement

from .pods import Server


def add_access(scope: Scope, server: Server, facts: Facts) -> list[Handle]:
    """Add its service account, with a role by pod identity for the folder of the model."""
    namespace = server.serving.namespace
    bucket, _, folder = server.model.removeprefix("s3://").rstrip("/").partition("/")
    arn = f"arn:{facts.partition}:s3:::{bucket}"
    below = f"{folder}/*" if folder else "*"
    permission = Permission(
        service_account=server.name,
        namespace=namespace,
        statements=(
            Statement(
                actions=("s3:ListBucket",),
                resources=(arn,),
                conditions={"StringLike": {"s3:prefix": [folder, below] if folder else ["*"]}},
            ),
            Statement(actions=("s3:GetObject",), resources=(f"{arn}/{below}",)),
            # Whichever key the bucket is encrypted with, it is used through S3 alone.
            Statement(
                actions=("kms:Decrypt",),
                resources=("arn:{partition}:kms:{region}:{account}:key/*",),
                conditions={
                    "StringEquals": {"kms:ViaService": "s3.{region}.amazonaws.com"},
                    "StringLike": {"kms:EncryptionContext:aws:s3:arn": [arn, f"{arn}/*"]},
                },
            ),
        ),
    )
    identity = add_identity(scope, permission, facts, suffix=f".{server.variant}" if server.variant else "")
    account = {"metadata": {"name": server.name, "namespace": namespace}, "automountServiceAccountToken": False}
    return [identity, scope.add(server.local("service-account"), "kubernetes:core/v1:ServiceAccount", account)]
