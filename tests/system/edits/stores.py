"""What keeps things: registries, log groups, buckets, parameters."""

from __future__ import annotations

import json

from .identities import document
from .table import IDENTITY, IMMUTABLE, Deletes, Edit, Edits, Exceptions, edit, of, out

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

BUCKET = "aws:s3/bucket:Bucket"
VERSIONS = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
CLOSED = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERS = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET_LIFE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
PARAMETER = "aws:ssm/parameter:Parameter"
SECRET = "aws:secretsmanager/secret:Secret"
MIRROR = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"


def _encrypted(algorithm: str, *, key: bool) -> Edit:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}, "BucketKeyEnabled": key}
    configuration = {"Rules": [rule]}
    return edit("s3", "put_bucket_encryption", "Bucket", ServerSideEncryptionConfiguration=configuration)


def _closed(**change: bool) -> Edit:
    block = {"BlockPublicAcls": True, "BlockPublicPolicy": True, **change}
    return edit("s3", "put_public_access_block", "Bucket", PublicAccessBlockConfiguration=block)


def _living(**change: object) -> Edit:
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "scratch/"}, "Expiration": {"Days": 30}, **change}
    return edit("s3", "put_bucket_lifecycle_configuration", "Bucket", LifecycleConfiguration={"Rules": [rule]})


def _parameter(**change: str) -> Edit:
    given = {"Value": "0.5", "Description": "of the ranker", "Type": "String", **change}
    return edit("ssm", "put_parameter", "Name", Overwrite=True, **given)


_RULE = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
    "action": {"type": "expire"},
}
_TAGS = [{"Key": "team", "Value": "edited"}]

EDITS: Edits = {
    REPOSITORY: {
        "imageTagMutability": edit("ecr", "put_image_tag_mutability", "repositoryName", imageTagMutability="MUTABLE"),
        "imageScanningConfiguration.scanOnPush": edit(
            "ecr",
            "put_image_scanning_configuration",
            "repositoryName",
            imageScanningConfiguration={"scanOnPush": False},
        ),
        "tags": edit("ecr", "tag_resource", resourceArn=out("arn"), tags=_TAGS),
    },
    LIFECYCLE_POLICY: {
        "policy": edit(
            "ecr",
            "put_lifecycle_policy",
            repositoryName=of("repository"),
            lifecyclePolicyText=json.dumps({"rules": [_RULE]}),
        )
    },
    REPOSITORY_POLICY: {
        "policy": edit(
            "ecr",
            "set_repository_policy",
            repositoryName=of("repository"),
            policyText=document("ecr:*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        )
    },
    LOG_GROUP: {
        "retentionInDays": edit("logs", "delete_retention_policy", "logGroupName"),
        "kmsKeyId": edit("logs", "disassociate_kms_key", "logGroupName"),
        "tags": edit("logs", "tag_resource", resourceArn=out("arn"), tags={"team": "edited"}),
    },
    BUCKET: {"tags": edit("s3", "put_bucket_tagging", "Bucket", Tagging={"TagSet": _TAGS})},
    VERSIONS: {
        "versioningConfiguration.status": edit(
            "s3", "put_bucket_versioning", "Bucket", VersioningConfiguration={"Status": "Suspended"}
        )
    },
    ENCRYPTION: {
        "rules[].applyServerSideEncryptionByDefault.sseAlgorithm": _encrypted("AES256", key=True),
        "rules[].bucketKeyEnabled": _encrypted("aws:kms", key=False),
    },
    CLOSED: {
        "blockPublicAcls": _closed(BlockPublicAcls=False),
        "blockPublicPolicy": _closed(BlockPublicPolicy=False),
    },
    OWNERS: {
        "rule.objectOwnership": edit(
            "s3",
            "put_bucket_ownership_controls",
            "Bucket",
            OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        )
    },
    BUCKET_POLICY: {
        "policy": edit(
            "s3",
            "put_bucket_policy",
            "Bucket",
            Policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:GetObject",
                            "Resource": "arn:aws:s3:::services-of-a-stack/*",
                        }
                    ],
                }
            ),
        )
    },
    BUCKET_LIFE: {
        "rules[].id": _living(ID="edited"),
        "rules[].status": _living(Status="Disabled"),
        "rules[].filter.prefix": _living(Filter={"Prefix": "edited/"}),
        "rules[].expiration.days": _living(Expiration={"Days": 7}),
    },
    PARAMETER: {
        "insecureValue": _parameter(Value="7"),
        "description": _parameter(Description="by hand"),
        "tags": edit("ssm", "add_tags_to_resource", "ResourceId", ResourceType="Parameter", Tags=_TAGS),
    },
    SECRET: {
        "description": edit("secretsmanager", "update_secret", "SecretId", Description="by hand"),
        "tags": edit("secretsmanager", "tag_resource", "SecretId", Tags=_TAGS),
    },
}

EXCEPTIONS: Exceptions = {
    REPOSITORY: {
        "name": IDENTITY,
        "encryptionConfigurations[].encryptionType": IMMUTABLE,
        "encryptionConfigurations[].kmsKey": IMMUTABLE,
    },
    LIFECYCLE_POLICY: {"repository": IDENTITY},
    REPOSITORY_POLICY: {"repository": IDENTITY},
    LOG_GROUP: {"name": IDENTITY, "logGroupClass": IMMUTABLE},
    BUCKET: {"bucket": IDENTITY},
    **{token: {"bucket": IDENTITY} for token in (VERSIONS, ENCRYPTION, CLOSED, OWNERS, BUCKET_POLICY, BUCKET_LIFE)},
    PARAMETER: {"name": IDENTITY, "type": IMMUTABLE, "dataType": IMMUTABLE},
    SECRET: {"name": IDENTITY},
    MIRROR: dict.fromkeys(("ecrRepositoryPrefix", "upstreamRegistryUrl", "upstreamRepositoryPrefix"), IDENTITY),
}

DELETES: Deletes = {
    REPOSITORY: edit("ecr", "delete_repository", "repositoryName", force=True),
    LIFECYCLE_POLICY: edit("ecr", "delete_lifecycle_policy", repositoryName=of("repository")),
    REPOSITORY_POLICY: edit("ecr", "delete_repository_policy", repositoryName=of("repository")),
    LOG_GROUP: edit("logs", "delete_log_group", "logGroupName"),
    BUCKET: edit("s3", "delete_bucket", "Bucket"),
    CLOSED: edit("s3", "delete_public_access_block", "Bucket"),
    OWNERS: edit("s3", "delete_bucket_ownership_controls", "Bucket"),
    BUCKET_POLICY: edit("s3", "delete_bucket_policy", "Bucket"),
    BUCKET_LIFE: edit("s3", "delete_bucket_lifecycle", "Bucket"),
    PARAMETER: edit("ssm", "delete_parameter", "Name"),
    SECRET: edit("secretsmanager", "delete_secret", "SecretId", ForceDeleteWithoutRecovery=True),
    MIRROR: edit("ecr", "delete_pull_through_cache_rule", "ecrRepositoryPrefix"),
}

# A bucket has had versions, or never had: no call takes that away. Every bucket is encrypted.
UNDELETABLE = (VERSIONS, ENCRYPTION)
