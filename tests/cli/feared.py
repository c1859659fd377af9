"""The changes that reviewers fear, made to one stack by the planner itself: no cloud, and the same in every run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from mlinfra.advice.cost import budget_findings, budget_of, estimate
from mlinfra.advice.prices import read_prices
from mlinfra.config.loader import load_stack
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.core.value import Path as Where
from mlinfra.core.value import Ref, path_text
from mlinfra.engine.planner import Request, make_plan
from mlinfra.engine.survey import Survey, remembered
from mlinfra.library import assembly
from mlinfra.policy.rulebook import Rulebook
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.session import catalogue as session_catalogue
from mlinfra.session import policies, review
from mlinfra.session.symbolic import Symbols, asked_of
from tests.library.samples import LIBRARY

DAY = date(2026, 11, 24)
ABOUT = {"target": "aws 123456789012 us-east-1", "file": "stack.yaml", "state": "s3://acme-mlinfra-state/recsys"}
STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: recsys, owner: ml@acme.example, tags: {team: recsys}}
target: {platform: aws, region: us-east-1, account: "123456789012"}
lifecycle:
  environment: production
  protect: [cluster, registries]
  budget: {monthlyUSD: 8000, onBreach: fail}
network:
  cidr: 10.40.0.0/16
  zones: 3
  nat: per-zone
  vpcEndpoints: [s3]
cluster:
  version: "1.32"
  access:
    - {principal: "arn:aws:iam::123456789012:role/ml-admins", policy: cluster-admin}
nodeGroups:
  system: {instances: [m6i.large], min: 3, max: 6}
  gpu: {instances: [g5.xlarge, g5.2xlarge], capacity: {type: spot}, min: 0, max: 4}
registries:
  models: {keepLast: 100}
resources:
  features:
    type: aws:s3/bucket:Bucket
    properties: {bucket: acme-recsys-features}
  features-versions:
    type: aws:s3/bucketVersioning:BucketVersioning
    properties: {bucket: "${resources.features.id}", versioningConfiguration: {status: Enabled}}
  features-private:
    type: aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock
    properties:
      {bucket: "${resources.features.id}", blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true,
       restrictPublicBuckets: true}
  features-encrypted:
    type: aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration
    properties:
      bucket: ${resources.features.id}
      rules: [{applyServerSideEncryptionByDefault: {sseAlgorithm: "aws:kms"}, bucketKeyEnabled: true}]
  features-by-tls:
    type: aws:s3/bucketPolicy:BucketPolicy
    properties:
      bucket: ${resources.features.id}
      policy: |
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": ["${resources.features.arn}", "${resources.features.arn}/*"],
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
  jobs:
    type: aws:sqs/queue:Queue
    properties: {sqsManagedSseEnabled: true}
"""
SYSTEM = "  system: {instances: [m6i.large], min: 3, max: 6}\n"


def without(text: str, first: str, last: str = "") -> str:
    """`text` without the lines from the one that begins with `first` to that before `last`."""
    begin = text.index(first)
    return text[:begin] + (text[text.index(last, begin + 1) :] if last else "")


# Each is what the stack file becomes.
CHANGES: dict[str, Callable[[str], str]] = {
    "another-address-range": lambda text: text.replace("10.40.0.0/16", "10.50.0.0/16"),
    "fewer-zones": lambda text: text.replace("zones: 3", "zones: 2"),
    "another-instance-type": lambda text: text.replace("[m6i.large]", "[m6i.xlarge]"),
    "key-deleted": lambda text: text.replace('  version: "1.32"', '  secretsEncryption: false\n  version: "1.32"'),
    "bucket-replaced": lambda text: text.replace("acme-recsys-features", "acme-features"),
    "bucket-deleted": lambda text: without(text, "  features:\n", "  jobs:\n"),
    "cluster-two-minors-up": lambda text: text.replace('"1.32"', '"1.34"'),
    "cluster-down": lambda text: text.replace('"1.32"', '"1.31"'),
    "protected-removed": lambda text: without(text, "registries:\n", "resources:\n"),
    "renamed-without-moved": lambda text: text.replace("  gpu: {", "  inference: {"),
    "renamed": lambda text: (
        text.replace("  gpu: {", "  inference: {") + "moved: [{from: nodeGroups.gpu, to: nodeGroups.inference}]\n"
    ),
    "api-open-to-the-world": lambda text: text.replace(
        '  version: "1.32"', '  endpoint: {public: true, allowedCidrs: [0.0.0.0/0]}\n  version: "1.32"'
    ),
    "too-dear": lambda text: text.replace("min: 0, max: 4}", "min: 24, max: 40}"),
    "another-tag": lambda text: text.replace("team: recsys}", "team: search}"),
    "half-of-it-gone": lambda text: without(without(text, "cluster:\n", "registries:\n"), "resources:\n"),
}


class Ids(Symbols):
    """What a cloud would call things: ids that say whose they are."""

    def text(self, reference: Ref) -> str:
        path = "" if reference.path == ("id",) else f"/{path_text(reference.path)}"
        return f"id-of-{reference.address}{path}"


class Named:
    """Positions in a file that is called `stack.yaml`, wherever it was read."""

    def __init__(self, stack: Stack) -> None:
        self._found = stack.positions

    def at(self, path: Where) -> Source | None:
        found = self._found.at(path)
        return None if found is None else msgspec.structs.replace(found, file="stack.yaml")


@cache
def planned(name: str) -> tuple[Plan, Graph]:
    """The plan of one change, once the stack as it was has been applied; and what is desired then."""
    (_, before), (stack, after) = _read(STACK), _read(CHANGES[name](STACK))
    ownership = Ownership("recsys", "0123456789abcdef")
    made = _plan(before, State(stack="recsys", lineage=ownership.lineage), ownership)
    resources = [
        msgspec.structs.replace(before.resources[step.address], properties=step.properties) for step in made.steps
    ]
    state = Ids().applied(resources, ownership, asked_of(before, after))
    plan = review.with_idle_names(_plan(after, state, ownership), stack, after, state)
    plan = policies.held(plan, Rulebook.of_project(Path("nowhere")), after, stack, DAY)
    cost = estimate(after, state, read_prices("us-east-1"), DAY, budget_of(stack.lifecycle))
    found = budget_findings(cost, stack.positions.at(("lifecycle", "budget")))
    return msgspec.structs.replace(plan, cost=cost, diagnostics=(*plan.diagnostics, *found)), after


def _read(text: str) -> tuple[Stack, Graph]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stack.yaml"
        path.write_text(text, encoding="utf-8")
        stack, _ = load_stack(str(path), session_catalogue.language(LIBRARY), environ={})
    stack = msgspec.structs.replace(stack, positions=Named(stack))
    facts = Ids().facts("123456789012", "us-east-1", assembly.wants(stack, LIBRARY))
    taggable = frozenset(token for token, kind in catalogue().items() if kind.about.maps_tags)
    return stack, assembly.build(stack, LIBRARY, facts, taggable)


def _plan(graph: Graph, state: State, ownership: Ownership) -> Plan:
    types = {token: kind.about for token, kind in catalogue().items()}
    seen = remembered(state, ownership) if state.records else Survey({})
    return make_plan(
        Request(graph=graph, state=state, survey=seen, types=types, ownership=ownership, region="us-east-1")
    )
