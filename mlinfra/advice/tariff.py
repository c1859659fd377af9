"""What a resource of each type comes to. A type that is not here costs an unknown amount, and is listed as such."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from mlinfra.advice.bill import Bill
from mlinfra.advice.database_tariff import bill_database
from mlinfra.advice.machine_groups import machine_group
from mlinfra.advice.machine_tariff import bill_group
from mlinfra.advice.reading import items, number, part, text
from mlinfra.advice.things import Thing, Things
from mlinfra.advice.tokens import MANAGED, NODE_POOL, RESERVATION, SCALING
from mlinfra.core.cost import Amount
from mlinfra.core.value import Properties

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
_FINE = "high-resolution"
_SOON = timedelta(days=90)


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
    until = _standard_until(version)
    return until if until is not None and day >= until else None


def _standard_until(version: str) -> date | None:
    """When its standard support ends; of a version older than those that are known, when the oldest's did."""
    major, _, minor = version.partition(".")
    if version in _STANDARD_UNTIL or not (major.isdecimal() and minor.isdecimal()):
        return _STANDARD_UNTIL.get(version)
    oldest = min(_STANDARD_UNTIL, key=lambda known: int(known.partition(".")[2]))
    older = (int(major), int(minor)) < (1, int(oldest.partition(".")[2]))
    return _STANDARD_UNTIL[oldest] if older else None


def _cluster(thing: Thing, around: Circumstances, bill: Bill) -> None:
    own = thing.properties
    version = text(own, "version")
    # EKS takes clusters that want no extended support to the next version (EKS user guide, "Disable extended support").
    stays = text(part(own, "upgradePolicy"), "supportType", "EXTENDED") == "EXTENDED"
    since = extended_since(version, around.day) if stays else None
    if since is None:
        bill.charge(thing.address, "the control plane", "cluster.standard", _ONE, _coming(version, stays, around.day))
    else:
        what = f"the control plane, Kubernetes {version} in extended support"
        ended = f"{'on' if version in _STANDARD_UNTIL else 'before'} {since.isoformat()}"
        note = f"standard support ended {ended}; a newer version costs less"
        bill.charge(thing.address, what, "cluster.extended", _ONE, note)
    tier = text(part(own, "controlPlaneScalingConfig"), "tier", "standard")
    if tier != "standard":
        bill.leave(thing.address, f"the control plane's tier {tier}")
    if part(own, "computeConfig").get("enabled") is True:
        bill.leave(thing.address, "machines of EKS Auto Mode, and its fee for them", "EKS chooses them")


def _coming(version: str, stays: bool, day: date) -> str:
    """What should be known of a control plane in standard support: that this ends soon."""
    if not version:
        return "while its version is in standard support"
    until = _standard_until(version)
    if not stays or until is None or not timedelta(0) < until - day <= _SOON:
        return ""
    return f"standard support ends on {until.isoformat()}, and from then on it costs six times as much"


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
    # Addresses that somebody brings along are free (VPC pricing, November 2026).
    pool = thing.properties.get("publicIpv4Pool")
    if isinstance(pool, str) and pool != "amazon":
        return
    bill.charge(thing.address, "a public address", "public-address", _ONE)


def _endpoint(thing: Thing, around: Circumstances, bill: Bill) -> None:
    kind = text(thing.properties, "vpcEndpointType", "Gateway")
    if kind == "Gateway":
        return  # free (VPC user guide, "Gateway endpoints", November 2026)
    zones = items(thing.properties, "subnetIds")
    if kind != "Interface":
        bill.leave(thing.address, f"an endpoint of kind {kind}")
        return
    if not zones:
        bill.leave(thing.address, "an endpoint", "in how many zones is known after apply only")
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
    addresses = _addresses_of(own, kind)
    if addresses is None:
        bill.leave(thing.address, "its public addresses", "in how many zones is known after apply only")
    elif addresses:
        amount = Amount.fixed(Decimal(addresses))
        bill.charge(thing.address, f"its {addresses} public addresses", "public-address", amount)


def _addresses_of(own: Properties, kind: str) -> int | None:
    """The public addresses that a load balancer brings: one in each zone, but those given to it, which cost already.

    `None` where its zones are not known.
    """
    private = own.get("internal") is True or text(own, "ipAddressType") == "dualstack-without-public-ipv4"
    if private or kind == "gateway":
        return 0
    subnets, mappings = items(own, "subnets"), items(own, "subnetMappings")
    if not subnets and not mappings:
        return None
    return len(subnets) or sum("allocationId" not in part(one) for one in mappings)


def _key(thing: Thing, around: Circumstances, bill: Bill) -> None:
    turning = thing.properties.get("enableKeyRotation") is True
    note = "each of its first two rotations adds as much" if turning else ""
    bill.charge(thing.address, "a key", "key", _ONE, note)


def _alarm(thing: Thing, around: Circumstances, bill: Bill) -> None:
    """An alarm is paid for each metric that it looks at; a band of what is usual is three (CloudWatch pricing)."""
    own = thing.properties
    looked = [part(one, "metric") for one in items(own, "metricQueries") if "metric" in part(one)]
    kind = "standard" if min((number(one, "period", 60) for one in looked or [own]), default=60) >= 60 else _FINE
    count = max(1, len(looked)) * (3 if "thresholdMetricId" in own else 1)
    what = "an alarm" if count == 1 else f"an alarm on {count} metrics"
    bill.charge(thing.address, what, f"alarm.{kind}", Amount.fixed(Decimal(count)))


def _parameter(thing: Thing, around: Circumstances, bill: Bill) -> None:
    # Standard parameters are free; others are paid for (Systems Manager pricing, November 2026).
    tier = text(thing.properties, "tier", "Standard")
    if tier != "Standard":
        bill.charge(thing.address, f"a parameter of tier {tier}", f"parameter.{tier}", _ONE)


def _database(thing: Thing, around: Circumstances, bill: Bill) -> None:
    bill_database(thing, around.day, bill)


def _secret(thing: Thing, around: Circumstances, bill: Bill) -> None:
    copies = 1 + len(items(thing.properties, "replicas"))
    what = "a secret" if copies == 1 else f"a secret in {copies} regions"
    bill.charge(thing.address, what, "secret", Amount.fixed(Decimal(copies)))


def _zone(thing: Thing, around: Circumstances, bill: Bill) -> None:
    bill.charge(thing.address, "a hosted zone", "zone", _ONE, "each beyond the account's 25th costs less")
    bill.meter(thing.address, "queries")


def _lustre(thing: Thing, around: Circumstances, bill: Bill) -> None:
    own = thing.properties
    kind, size = text(own, "deploymentType", "SCRATCH_1"), number(own, "storageCapacity", 0)
    throughput = number(own, "perUnitStorageThroughput", 0)
    key = f"lustre.{kind}.{throughput}" if throughput else f"lustre.{kind}"
    bill.charge(thing.address, f"{size:,} GiB of Lustre ({kind})", key, Amount.fixed(Decimal(size)))
    if number(part(own, "metadataConfiguration"), "iops"):
        bill.leave(thing.address, "IOPS for metadata beyond those that come with it")
    if number(own, "automaticBackupRetentionDays"):
        bill.meter(thing.address, "backups, by size")


def _files(thing: Thing, around: Circumstances, bill: Bill) -> None:
    throughput = number(thing.properties, "provisionedThroughputInMibps")
    if text(thing.properties, "throughputMode") == "provisioned" and throughput:
        bill.charge(thing.address, f"{throughput:,} MiB/s", "files.throughput", Amount.fixed(Decimal(throughput)))
    bill.meter(thing.address, "files, by size and throughput")


def _reservation(thing: Thing, around: Circumstances, bill: Bill) -> None:
    kind, count = text(thing.properties, "instanceType"), number(thing.properties, "instanceCount")
    note = "whether it is used or not; machines of the stack in it cost nothing more"
    what = f"{count} {kind}, set aside"
    bill.charge(thing.address, what, f"machine.on-demand.{kind}", Amount.fixed(Decimal(count)), note)


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
    RESERVATION: _reservation,
    "aws:efs/fileSystem:FileSystem": _files,
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
