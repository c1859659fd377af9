"""Whatever is edited behind the back of a stack is found, named and put right: every property of every type."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from mlinfra.providers.aws.catalogue import catalogue

from . import edits
from .account import Account
from .edits.table import Edit, leaves, unread
from .foreign import prepare
from .things import Thing, things

TABLES = [import_module(f"{edits.__name__}.{info.name}") for info in iter_modules(edits.__path__)]


def joined(name: str) -> dict[str, Any]:
    """One table of all the files."""
    tables = [getattr(module, name, {}) for module in TABLES]
    return {token: rows for table in tables for token, rows in table.items()}


EDITS, ALONG, AT, EXCEPTIONS = (joined(name) for name in ("EDITS", "ALONG", "AT", "EXCEPTIONS"))
UNTRIED, GUESTS = joined("UNTRIED"), joined("GUESTS")


# Which stack holds objects with every property of a type. Others may have such objects, too.
HOME: dict[str, tuple[str, ...]] = {
    "templates": ("aws:ec2/launchTemplate:LaunchTemplate",),
    "clusters": (
        "aws:eks/accessEntry:AccessEntry",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:eks/addon:Addon",
        "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    ),
    "identities": (
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repository:Repository",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:kms/key:Key",
    ),
    "services": (
        "aws:amp/alertManagerDefinition:AlertManagerDefinition",
        "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
        "aws:amp/workspace:Workspace",
        "aws:autoscaling/group:Group",
        "aws:autoscaling/tag:Tag",
        "aws:budgets/budget:Budget",
        "aws:cloudwatch/dashboard:Dashboard",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:ec2/capacityReservation:CapacityReservation",
        "aws:ec2/placementGroup:PlacementGroup",
        "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
        "aws:eks/fargateProfile:FargateProfile",
        "aws:lb/listener:Listener",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:lb/targetGroup:TargetGroup",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:secretsmanager/secret:Secret",
        "aws:sns/topic:Topic",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:sqs/queue:Queue",
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws:ssm/parameter:Parameter",
    ),
    "data": (
        "aws:acm/certificate:Certificate",
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:efs/accessPoint:AccessPoint",
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:efs/fileSystem:FileSystem",
        "aws:efs/mountTarget:MountTarget",
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "aws:rds/instance:Instance",
        "aws:rds/parameterGroup:ParameterGroup",
        "aws:rds/subnetGroup:SubnetGroup",
        "aws:route53/record:Record",
        "aws:route53/zone:Zone",
        "aws:secretsmanager/secretVersion:SecretVersion",
    ),
    "networks": (
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/eip:Eip",
        "aws:ec2/flowLog:FlowLog",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/route:Route",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    ),
}


def test_every_property_that_is_compared_has_an_edit_or_a_reason() -> None:
    missing, idle = [], []
    for token, kind in catalogue().items():
        declared = dict(leaves(kind.about.inputs))
        for path, one in declared.items():
            reason = EXCEPTIONS.get(token, {}).get(path, "") or unread(one) or _untried(token, path)
            if (path in EDITS.get(token, {})) == bool(reason):
                missing.append(f"{token} {path}")
            elif reason:
                print(f"{token} {path}: {reason}")
        named = {*EDITS.get(token, {}), *EXCEPTIONS.get(token, {}), *UNTRIED.get(token, ())}
        idle += [f"{token} {path}" for path in sorted(named - set(declared))]
    assert (missing, idle, sorted({*EDITS, *EXCEPTIONS} - set(catalogue()))) == ([], [], [])


def _untried(token: str, path: str) -> str:
    return "untried: no stack of these tests gives it a value yet" if path in UNTRIED.get(token, ()) else ""


def test_every_type_has_a_stack_with_objects_of_it() -> None:
    assert sorted(token for tokens in HOME.values() for token in tokens) == sorted(catalogue())


Edited = tuple[str, str, Edit]  # address, property path, what is done


@pytest.mark.parametrize("name", HOME)
def test_what_is_edited_outside_is_named_and_put_right(account: Account, name: str) -> None:
    stack = prepare(account, name)
    account.do("apply", stack, "--yes")
    account.do("plan", stack, "--detailed-exitcode")
    for edited in _rounds(HOME[name], things(account)):
        found = things(account)  # a repair may have replaced some
        for address, _, edit in edited:
            edit(found[address])
        drift = account.run("drift", stack, "-o", "json")
        assert drift.code == 2, drift.out + drift.err
        assert _drifted(drift.json()) == {pair for one in edited for pair in _expected(found, *one)}
        account.do("apply", stack, "--yes")
    # What a repair left undone, the next round would have found beside its own edits; and this, after the last.
    account.do("plan", stack, "--detailed-exitcode")
    hosts = _invite(HOME[name], things(account))
    drift = account.run("drift", stack, "-o", "json")
    assert drift.code == (2 if hosts else 0), drift.out + drift.err
    assert _drifted(drift.json()) == set()  # what is added to an object is told of it, and is no change
    assert sorted(one["address"] for one in drift.json()["diagnostics"] if one["code"] == "MLI3180") == sorted(hosts)
    account.do("apply", stack, "--yes", "--remove-foreign")
    assert account.do("drift", stack, "-o", "json").json()["diagnostics"] == []
    account.do("destroy", stack, "--yes")
    assert account.left() == []


def _invite(tokens: tuple[str, ...], found: dict[str, Thing]) -> list[str]:
    """Something of each of these types that may be added to an object of ours is added to one; answers which."""
    hosts = []
    for token in tokens:
        terms = catalogue()[token].about.exclusive
        if terms is None:
            continue
        below = {terms.host_of(thing.inputs) for thing in found.values() if thing.type == token}
        able = [thing for thing in found.values() if thing.type == terms.of]
        host = next((thing for thing in able if thing.id not in below), able[0])
        GUESTS[token](host)
        hosts.append(host.address)
    return hosts


def test_everything_that_others_may_add_to_an_object_of_ours_is_tried() -> None:
    assert sorted(GUESTS) == sorted(token for token, kind in catalogue().items() if kind.about.exclusive is not None)


def _rounds(tokens: tuple[str, ...], found: dict[str, Thing]) -> Iterator[list[Edited]]:
    """Every edit of these types, each on an object that declares the property; each object once in a round."""
    waiting: dict[str, deque[Edited]] = {}
    for token in tokens:
        for path, edit in EDITS.get(token, {}).items():
            able = [thing.address for thing in found.values() if thing.type == token and thing.declares(path)]
            if path in AT.get(token, {}):
                able = [AT[token][path]]
            assert able, f"no object of the stack declares {path} of {token}"
            least = min(able, key=lambda address: len(waiting.get(address, ())))
            waiting.setdefault(least, deque()).append((least, path, edit))
    while waiting:
        yield [queue.popleft() for queue in waiting.values()]
        waiting = {address: queue for address, queue in waiting.items() if queue}


def _expected(found: dict[str, Thing], address: str, path: str, _: Edit) -> set[tuple[str, str]]:
    along = ALONG.get(found[address].type, {}).get(path, ())
    return {(address, name) for name in (path, *along)}


def _drifted(plan: Any) -> set[tuple[str, str]]:
    """The addresses and properties that a plan names as drifted."""
    return {
        (change["address"], _property(change["type"], field["path"]))
        for change in plan["changes"]
        for field in change["fields"] or [{"path": "(all)"}]
        if change["action"] != "no-op" and field.get("cause", "drift") == "drift"
    }


def _property(token: str, path: str) -> str:
    """A field as the tables spell it, down to the last property that is declared: tags have keys of their own."""
    path = re.sub(r"\[\d+\]", "[]", path)
    declared = dict(leaves(catalogue()[token].about.inputs))
    return next((leaf for leaf in declared if path == leaf or path.startswith((f"{leaf}.", f"{leaf}["))), path)
