"""The changes that reviewers fear, made to one stack by the planner itself: no cloud, and the same in every run.

The stack is made of `resources` alone, so that what modules make of their sections is known by heart elsewhere.
"""

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
from mlinfra.core.clock import SystemClock
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Graph, Ownership
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack, Target
from mlinfra.core.state import State
from mlinfra.core.value import Path as Where
from mlinfra.core.value import Ref, path_text
from mlinfra.engine.planner import Request, make_plan
from mlinfra.engine.survey import Survey, remembered
from mlinfra.library import assembly
from mlinfra.policy.rulebook import Rulebook
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.plans import policies
from mlinfra.session.plans.partings import Partings
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.symbolic import Symbols, asked_of
from mlinfra.session.scrutiny import review
from mlinfra.session.scrutiny.major_versions import with_major_versions
from mlinfra.session.scrutiny.renames import with_renames
from tests.library.samples import LIBRARY

DAY = date(2026, 11, 24)
CLOUD = Cloud(Target(platform="aws", region="us-east-1"), Path(), SystemClock(), LIBRARY)
ABOUT = {"target": "aws 123456789012 us-east-1", "file": "stack.yaml", "state": "s3://acme-mlinfra-state/recsys"}
STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: recsys, owner: ml@acme.example, tags: {team: recsys}}
target: {platform: aws, region: us-east-1, account: "123456789012"}
lifecycle:
  environment: production
  protect: [resources.cluster, resources.models]
  budget: {monthlyUSD: 8000, onBreach: fail}
resources:
  net:
    type: aws:ec2/vpc:Vpc
    properties: {cidrBlock: 10.40.0.0/16, enableDnsHostnames: true}
  flow-logs:
    type: aws:ec2/flowLog:FlowLog
    properties:
      {vpcId: "${resources.net.id}", trafficType: ALL, logDestination: "${resources.logs.arn}",
       iamRoleArn: "arn:aws:iam::123456789012:role/flow-logs"}
  logs:
    type: aws:cloudwatch/logGroup:LogGroup
    properties: {name: /acme/recsys, retentionInDays: 30}
  subnet-a:
    type: aws:ec2/subnet:Subnet
    properties: {vpcId: "${resources.net.id}", cidrBlock: 10.40.0.0/19, availabilityZone: us-east-1a}
  subnet-b:
    type: aws:ec2/subnet:Subnet
    properties: {vpcId: "${resources.net.id}", cidrBlock: 10.40.32.0/19, availabilityZone: us-east-1b}
  key:
    type: aws:kms/key:Key
    properties: {description: Kubernetes secrets, enableKeyRotation: true}
  cluster:
    type: aws:eks/cluster:Cluster
    properties:
      name: recsys
      version: "1.32"
      roleArn: arn:aws:iam::123456789012:role/recsys-cluster
      vpcConfig:
        subnetIds: ["${resources.subnet-a.id}", "${resources.subnet-b.id}"]
        endpointPrivateAccess: true
        endpointPublicAccess: false
      accessConfig: {authenticationMode: API}
      enabledClusterLogTypes: [api, audit, authenticator, controllerManager, scheduler]
      encryptionConfig: {provider: {keyArn: "${resources.key.arn}"}, resources: [secrets]}
  machines:
    type: aws:ec2/launchTemplate:LaunchTemplate
    properties:
      metadataOptions: {httpTokens: required, httpPutResponseHopLimit: 1}
      blockDeviceMappings: [{deviceName: /dev/xvda, ebs: {volumeSize: 100, volumeType: gp3, encrypted: "true"}}]
  system:
    type: aws:eks/nodeGroup:NodeGroup
    properties:
      clusterName: ${resources.cluster.id}
      version: "1.32"
      nodeRoleArn: arn:aws:iam::123456789012:role/recsys-nodes
      subnetIds: ["${resources.subnet-a.id}", "${resources.subnet-b.id}"]
      instanceTypes: [m6i.large]
      launchTemplate: {id: "${resources.machines.id}", version: "1"}
      scalingConfig: {minSize: 3, maxSize: 6, desiredSize: 3}
  gpu:
    type: aws:eks/nodeGroup:NodeGroup
    properties:
      clusterName: ${resources.cluster.id}
      version: "1.32"
      nodeRoleArn: arn:aws:iam::123456789012:role/recsys-nodes
      subnetIds: ["${resources.subnet-a.id}", "${resources.subnet-b.id}"]
      instanceTypes: [g5.xlarge]
      amiType: AL2023_x86_64_NVIDIA
      taints: [{key: nvidia.com/gpu, value: present, effect: NO_SCHEDULE}]
      launchTemplate: {id: "${resources.machines.id}", version: "1"}
      scalingConfig: {minSize: 0, maxSize: 4, desiredSize: 0}
  models:
    type: aws:ecr/repository:Repository
    properties: {imageTagMutability: IMMUTABLE, imageScanningConfiguration: {scanOnPush: true}}
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
# What two of the changes are about, and no other needs.
DATABASE = """\
  features-db:
    type: aws:rds/instance:Instance
    properties:
      {identifier: recsys, engine: postgres, engineVersion: "17.5", instanceClass: db.t4g.medium, allocatedStorage: 100,
       storageEncrypted: true, username: recsys, manageMasterUserPassword: true, deletionProtection: true,
       publiclyAccessible: false}
"""
RUNTIME = """\
cluster: {version: "1.35"}
nodeGroups: {serving: {instances: [m6i.large], min: 2, max: 3}}
network: {use: {vpcId: vpc-0a1b2c3d4e5f60718, subnetIds: [subnet-0a1b2c3d4e5f60718, subnet-0a1b2c3d4e5f60719]}}
"""
SERVER = """\
  server:
    type: kubernetes:helm.sh/v3:Release
    properties:
      {name: server, namespace: serving, chart: server, version: 1.8.2, repositoryOpts: {repo: "https://charts.example"},
       values: {replicas: 2}}
"""


def without(text: str, first: str, last: str = "") -> str:
    """`text` without the lines from the one that begins with `first` to that before `last`."""
    begin = text.index(first)
    return text[:begin] + (text[text.index(last, begin + 1) :] if last else "")


# Each is what the stack file becomes.
CHANGES: dict[str, Callable[[str], str]] = {
    "another-address-range": lambda text: text.replace("10.40.", "10.50."),
    "subnet-changed": lambda text: text.replace("10.40.32.0/19", "10.40.64.0/19"),
    "zone-given-up": lambda text: without(
        text.replace(', "${resources.subnet-b.id}"', ""), "  subnet-b:\n", "  key:\n"
    ),
    "another-instance-type": lambda text: text.replace("[m6i.large]", "[m6i.xlarge]"),
    "key-deleted": lambda text: without(
        without(text, "  key:\n", "  cluster:\n"), "      encryptionConfig", "  machines"
    ),
    "bucket-replaced": lambda text: text.replace("acme-recsys-features", "acme-features"),
    "bucket-deleted": lambda text: without(text, "  features:\n", "  jobs:\n"),
    "cluster-three-minors-up": lambda text: text.replace('"1.32"', '"1.35"'),
    "unsupported-version": lambda text: text.replace('"1.32"', '"1.31"'),
    "protected-removed": lambda text: without(text, "  models:\n", "  features:\n"),
    "renamed-without-moved": lambda text: text.replace("  gpu:\n", "  inference:\n"),
    "renamed": lambda text: (
        text.replace("  gpu:\n", "  inference:\n") + "moved: [{from: resources.gpu, to: resources.inference}]\n"
    ),
    "api-open-to-the-world": lambda text: text.replace("endpointPublicAccess: false", "endpointPublicAccess: true"),
    "too-dear": lambda text: text.replace("minSize: 0, maxSize: 4", "minSize: 24, maxSize: 40"),
    "another-tag": lambda text: text.replace("team: recsys}", "team: search}"),
    "half-of-it-gone": lambda text: without(text, "  cluster:\n", "  jobs:\n"),
    "database-replaced": lambda text: text.replace("username: recsys", "username: features"),
    "engine-major-upgrade": lambda text: text.replace('engineVersion: "17.5"', 'engineVersion: "18.1"'),
    "runtime-major-upgrade": lambda text: text.replace("version: 1.8.2", "version: 2.0.1"),
}
# What the stack is before, where that is more than the stack that all have in common.
BEFORE = {
    "database-replaced": STACK + DATABASE,
    "engine-major-upgrade": STACK + DATABASE,
    "runtime-major-upgrade": STACK + SERVER + RUNTIME,
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
    was = BEFORE.get(name, STACK)
    (_, before), (stack, after) = _read(was), _read(CHANGES[name](was))
    ownership = Ownership("recsys", "0123456789abcdef")
    partings = Partings(stack, catalogue.language(LIBRARY))
    made = _plan(before, State(stack="recsys", lineage=ownership.lineage), ownership, partings)
    resources = [
        msgspec.structs.replace(before.resources[step.address], properties=step.properties) for step in made.steps
    ]
    state = Ids().applied(resources, ownership, asked_of(before, after))
    plan = with_renames(
        review.with_idle_names(with_major_versions(_plan(after, state, ownership, partings)), stack, after, state),
        state,
    )
    plan = policies.held(plan, Rulebook.of_project(Path("nowhere")), after, stack, DAY)
    cost = estimate(after, state, read_prices("us-east-1"), DAY, budget_of(stack.lifecycle))
    found = budget_findings(cost, stack.positions.at(("lifecycle", "budget")))
    return msgspec.structs.replace(plan, cost=cost, diagnostics=(*plan.diagnostics, *found)), after


def _read(text: str) -> tuple[Stack, Graph]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stack.yaml"
        path.write_text(text, encoding="utf-8")
        stack, _ = load_stack(str(path), catalogue.language(LIBRARY), environ={})
    stack = msgspec.structs.replace(stack, positions=Named(stack))
    facts = Ids().facts("123456789012", "us-east-1", assembly.wants(stack, LIBRARY))
    return stack, assembly.build(stack, LIBRARY, facts, CLOUD.taggable)


def _plan(graph: Graph, state: State, ownership: Ownership, partings: Partings) -> Plan:
    return make_plan(
        Request(
            graph=graph,
            state=state,
            survey=remembered(state, ownership) if state.records else Survey({}),
            types=CLOUD.types,
            ownership=ownership,
            region="us-east-1",
            partings=partings,
        )
    )
