"""What a resource of each type comes to. A type that is not here costs an unknown amount, and is listed as such."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import msgspec

from mlinfra.advice.bill import Bill
from mlinfra.advice.machine_groups import machine_group
from mlinfra.advice.machine_tariff import bill_group
from mlinfra.advice.reading import items, number, text
from mlinfra.advice.things import Thing, Things
from mlinfra.advice.tokens import MANAGED, NODE_POOL, SCALING
from mlinfra.core.cost import Amount

# The end of standard support of each version: EKS user guide, "Amazon EKS Kubernetes release calendar" (April 2026).
# https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
_STANDARD_UNTIL = {
    "1.29": date(2025, 3, 23),
    "1.30": date(2025, 7, 23),
    "1.31": date(2025, 11, 26),
    "1.32": date(2026, 3, 23),
    "1.33": date(2026, 7, 29),
    "1.34": date(2026, 12, 2),
    "1.35": date(2027, 3, 27),
}
_ONE = Amount.fixed(Decimal(1))


class Circumstances(msgspec.Struct, frozen=True):
    """What a price depends on besides the thing: the others of the stack, and the day."""

    things: Things
    day: date


Tariff = Callable[[Thing, Circumstances, Bill], None]


def bill_thing(thing: Thing, around: Circumstances, bill: Bill) -> None:
    """Add what `thing` comes to."""
    tariff = _TARIFFS.get(thing.type)
    if tariff is not None:
        tariff(thing, around, bill)
    elif thing.type in _METERED:
        bill.meter(thing.address, _METERED[thing.type])
    elif thing.type not in _FREE and not thing.type.startswith(_FREE_KINDS):
        bill.leave(thing.address, thing.type, "mlinfra knows no price of this type")


def extended_since(version: str, day: date) -> date | None:
    """Since when a version of Kubernetes is in extended support on `day`; `None` while it is in standard support."""
    until = _STANDARD_UNTIL.get(version)
    return until if until is not None and day >= until else None


def _cluster(thing: Thing, around: Circumstances, bill: Bill) -> None:
    version = text(thing.properties, "version")
    since = extended_since(version, around.day)
    if since is None:
        note = "" if version else "while its version is in standard support"
        bill.charge(thing.address, "the control plane", "cluster.standard", _ONE, note)
        return
    what = f"the control plane, Kubernetes {version} in extended support"
    note = f"standard support ended on {since.isoformat()}; a newer version costs less"
    bill.charge(thing.address, what, "cluster.extended", _ONE, note)


def _group(thing: Thing, around: Circumstances, bill: Bill) -> None:
    group = machine_group(thing, around.things)
    if group is None:
        bill.leave(thing.address, "machines", "its bounds or types are known after apply only")
    else:
        bill_group(group, bill)


def _nat_gateway(thing: Thing, around: Circumstances, bill: Bill) -> None:
    bill.charge(thing.address, "a NAT gateway", "nat-gateway", _ONE)
    bill.meter(thing.address, "traffic through the NAT gateway")


def _public_address(thing: Thing, around: Circumstances, bill: Bill) -> None:
    bill.charge(thing.address, "a public address", "public-address", _ONE)


def _endpoint(thing: Thing, around: Circumstances, bill: Bill) -> None:
    kind = text(thing.properties, "vpcEndpointType", "Gateway")
    if kind == "Gateway":
        return  # free (VPC user guide, "Gateway endpoints", November 2026)
    zones = items(thing.properties, "subnetIds")
    if kind != "Interface" or not zones:
        bill.leave(thing.address, f"an endpoint of kind {kind}", "in how many zones is known after apply only")
        return
    bill.charge(
        thing.address,
        f"an endpoint in {len(zones)} zone{'s' if len(zones) != 1 else ''}",
        "vpc-endpoint.interface",
        Amount.fixed(Decimal(len(zones))),
    )
    bill.meter(thing.address, "traffic through the endpoint")


def _load_balancer(thing: Thing, around: Circumstances, bill: Bill) -> None:
    own = thing.properties
    kind = text(own, "loadBalancerType", "application")
    bill.charge(thing.address, f"a load balancer ({kind})", f"load-balancer.{kind}", _ONE)
    bill.meter(thing.address, "what the load balancer carries")
    zones = items(own, "subnets") or items(own, "subnetMappings")
    if own.get("internal") is not True and zones:
        amount = Amount.fixed(Decimal(len(zones)))
        bill.charge(thing.address, f"its {len(zones)} public addresses", "public-address", amount)


def _key(thing: Thing, around: Circumstances, bill: Bill) -> None:
    turning = thing.properties.get("enableKeyRotation") is True
    note = "each of its first two rotations adds as much" if turning else ""
    bill.charge(thing.address, "a key", "key", _ONE, note)


def _alarm(thing: Thing, around: Circumstances, bill: Bill) -> None:
    kind = "standard" if number(thing.properties, "period", 60) >= 60 else "high-resolution"
    bill.charge(thing.address, "an alarm", f"alarm.{kind}", _ONE)


def _parameter(thing: Thing, around: Circumstances, bill: Bill) -> None:
    # Standard parameters are free; others are paid for (Systems Manager pricing, November 2026).
    tier = text(thing.properties, "tier", "Standard")
    if tier != "Standard":
        bill.charge(thing.address, f"a parameter of tier {tier}", f"parameter.{tier}", _ONE)


def _database(thing: Thing, around: Circumstances, bill: Bill) -> None:
    # A standby costs what its database costs, and so does its storage (RDS user guide, "On-Demand DB instances").
    own = thing.properties
    kind, size = text(own, "instanceClass"), number(own, "allocatedStorage", 0)
    copies = 2 if own.get("multiAz") is True else 1
    what = f"a database ({kind})" + (" and its standby" if copies == 2 else "")
    bill.charge(thing.address, what, f"database.{text(own, 'engine')}.{kind}", Amount.fixed(Decimal(copies)))
    storage = text(own, "storageType", "gp3")
    if size:
        amount = Amount.fixed(Decimal(size) * copies)
        bill.charge(thing.address, f"its {size:,} GB of storage ({storage})", f"database.storage.{storage}", amount)
    bill.meter(thing.address, "backups beyond the size of the database")


def _secret(thing: Thing, around: Circumstances, bill: Bill) -> None:
    bill.charge(thing.address, "a secret", "secret", _ONE)


def _zone(thing: Thing, around: Circumstances, bill: Bill) -> None:
    bill.charge(thing.address, "a hosted zone", "zone", _ONE, "each beyond the account's 25th costs less")
    bill.meter(thing.address, "queries")


def _lustre(thing: Thing, around: Circumstances, bill: Bill) -> None:
    own = thing.properties
    kind, size = text(own, "deploymentType", "SCRATCH_1"), number(own, "storageCapacity", 0)
    throughput = number(own, "perUnitStorageThroughput", 0)
    key = f"lustre.{kind}.{throughput}" if throughput else f"lustre.{kind}"
    bill.charge(thing.address, f"{size:,} GiB of Lustre ({kind})", key, Amount.fixed(Decimal(size)))


_TARIFFS: dict[str, Tariff] = {
    "aws:eks/cluster:Cluster": _cluster,
    MANAGED: _group,
    SCALING: _group,
    NODE_POOL: _group,
    "aws:ec2/natGateway:NatGateway": _nat_gateway,
    "aws:ec2/eip:Eip": _public_address,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:kms/key:Key": _key,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:fsx/lustreFileSystem:LustreFileSystem": _lustre,
    "aws:rds/instance:Instance": _database,
    "aws:route53/zone:Zone": _zone,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:ssm/parameter:Parameter": _parameter,
}
_METERED = {
    # Amazon Managed Service for Prometheus pricing (November 2026): samples, storage, and what queries and rules read.
    "aws:amp/workspace:Workspace": "metrics, by sample, storage and query",
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": "what its rules read, by sample",
    "aws:ecr/repository:Repository": "images, by size",
    "aws:efs/backupPolicy:BackupPolicy": "backups, by size",
    "aws:efs/fileSystem:FileSystem": "files, by size and throughput",
    "aws:cloudwatch/logGroup:LogGroup": "logs, by size",
    "aws:eks/fargateProfile:FargateProfile": "pods, by their vCPUs and memory",
    "aws:s3/bucket:Bucket": "objects, by size and request",
    "aws:sqs/queue:Queue": "messages, by request",
    "aws:sns/topic:Topic": "messages, by request",
}
# What carries, guards or names the things above, and costs nothing by itself (AWS pricing pages, November 2026).
_FREE_KINDS = ("aws:iam/", "aws:ec2/routeTable", "aws:vpc/securityGroup", "kubernetes:")
_FREE = frozenset(
    {
        "aws:acm/certificate:Certificate",  # public ones
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        "aws:autoscaling/tag:Tag",
        "aws:amp/alertManagerDefinition:AlertManagerDefinition",  # what it sends is paid for where it goes
        "aws:budgets/budget:Budget",  # those without actions (AWS Budgets pricing, November 2026)
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/flowLog:FlowLog",  # its logs are paid for where they are kept
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/placementGroup:PlacementGroup",
        "aws:ec2/route:Route",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:efs/accessPoint:AccessPoint",
        "aws:efs/mountTarget:MountTarget",
        "aws:eks/accessEntry:AccessEntry",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:eks/addon:Addon",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:kms/alias:Alias",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:lb/listener:Listener",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/targetGroup:TargetGroup",
        "aws:rds/parameterGroup:ParameterGroup",
        "aws:rds/subnetGroup:SubnetGroup",
        "aws:route53/record:Record",  # up to 10,000 in a zone
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:sqs/queuePolicy:QueuePolicy",
    }
)
