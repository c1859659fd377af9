"""What mlinfra asks of AWS, as the actions that IAM knows: read off the sources and botocore's own models.

Every text in a source that is the name of an operation counts as a call of it, of each service that the same file names
or one of the declarations that it imports from. That is a little more than is called, and never less: whoever adds a
type adds its actions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = "sandbox"  # what AWS does there, it does to itself
_WORDS = frozenset({"account", "location", "notifications"})  # services whose names stand here for something else
_READS = re.compile(r"(?:Describe|List|Get|Head|BatchGet|Search|Lookup|Filter|View)")

# What services are called in IAM (AWS's Service Authorization Reference, read 2026-11-24).
_PREFIXES = {
    "amp": "aps",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
# Operations whose actions have other names (the same, "Actions defined by AWS Budgets"; Amazon S3 User Guide, "Required
# permissions for Amazon S3 API operations").
_OTHERWISE = {
    "budgets": {"Describe.*": "ViewBudget", "(Create|Update|Delete).*": "ModifyBudget"},
    "s3": {
        "DeleteBucketEncryption|PutBucketEncryption": "PutEncryptionConfiguration",
        "DeleteBucketLifecycle|PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
        "DeleteBucketTagging": "PutBucketTagging",
        "DeleteObjects": "DeleteObject",
        "(Delete|Put)PublicAccessBlock": "PutBucketPublicAccessBlock",
        "GetBucketEncryption": "GetEncryptionConfiguration",
        "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
        "HeadBucket|ListObjectsV2": "ListBucket",
        "ListBuckets": "ListAllMyBuckets",
        "ListObjectVersions": "ListBucketVersions",
    },
}
# What AWS asks for besides (the same reference, "Dependent actions"): roles that are handed on, the roles that services
# make for themselves at first use, grants on keys, machines from templates, the delivery of logs.
BESIDES = frozenset(
    {"iam:PassRole", "iam:CreateServiceLinkedRole", "kms:CreateGrant", "ec2:RunInstances", "logs:CreateLogDelivery"}
)


def is_reading(action: str) -> bool:
    """Whether it only looks."""
    return _READS.match(action.partition(":")[2]) is not None


@cache
def actions() -> frozenset[str]:
    """Every action that plans, applies and destroys may need; but those of whom anybody may ask who he is."""
    named = {_action(service, operation) for service, operation in _calls() if service != "sts"}
    return frozenset(named) | BESIDES


def calls_of(text: str) -> set[tuple[str, str]]:
    """The service and operation of every call that one source may make by itself."""
    return set(_within(_Source(text), frozenset()))


def _action(service: str, operation: str) -> str:
    known = _OTHERWISE.get(service, {}).items()
    name = next((action for pattern, action in known if re.fullmatch(pattern, operation)), operation)
    return f"{_PREFIXES.get(service, service)}:{name}"


def _calls() -> Iterator[tuple[str, str]]:
    sources = {path: _Source(path.read_text(encoding="utf-8")) for path in _files()}
    for source in sources.values():
        shared = (_path(module) for module in source.imports if "services" in module)
        borrowed = frozenset(name for path in shared if path in sources for name in sources[path].services)
        yield from _within(source, borrowed)


def _files() -> Iterator[Path]:
    for path in sorted((ROOT / "mlinfra").rglob("*.py")):
        if _NOT_OURS not in path.relative_to(ROOT).parts:
            yield path


def _path(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


class _Source:
    """One source: its texts, those with something filled in as patterns, its methods, and what it imports."""

    def __init__(self, text: str) -> None:
        self.texts = set(re.findall(r'"([A-Za-z][\w-]*)"', text))
        # What is followed by a colon is the name of a parameter.
        filled = set(re.findall(r'\bf"([A-Z][a-z]{3}[\w.\[\]{}]*)"(?!:)', text))
        self.patterns = [re.compile(re.sub(r"\{[^}]*\}", "[A-Za-z]+", one)) for one in filled]
        self.methods = set(re.findall(r"\.([a-z_0-9]+)\b", text))
        self.imports = set(re.findall(r"^from (mlinfra[\w.]+) import", text, re.MULTILINE))
        self.services = (self.texts & _services()) - _WORDS


def _within(source: _Source, borrowed: frozenset[str]) -> Iterator[tuple[str, str]]:
    for service in source.services | borrowed:
        for operation in _operations(service):
            if operation in source.texts or any(pattern.fullmatch(operation) for pattern in source.patterns):
                yield service, operation
    # The one client that is called by methods: that of states in S3.
    for method in source.methods & _methods().keys():
        yield "s3", _methods()[method]


@cache
def _methods() -> dict[str, str]:
    return {xform_name(operation): operation for operation in _operations("s3")}


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def _services() -> frozenset[str]:
    return frozenset(_session().get_available_services())


@cache
def _operations(service: str) -> frozenset[str]:
    return frozenset(_session().get_service_model(service).operation_names)
