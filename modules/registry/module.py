"""A registry of container images: a repository, or mirrors of public ones.

Tags are immutable, images are scanned, old ones go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Json, Properties
from mlinfra.library import Block, Place, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Registry

SECTION = Place("registries", many=True)
Outputs = Registry

# What ECR's own console calls the mirrors of these (ECR user guide, "Pull through cache", November 2026). Others want
# credentials, which this section does not take.
_UPSTREAMS = {"public.ecr.aws": "ecr-public", "registry.k8s.io": "kubernetes", "quay.io": "quay"}
_LONGEST_PREFIX = 30


class Inputs(Block, frozen=True, kw_only=True):
    """A registry of images."""

    immutable: Annotated[bool, Meta(description="whether a tag, once pushed, stays what it is")] = True
    scan_on_push: Annotated[bool, Meta(description="whether images are scanned for known weaknesses")] = True
    keep_last: Annotated[
        int, Meta(description="how many images are kept, the newest; 0: all of them", ge=0, le=10000)
    ] = 100
    encryption: Annotated[
        Literal["aes256", "kms"], Meta(description="with whose key images are encrypted: S3's, or AWS's own of KMS")
    ] = "aes256"
    pull_through: Annotated[
        tuple[Literal["public.ecr.aws", "registry.k8s.io", "quay.io"], ...],
        Meta(description="makes mirrors of these registries instead of a repository"),
    ] = ()
    prefix: Annotated[
        str,
        Meta(
            description="pullThrough: what the mirrors' names begin with; empty: <stack>/<entry>",
            pattern=r"^([a-z0-9]+([._/-][a-z0-9]+)*)?$",
            examples=["mirror"],
        ),
    ] = ""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the repository, or the mirrors."""
    if problems := list(_problems(scope, inputs)):
        scope.refuse(*problems)
    if inputs.pull_through:
        return _mirrors(scope, inputs, facts)
    repository = scope.add("", "aws:ecr/repository:Repository", _repository(scope, inputs), keep_name=True)
    if inputs.keep_last:
        policy = {"repository": repository["name"], "policy": Json(_lifecycle(inputs.keep_last))}
        scope.add("lifecycle", "aws:ecr/lifecyclePolicy:LifecyclePolicy", policy)
    return Registry(url=repository["repositoryUrl"], arn=repository.arn, name=repository["name"])


def _repository(scope: Scope, inputs: Inputs) -> Properties:
    return {
        "name": f"{scope.stack.name}/{scope.name}",
        "imageTagMutability": "IMMUTABLE" if inputs.immutable else "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": inputs.scan_on_push},
        "encryptionConfigurations": [{"encryptionType": inputs.encryption.upper()}],
        # An ephemeral copy goes with all that was pushed into it; elsewhere images keep their repository.
        "forceDelete": scope.stack.environment == "ephemeral",
    }


def _lifecycle(keep: int) -> Properties:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep}
    rule = {"rulePriority": 1, "description": f"keep the newest {keep}", "selection": selection}
    return {"rules": [{**rule, "action": {"type": "expire"}}]}


def _mirrors(scope: Scope, inputs: Inputs, facts: Facts) -> Registry:
    prefix = _prefix(scope, inputs)
    for upstream in inputs.pull_through:
        name = _UPSTREAMS[upstream]
        properties = {"ecrRepositoryPrefix": f"{prefix}/{name}", "upstreamRegistryUrl": upstream}
        scope.add(name, "aws:ecr/pullThroughCacheRule:PullThroughCacheRule", properties)
    domain = "amazonaws.com.cn" if facts.partition == "aws-cn" else "amazonaws.com"
    return Registry(url=f"{facts.account}.dkr.ecr.{facts.region}.{domain}/{prefix}", name=prefix)


def _prefix(scope: Scope, inputs: Inputs) -> str:
    return inputs.prefix or f"{scope.stack.name}/{scope.name}"


def _problems(scope: Scope, inputs: Inputs) -> Iterator[Problem]:
    if not inputs.pull_through:
        if inputs.prefix:
            yield Problem(Code.MIRROR_OR_REPOSITORY, "prefix is for mirrors", at=("prefix",), hint="take it out")
        return
    if inputs != Inputs(pull_through=inputs.pull_through, prefix=inputs.prefix):
        hint = "make two entries of it: one with pullThrough and prefix alone, and one without"
        yield Problem(Code.MIRROR_OR_REPOSITORY, "a mirror has no settings of a repository", hint=hint)
    longest = max((_UPSTREAMS[upstream] for upstream in inputs.pull_through), key=len)
    name = f"{_prefix(scope, inputs)}/{longest}"
    if len(name) > _LONGEST_PREFIX:
        summary = f"{name} is longer than the {_LONGEST_PREFIX} characters that ECR allows for mirrors"
        hint = f"add a prefix of {_LONGEST_PREFIX - len(longest) - 1} characters or fewer, unique in the account"
        yield Problem(Code.REGISTRY_NAME, summary, at=("pullThrough",), hint=hint)
    if len(set(inputs.pull_through)) < len(inputs.pull_through):
        yield Problem(
            Code.MIRROR_OR_REPOSITORY,
            "a registry is mirrored twice",
            at=("pullThrough",),
            hint="name each once",
        )
