"""A bucket that nobody but the stack reads: no public access, encrypted, versioned, by TLS alone.

For modules that keep something: models, artifacts, data of pipelines.
"""

from __future__ import annotations

from mlinfra.core.value import Concat, Json, Properties
from mlinfra.library.contract import Statement
from mlinfra.library.scope import Handle, Scope

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

BUCKET_TYPES = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)

_LISTING = Statement(actions=("s3:ListBucket",), resources=("{bucket}",))


def _by_its_key(*actions: str) -> Statement:
    """The bucket is encrypted with the key that S3 keeps for the account, which is used through S3 alone."""
    return Statement(
        actions=actions,
        resources=("arn:{partition}:kms:{region}:{account}:key/*",),
        conditions={"StringEquals": {"kms:ViaService": "s3.{region}.amazonaws.com"}},
    )


# What a contract grants of its bucket, whose ARN `add_addon` is given as the name `bucket`: nothing of any other.
READS = (_LISTING, Statement(actions=("s3:GetObject",), resources=("{bucket}/*",)), _by_its_key("kms:Decrypt"))
# Large files are put in parts, which are listed, and given up where one fails.
WRITES = (
    _LISTING,
    Statement(
        actions=(
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ),
        resources=("{bucket}/*",),
    ),
    _by_its_key("kms:Decrypt", "kms:GenerateDataKey"),
)


def add_bucket(scope: Scope, local_name: str) -> Handle:
    """Add it. In an ephemeral stack it goes with all that it holds; elsewhere it goes only when it is empty."""
    own: Properties = {"forceDestroy": True} if scope.stack.environment == "ephemeral" else {}
    bucket = scope.add(local_name, "aws:s3/bucket:Bucket", own)
    blocks = dict.fromkeys(_BLOCKS, True)
    closed = scope.add(f"{local_name}.public-access", BUCKET_TYPES[2], {"bucket": bucket.id, **blocks})
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}, "bucketKeyEnabled": True}
    scope.add(f"{local_name}.encryption", BUCKET_TYPES[3], {"bucket": bucket.id, "rules": [rule]})
    versioning = {"versioningConfiguration": {"status": "Enabled"}}
    scope.add(f"{local_name}.versioning", BUCKET_TYPES[4], {"bucket": bucket.id, **versioning})
    policy = {"bucket": bucket.id, "policy": Json(_by_tls(bucket))}
    scope.add(f"{local_name}.policy", BUCKET_TYPES[1], policy, depends_on=[closed])
    return bucket


def _by_tls(bucket: Handle) -> Properties:
    statement = {
        "Sid": "ByTlsAlone",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket.arn, Concat((bucket.arn, "/*"))],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
