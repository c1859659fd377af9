"""Six small stacks, each in three forms: as first applied, as updated, and so that objects have to be replaced.

All of them are in the account alone; `platform` has one that is in a cluster as well.

Each is there for what it tells: creates without a token and ids given late (network), long waits and upgrades in hops
(cluster), children without tags (access), a state in S3 (registry), replacements that must delete first (security), and
creations that are refused when they are repeated, tagged afterwards, or of what AWS makes up (data).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

Document = Mapping[str, Any]
STATES = "mlinfra-states"  # the bucket of those that keep their state in S3
_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)


class Form(msgspec.Struct, frozen=True):
    """One stack in its three forms: whole stack files as data."""

    name: str
    first: Document
    updated: Document
    replaced: Document

    def stages(self) -> tuple[tuple[str, Document], ...]:
        """The forms in the order in which they are applied, by what applying each does."""
        return (("create", self.first), ("update", self.updated), ("replace", self.replaced))


def document(name: str, *, state: str = "", **sections: Any) -> dict[str, Any]:
    """A stack file's content."""
    return {
        "apiVersion": "mlinfra/v1",
        "kind": "Stack",
        "metadata": {"name": name},
        "target": {"platform": "aws", "region": "us-east-1"},
        "policies": {"packs": []},  # what is broken here is broken on purpose
        **({"state": state} if state else {}),
        **sections,
    }


def text(content: Document) -> str:
    """A stack file's text."""
    return msgspec.json.encode(content).decode()  # JSON is YAML, and has no aliases


def raw(type: str, /, **properties: Any) -> dict[str, Any]:
    """One entry of `resources`."""
    return {"type": type, "properties": properties}


def _network() -> Form:
    def form(cidr: str, tags: dict[str, str], **vpc: Any) -> Document:
        resources = {
            "vpc": raw("aws:ec2/vpc:Vpc", cidrBlock=f"{cidr}.0.0/16", tags=tags, **vpc),
            "gateway": raw("aws:ec2/internetGateway:InternetGateway", vpcId="${resources.vpc.id}"),
            "subnet": raw(
                "aws:ec2/subnet:Subnet",
                vpcId="${resources.vpc.id}",
                cidrBlock=f"{cidr}.1.0/24",
                availabilityZone="us-east-1a",
            ),
            "address": raw("aws:ec2/eip:Eip", domain="vpc", tags=tags),
            "nat": raw(
                "aws:ec2/natGateway:NatGateway",
                subnetId="${resources.subnet.id}",
                allocationId="${resources.address.id}",
            )
            | {"dependsOn": ["resources.gateway"]},
            "table": raw("aws:ec2/routeTable:RouteTable", vpcId="${resources.vpc.id}"),
            "route": raw(
                "aws:ec2/route:Route",
                routeTableId="${resources.table.id}",
                destinationCidrBlock="0.0.0.0/0",
                natGatewayId="${resources.nat.id}",
            ),
            "association": raw(
                "aws:ec2/routeTableAssociation:RouteTableAssociation",
                subnetId="${resources.subnet.id}",
                routeTableId="${resources.table.id}",
            ),
        }
        return document("network", resources=resources)

    one, two = {"team": "one"}, {"team": "two", "cost": "7"}
    return Form("network", form("10.1", one), form("10.1", two, enableDnsHostnames=True), form("10.2", two))


def _cluster() -> Form:
    def form(version: str, group: dict[str, Any]) -> Document:
        resources: dict[str, Any] = {
            "vpc": raw("aws:ec2/vpc:Vpc", cidrBlock="10.3.0.0/16"),
            "role": raw("aws:iam/role:Role", assumeRolePolicy=_TRUST % "eks"),
            "node-role": raw("aws:iam/role:Role", assumeRolePolicy=_TRUST % "ec2"),
            "node-policy": raw(
                "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                role="${resources.node-role.name}",
                policyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            ),
            "cluster": raw(
                "aws:eks/cluster:Cluster",
                roleArn="${resources.role.arn}",
                version=version,
                vpcConfig={"subnetIds": ["${resources.subnet-a.id}", "${resources.subnet-b.id}"]},
            ),
            "group": raw(
                "aws:eks/nodeGroup:NodeGroup",
                clusterName="${resources.cluster.name}",
                nodeRoleArn="${resources.node-role.arn}",
                subnetIds=["${resources.subnet-a.id}", "${resources.subnet-b.id}"],
                **group,
            )
            | {"dependsOn": ["resources.node-policy"]},
        }
        for number, zone in enumerate("ab"):
            resources[f"subnet-{zone}"] = raw(
                "aws:ec2/subnet:Subnet",
                vpcId="${resources.vpc.id}",
                cidrBlock=f"10.3.{number}.0/24",
                availabilityZone=f"us-east-1{zone}",
            )
        return document("cluster", resources=resources)

    def group(most: int, machine: str, **more: Any) -> dict[str, Any]:
        size = {"minSize": 1, "maxSize": most, "desiredSize": 1}
        return {"scalingConfig": size, "instanceTypes": [machine], **more}

    return Form(
        "cluster",
        form("1.31", group(2, "m6i.large")),
        form("1.33", group(3, "m6i.large", labels={"pool": "system"})),
        form("1.33", group(3, "m6i.xlarge", labels={"pool": "system"})),
    )


def _access() -> Form:
    def form(action: str, path: str, delay: int) -> Document:
        statement = f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}'
        return document(
            "access",
            resources={
                "role": raw("aws:iam/role:Role", assumeRolePolicy=_TRUST % "ec2", path=path),
                "inline": raw("aws:iam/rolePolicy:RolePolicy", role="${resources.role.name}", policy=statement),
                "attached": raw(
                    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                    role="${resources.role.name}",
                    policyArn="arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
                ),
                "profile": raw("aws:iam/instanceProfile:InstanceProfile", role="${resources.role.name}"),
                "key": raw("aws:kms/key:Key", description=f"for {action}", enableKeyRotation=delay > 0),
                "alias": raw("aws:kms/alias:Alias", name="alias/access", targetKeyId="${resources.key.id}"),
                "queue": raw("aws:sqs/queue:Queue", delaySeconds=delay),
            },
        )

    return Form(
        "access",
        form("sqs:SendMessage", "/", 0),
        form("sqs:ReceiveMessage", "/", 5),
        form("sqs:ReceiveMessage", "/two/", 5),
    )


def _registry() -> Form:
    def form(keep: int, days: int, name: str) -> Document:
        return document(
            "registry",
            state=f"s3://{STATES}/registry",
            registries={"models": {"keepLast": keep}},
            resources={
                "logs": raw("aws:cloudwatch/logGroup:LogGroup", name=name, retentionInDays=days),
                "alarm": raw(
                    "aws:cloudwatch/metricAlarm:MetricAlarm",
                    namespace="AWS/Logs",
                    metricName="IncomingBytes",
                    dimensions={"LogGroupName": "${resources.logs.name}"},
                    statistic="Sum",
                    period=300,
                    evaluationPeriods=1,
                    threshold=days,
                    comparisonOperator="GreaterThanThreshold",
                ),
            },
        )

    return Form("registry", form(5, 7, "/one"), form(9, 30, "/one"), form(9, 30, "/two"))


def _security() -> Form:
    def form(port: int, about: str, cidr: str) -> Document:
        return document(
            "security",
            resources={
                "vpc": raw("aws:ec2/vpc:Vpc", cidrBlock="10.5.0.0/16"),
                "subnet": raw(
                    "aws:ec2/subnet:Subnet",
                    vpcId="${resources.vpc.id}",
                    cidrBlock=cidr,
                    availabilityZone="us-east-1a",
                    mapPublicIpOnLaunch=port > 443,
                ),
                "group": raw("aws:ec2/securityGroup:SecurityGroup", vpcId="${resources.vpc.id}", description=about),
                "rule": raw(
                    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                    securityGroupId="${resources.group.id}",
                    ipProtocol="tcp",
                    fromPort=port,
                    toPort=port,
                    cidrIpv4="10.0.0.0/8",
                ),
                "template": raw(
                    "aws:ec2/launchTemplate:LaunchTemplate",
                    instanceType="m6i.large",
                    vpcSecurityGroupIds=["${resources.group.id}"],
                ),
            },
        )

    return Form(
        "security",
        form(443, "one", "10.5.1.0/24"),
        form(8443, "one", "10.5.1.0/24"),
        form(8443, "two", "10.5.2.0/24"),
    )


def _data() -> Form:
    def form(machine: str, ttl: int, generation: str, *, encrypted: bool) -> Document:
        resources: dict[str, Any] = {
            "vpc": raw("aws:ec2/vpc:Vpc", cidrBlock="10.6.0.0/16"),
            "subnets": raw(
                "aws:rds/subnetGroup:SubnetGroup", subnetIds=["${resources.subnet-a.id}", "${resources.subnet-b.id}"]
            ),
            "database": raw(
                "aws:rds/instance:Instance",
                instanceClass=machine,
                engine="postgres",
                engineVersion="16.4",
                allocatedStorage=20,
                dbName=generation,
                username="owner",
                manageMasterUserPassword=True,
                dbSubnetGroupName="${resources.subnets.name}",
                skipFinalSnapshot=True,
            ),
            "secret": raw("aws:secretsmanager/secret:Secret", description=machine, recoveryWindowInDays=0),
            "value": raw("aws:secretsmanager/secretVersion:SecretVersion", secretId="${resources.secret.id}"),
            "zone": raw("aws:route53/zone:Zone", name=f"{generation}.example.com"),
            "record": raw(
                "aws:route53/record:Record",
                zoneId="${resources.zone.id}",
                name=f"db.{generation}.example.com",
                type="CNAME",
                ttl=ttl,
                records=["${resources.database.address}"],
            ),
            "certificate": raw(
                "aws:acm/certificate:Certificate", domainName=f"{generation}.example.com", validationMethod="DNS"
            ),
            "proof": raw(
                "aws:route53/record:Record",
                zoneId="${resources.zone.id}",
                name="${resources.certificate.domainValidationOptions[0].resourceRecordName}",
                type="CNAME",
                ttl=60,
                records=["${resources.certificate.domainValidationOptions[0].resourceRecordValue}"],
            ),
            "issued": raw(
                "aws:acm/certificateValidation:CertificateValidation",
                certificateArn="${resources.certificate.arn}",
                validationRecordFqdns=["${resources.proof.fqdn}"],
            ),
            "files": raw("aws:efs/fileSystem:FileSystem", encrypted=encrypted),
            "mounted": raw(
                "aws:efs/mountTarget:MountTarget",
                fileSystemId="${resources.files.id}",
                subnetId="${resources.subnet-a.id}",
            ),
            "entered": raw("aws:efs/accessPoint:AccessPoint", fileSystemId="${resources.files.id}"),
            "scratch": raw(
                "aws:fsx/lustreFileSystem:LustreFileSystem",
                subnetIds=["${resources.subnet-b.id}"],
                storageCapacity=1200 if ttl == 60 else 2400,
                deploymentType="SCRATCH_2" if encrypted else "SCRATCH_1",
            ),
        }
        for number, zone in enumerate("ab"):
            resources[f"subnet-{zone}"] = raw(
                "aws:ec2/subnet:Subnet",
                vpcId="${resources.vpc.id}",
                cidrBlock=f"10.6.{number}.0/24",
                availabilityZone=f"us-east-1{zone}",
            )
        return document("data", resources=resources)

    return Form(
        "data",
        form("db.t4g.small", 60, "one", encrypted=False),
        form("db.t4g.medium", 300, "one", encrypted=False),
        form("db.t4g.medium", 300, "two", encrypted=True),
    )


FORMS = {form.name: form for form in (_network(), _cluster(), _access(), _registry(), _security(), _data())}
