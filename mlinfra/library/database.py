"""A database that one runtime keeps its records in: PostgreSQL on RDS, which the cluster alone reaches.

For modules whose programs want one; `Network` and `Cluster` stand in their `NEEDS`. RDS makes up the password, keeps it
in Secrets Manager and changes it every seven days: it is in no state, plan or log, and the cluster's API holds none of
it either. How pods come by it is `database_password`'s affair.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html (November 2026).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from mlinfra.core.value import Properties, Ref
from mlinfra.library.codes import Code
from mlinfra.library.contract import Credential, Statement
from mlinfra.library.outputs import Cluster, Network
from mlinfra.library.problem import Problem
from mlinfra.library.scope import Handle, Scope

PORT = 5432
SIZE = "db.t4g.medium"
Size = Annotated[str, Meta(pattern=r"^db\.[a-z0-9-]+\.[a-z0-9]+$", examples=[SIZE])]

DATABASE_TYPES = (
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:rds/instance:Instance",
    "aws:rds/subnetGroup:SubnetGroup",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
)
# What a contract grants of it: the password, whose ARN `add_addon` is given as the name `password`. The key that
# Secrets Manager keeps for the account needs no further leave.
PASSWORD_READS = (Statement(actions=("secretsmanager:GetSecretValue",), resources=("{password}",)),)
PASSWORD = Credential("rds!db-...", "the database's owner; made up and changed by RDS in Secrets Manager")
KEPT = "the last snapshot of its database, unless the stack is ephemeral"


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """A database that was added.

    name, user: of the database itself, and of its owner. host: where it answers, at `PORT`.
    password: the ARN of the secret that RDS keeps, which holds `username` and `password` as JSON.
    """

    made: Handle
    name: str
    user: str

    @property
    def host(self) -> Ref:
        """Its DNS name."""
        return self.made["address"]

    @property
    def password(self) -> Ref:
        """ARN of the secret with its password."""
        return self.made["masterUserSecrets", 0, "secretArn"]


def database_problems(network: Network) -> list[Problem]:
    """Why pods of this network could not fetch the password."""
    if network.way_out or "secretsmanager" in network.endpoints:
        return []
    summary = "its pods could not fetch the password of their database: the network has no way to Secrets Manager"
    hint = "add secretsmanager to network.vpcEndpoints, or set network.nat to single"
    return [Problem(Code.DATABASE_CUT_OFF, summary, hint=hint)]


def add_database(scope: Scope, local_name: str, *, name: str, size: str = SIZE) -> Database:
    """Add it, called `name`, owned by a user of the same name, on machines of `size`.

    In production it stands in two zones, can be set back for two weeks, and neither AWS nor mlinfra deletes it. Outside
    of ephemeral stacks it leaves a last snapshot.
    """
    network, cluster = scope.one(Network), scope.one(Cluster)
    owner = f"the database of {scope.name} of {scope.stack.name}"
    subnets = scope.add(
        f"{local_name}.subnets",
        "aws:rds/subnetGroup:SubnetGroup",
        {"subnetIds": list(network.private_subnet_ids or network.subnet_ids), "description": owner},
    )
    guard = scope.add(
        f"{local_name}.security-group",
        "aws:ec2/securityGroup:SecurityGroup",
        {"vpcId": network.vpc_id, "description": owner},
    )
    scope.add(
        f"{local_name}.security-group.from-cluster",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": guard.id,
            "referencedSecurityGroupId": cluster.security_group_id,
            "ipProtocol": "tcp",
            "fromPort": PORT,
            "toPort": PORT,
            "description": "pods of the cluster",
        },
    )
    own: Properties = {
        "dbName": name,
        "username": name,
        "instanceClass": size,
        "dbSubnetGroupName": subnets["name"],
        "vpcSecurityGroupIds": [guard.id],
    }
    # AWS would refuse in the midst of a destroy what mlinfra refuses before it begins.
    kept = _keeping(scope)
    made = scope.add(
        local_name,
        "aws:rds/instance:Instance",
        {**_SETTINGS, **own, **kept},
        protect=bool(kept.get("deletionProtection")),
    )
    return Database(made=made, name=name, user=name)


# Of the engine only the kind is said: RDS chooses the version that it recommends, once, and keeps that patched.
_SETTINGS: Properties = {
    "engine": "postgres",
    "manageMasterUserPassword": True,
    "port": PORT,
    "publiclyAccessible": False,
    "storageEncrypted": True,
    "storageType": "gp3",
    "allocatedStorage": 20,
    "maxAllocatedStorage": 500,
    "autoMinorVersionUpgrade": True,
    "copyTagsToSnapshot": True,
}


def _keeping(scope: Scope) -> Properties:
    """How long it is kept, by what the stack is for."""
    environment = scope.stack.environment
    if environment == "production":
        return {"multiAz": True, "deletionProtection": True, "backupRetentionPeriod": 14}
    return {"backupRetentionPeriod": 1, "skipFinalSnapshot": environment == "ephemeral"}
