"""A deletion that AWS refuses says what keeps the object, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlinfra.core.errors import ProviderError
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.ecr import REPOSITORY
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.services.rds_instance import INSTANCE
from mlinfra.providers.aws.services.route53 import ZONE
from mlinfra.providers.aws.services.s3 import BUCKET
from tests.providers.aws.lifecycle import Account, Properties
from tests.providers.aws.test_iam import A_ROLE, WORKER, allow

A_VPC = {"cidrBlock": "10.0.0.0/16"}


def call(account: Account, service: str, operation: str, **params: Any) -> Any:
    return account.calls.one(service, operation, params)


def attach(account: Account, id: str) -> None:
    call(account, "iam", "AttachRolePolicy", RoleName=id, PolicyArn=WORKER)
    call(account, "iam", "PutRolePolicy", RoleName=id, PolicyName="by-hand", PolicyDocument=allow("s3:*"))


def name_in_a_rule(account: Account, id: str) -> None:
    vpc = account.id("vpc")
    theirs = call(account, "ec2", "CreateSecurityGroup", GroupName="theirs", Description="theirs", VpcId=vpc)
    peers = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": id}]}]
    call(account, "ec2", "AuthorizeSecurityGroupIngress", GroupId=theirs["GroupId"], IpPermissions=peers)


def stand_in_a_subnet(account: Account, id: str) -> None:
    call(account, "ec2", "CreateNetworkInterface", SubnetId=id, Description="of a function")


def stand_in_a_network(account: Account, id: str) -> None:
    call(account, "ec2", "CreateSecurityGroup", GroupName="theirs", Description="theirs", VpcId=id)


def put_objects(account: Account, id: str) -> None:
    call(account, "s3", "PutBucketVersioning", Bucket=id, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "a", "b"):
        call(account, "s3", "PutObject", Bucket=id, Key=key, Body=b"data")
    call(account, "s3", "DeleteObject", Bucket=id, Key="b")


def push(account: Account, id: str) -> None:
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": []})
    call(account, "ecr", "PutImage", repositoryName=id, imageManifest=manifest, imageTag="latest")


def write_a_name(account: Account, id: str) -> None:
    record = {"Name": "by-hand.acme.example", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    call(account, "route53", "ChangeResourceRecordSets", HostedZoneId=id, ChangeBatch=changes)


def protect(account: Account, id: str) -> None:
    call(account, "rds", "ModifyDBInstance", DBInstanceIdentifier=id, DeletionProtection=True)


Held = tuple[str, Callable[[Account], Properties], Callable[[Account, str], None], str, str]
HELD: tuple[Held, ...] = (
    (ROLE, A_ROLE[1], attach, rf"{WORKER} is attached to it, the inline policy by-hand is in it", "--remove-foreign"),
    (
        SECURITY_GROUP,
        lambda account: {"vpcId": account.id("vpc"), "name": "ours", "description": "ours"},
        name_in_a_rule,
        r"the rule sgr-\w+ of sg-\w+ names it",
        "let go of resources.it",
    ),
    (
        SUBNET,
        lambda account: {"vpcId": account.id("vpc"), "cidrBlock": "10.0.1.0/24"},
        stand_in_a_subnet,
        r"the network interface eni-\w+ \(of a function\) is in it",
        "let go of resources.it",
    ),
    (VPC, lambda account: A_VPC, stand_in_a_network, r"the security group sg-\w+ \(theirs\) is in it", "must go first"),
    (
        BUCKET,
        lambda account: {"bucket": "ours-and-full"},
        put_objects,
        "1 object, 2 older versions, 1 delete marker",
        "forceDestroy: true",
    ),
    (REPOSITORY, lambda account: {"name": "models"}, push, "1 image$", "forceDelete: true"),
    (
        ZONE,
        lambda account: {"name": "acme.example"},
        write_a_name,
        "by-hand.acme.example.? TXT is in it",
        "forceDestroy",
    ),
    (
        INSTANCE,
        lambda account: {
            "identifier": "db",
            "instanceClass": "db.t4g.micro",
            "engine": "postgres",
            "allocatedStorage": 20,
            "username": "root",
            "manageMasterUserPassword": True,
            "skipFinalSnapshot": True,
        },
        protect,
        "it has deletion protection",
        "--target resources.it",
    ),
)


@pytest.mark.parametrize(("token", "properties", "hold", "said", "hint"), HELD, ids=[held[0][4:] for held in HELD])
def test_what_holds_it_is_named(
    token: str,
    properties: Callable[[Account], Properties],
    hold: Callable[[Account, str], None],
    said: str,
    hint: str,
    account: Account,
) -> None:
    account.make("vpc", VPC, A_VPC)
    made = account.make("it", token, properties(account))
    hold(account, made.id)
    target = account.target("it", token, properties(account), made.id)
    with pytest.raises(ProviderError, match=said) as refused:
        account.provider.delete(target, account.journal())
    assert hint in refused.value.hint
