"""Pull-through cache rules: foreign registries behind prefixes of our own.

A rule bears no tags: its prefix says whose it is. Calls and fields: ECR API reference, 2015-09-21. Names and
replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, text
from mlinfra.core.resource_type import NameRule, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import AwsType, Reading, Update
from mlinfra.providers.aws.forms import HOST_AND_PATH
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.template import ID, call

PULL_THROUGH_CACHE_RULE = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"

_CREDENTIALS = ("credentialArn", "customRoleArn")

_PULL_THROUGH_CACHE_RULE = AwsType(
    about=ResourceType(
        token=PULL_THROUGH_CACHE_RULE,
        inputs=block(
            {
                "ecrRepositoryPrefix": text(replace=Replace.DELETE_FIRST),
                "upstreamRegistryUrl": text(rules=HOST_AND_PATH, required=True, replace=Replace.DELETE_FIRST),
                "upstreamRepositoryPrefix": text(replace=Replace.DELETE_FIRST, default="ROOT"),
                "credentialArn": text(),
                "customRoleArn": text(refers=ROLE),
            }
        ),
        key=("ecrRepositoryPrefix",),
        name=NameRule("ecrRepositoryPrefix", longest=30, lower=True),
        owned_by=OwnedBy.DERIVED_NAME,
    ),
    service="ecr",
    upper=False,
    id="{ecrRepositoryPrefix}",
    create=call(
        "CreatePullThroughCacheRule",
        "ecrRepositoryPrefix",
        "upstreamRegistryUrl",
        "upstreamRepositoryPrefix",
        *_CREDENTIALS,
    ),
    reading=Reading(
        listing=call("DescribePullThroughCacheRules"),
        items="pullThroughCacheRules",
        one=call("DescribePullThroughCacheRules", ecrRepositoryPrefixes=[ID]),
        outputs={"registryId": "registryId"},
    ),
    updates=(Update(_CREDENTIALS, (call("UpdatePullThroughCacheRule", "ecrRepositoryPrefix", *_CREDENTIALS),)),),
    delete=call("DeletePullThroughCacheRule", "ecrRepositoryPrefix"),
)

TYPES = (_PULL_THROUGH_CACHE_RULE,)
