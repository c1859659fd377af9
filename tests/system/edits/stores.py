"""What keeps things: registries, log groups, buckets, parameters."""

from __future__ import annotations

import json

from .table import IDENTITY, IMMUTABLE, Deletes, Edits, Exceptions, edit, of, out

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

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
    LOG_GROUP: {
        "retentionInDays": edit("logs", "delete_retention_policy", "logGroupName"),
        "kmsKeyId": edit("logs", "disassociate_kms_key", "logGroupName"),
        "tags": edit("logs", "tag_resource", resourceArn=out("arn"), tags={"team": "edited"}),
    },
}

EXCEPTIONS: Exceptions = {
    REPOSITORY: {
        "name": IDENTITY,
        "encryptionConfigurations[].encryptionType": IMMUTABLE,
        "encryptionConfigurations[].kmsKey": IMMUTABLE,
    },
    LIFECYCLE_POLICY: {"repository": IDENTITY},
    LOG_GROUP: {"name": IDENTITY, "logGroupClass": IMMUTABLE},
}

DELETES: Deletes = {
    REPOSITORY: edit("ecr", "delete_repository", "repositoryName", force=True),
    LIFECYCLE_POLICY: edit("ecr", "delete_lifecycle_policy", repositoryName=of("repository")),
    LOG_GROUP: edit("logs", "delete_log_group", "logGroupName"),
}
