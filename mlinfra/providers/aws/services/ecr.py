"""Registries: repositories, what they keep, and who may use them.

Calls and fields: ECR API reference, 2015-09-21. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.core.property import Replace, block, boolean, document, list_of, text
from mlinfra.core.resource_type import Exclusive, NameRule, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Holding, Item, Reading, Shape, Tagging, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.iam_roles import same_policy
from mlinfra.providers.aws.template import TAG_KEYS, TAGS, call, prop
from mlinfra.providers.aws.work import Work

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"

# IAM does not know a new principal at once; terraform-provider-aws waits for the same words (November 2026).
_LAG = r"InvalidParameter.*Invalid repository policy provided"


def _only(value: Any) -> Any:
    """Pulumi has a list where ECR has one: its first, and a list of it."""
    return value[0] if isinstance(value, list) and value else None


def _holders(work: Work) -> Iterator[str]:
    images = len(work.pages("ListImages", "imageIds", repositoryName=work.id))
    if images:
        yield f"{images} image{'s' if images > 1 else ''}"


_REPOSITORY = AwsType(
    about=ResourceType(
        token=REPOSITORY,
        irreplaceable="the images in it",
        inputs=block(
            {
                "name": text(replace=Replace.DELETE_FIRST),
                "imageTagMutability": text(default="MUTABLE"),
                "imageScanningConfiguration": block(
                    {"scanOnPush": boolean(required=True)}, default={"scanOnPush": False}
                ),
                "encryptionConfigurations": list_of(
                    block({"encryptionType": text(default="AES256"), "kmsKey": text(refers="aws:kms/key:Key")}),
                    replace=Replace.DELETE_FIRST,
                    maxItems=1,
                ),
                "forceDelete": boolean(write_only=True, default=False, description="Delete it with its images."),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=200, lower=True),
    ),
    service="ecr",
    upper=False,
    id="{name}",
    names={"name": "repositoryName", "encryptionConfigurations": "encryptionConfiguration"},
    shapes={"encryptionConfigurations": Shape(outward=_only, inward=lambda value: [value])},
    create=call(
        "CreateRepository", "name", "imageTagMutability", "imageScanningConfiguration", "encryptionConfigurations"
    ),
    reading=Reading(
        listing=call("DescribeRepositories"),
        items="repositories",
        one=call("DescribeRepositories", repositoryNames=[prop("name")]),
        outputs={"arn": "repositoryArn", "registryId": "registryId", "repositoryUrl": "repositoryUri"},
    ),
    tagging=Tagging(
        form="list",
        creation={"tags": TAGS},
        add=call("TagResource", resourceArn=prop("arn"), tags=TAGS),
        remove=call("UntagResource", resourceArn=prop("arn"), tagKeys=TAG_KEYS),
        path="",
        read=call("ListTagsForResource", resourceArn=prop("arn")),
        found="tags",
        arn="arn:{partition}:ecr:{region}:{account}:repository/{id}",
    ),
    updates=(
        Update(("imageTagMutability",), (call("PutImageTagMutability", "name", "imageTagMutability"),)),
        Update(
            ("imageScanningConfiguration",),
            (call("PutImageScanningConfiguration", "name", "imageScanningConfiguration"),),
        ),
        # Ours alone: it matters when the repository is deleted.
        Update(("forceDelete",), ()),
    ),
    delete=call("DeleteRepository", "name", force=prop("forceDelete")),
    # A repository with images is not about to become empty.
    conflicts=r"OperationInProgress",
    held=Holding(
        by=_holders,
        hint="save what is needed, delete the images and run the same command again; or say forceDelete: true of it "
        "(a registry's goes with its images where lifecycle.environment is ephemeral), `mlinfra apply STACK --target "
        "{address}`, and they go with it",
    ),
)


def _on_repository(about: ResourceType, shown: str, *, put: str, get: str, delete: str, lag: str = "") -> AwsType:
    """A document that belongs to one repository, and stands in the answers of `get` as `shown`."""

    def details(reader: Reader, item: Item) -> Item:
        if shown in item:
            return item
        return reader.one("ecr", get, {"repositoryName": item["repositoryName"]}, item["repositoryName"])

    write = call(put, "repository", "policy", lag=lag)
    return AwsType(
        about=about,
        service="ecr",
        upper=False,
        id="{repository}",
        names={"repository": "repositoryName", "policy": shown},
        create=write,
        reading=Reading(
            below=lambda name, wanted: {"repositoryName": name},
            details=details,
            one=call(get, "repository"),
            item=".",
            outputs={"registryId": "registryId"},
        ),
        updates=(Update(("policy",), (write,)),),
        delete=call(delete, "repository"),
    )


_OF_REPOSITORY = text(required=True, replace=Replace.DELETE_FIRST, refers=REPOSITORY)

_LIFECYCLE_POLICY = _on_repository(
    ResourceType(
        token=LIFECYCLE_POLICY,
        inputs=block({"repository": _OF_REPOSITORY, "policy": document(required=True)}),
        key=("repository",),
        owned_by=OwnedBy.PARENT,
        parent="repository",
        exclusive=Exclusive(
            of=REPOSITORY, by="{repository}", said=lambda policy: "has a lifecycle policy, by which images expire"
        ),
    ),
    "lifecyclePolicyText",
    put="PutLifecyclePolicy",
    get="GetLifecyclePolicy",
    delete="DeleteLifecyclePolicy",
)

_REPOSITORY_POLICY = _on_repository(
    ResourceType(
        token=REPOSITORY_POLICY,
        inputs=block(
            {"repository": _OF_REPOSITORY, "policy": document(required=True, canonical=same_policy)},
        ),
        # Not exclusive: to look for what others gave a repository would cost a call for each in every plan.
        key=("repository",),
        owned_by=OwnedBy.PARENT,
        parent="repository",
    ),
    "policyText",
    put="SetRepositoryPolicy",
    get="GetRepositoryPolicy",
    delete="DeleteRepositoryPolicy",
    lag=_LAG,
)

TYPES = (_REPOSITORY, _LIFECYCLE_POLICY, _REPOSITORY_POLICY)
