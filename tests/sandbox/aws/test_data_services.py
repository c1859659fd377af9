"""Databases, file systems, zones, certificates and secrets, as AWS has them. Each test names AWS's page (2026)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox
from tests.sandbox.aws.conftest import Aws

Refused = Callable[..., str]


def a_database(**more: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "demo",
        "DBInstanceClass": "db.m7g.large",
        "Engine": "postgres",
        "EngineVersion": "16.4",
        "AllocatedStorage": 20,
        "MasterUsername": "owner",
        "ManageMasterUserPassword": True,
        **more,
    }


def shown(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.rds.describe_db_instances(DBInstanceIdentifier="demo")["DBInstances"][0]
    return found


def subnet_group(aws: Aws, zones: str = "ab") -> None:
    subnets = aws.subnets(aws.vpc(), zones)
    aws.rds.create_db_subnet_group(DBSubnetGroupName="demo", DBSubnetGroupDescription="a", SubnetIds=subnets)


def test_a_database_is_made_changed_and_deleted_in_time(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html"""
    made = aws.rds.create_db_instance(**a_database())["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    assert shown(aws)["DBInstanceStatus"] == "available"
    changed = aws.rds.modify_db_instance(
        DBInstanceIdentifier="demo", DBInstanceClass="db.m7g.xlarge", ApplyImmediately=True
    )["DBInstance"]
    assert changed["DBInstanceStatus"] == "modifying"
    gone = aws.rds.delete_db_instance(DBInstanceIdentifier="demo", SkipFinalSnapshot=True)["DBInstance"]
    assert gone["DBInstanceStatus"] == "deleting"
    assert aws.rds.describe_db_instances()["DBInstances"] == []


def test_a_change_that_may_wait_waits_for_its_window(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html"""
    aws.rds.create_db_instance(**a_database())
    aws.rds.describe_db_instances()
    aws.rds.modify_db_instance(DBInstanceIdentifier="demo", DBInstanceClass="db.m7g.xlarge", BackupRetentionPeriod=7)
    found = shown(aws)
    assert (found["DBInstanceClass"], found["BackupRetentionPeriod"]) == ("db.m7g.large", 7)
    assert found["PendingModifiedValues"]["DBInstanceClass"] == "db.m7g.xlarge"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"MasterUserPassword": "hunter22"}, "InvalidParameterCombination"),
        ({"ManageMasterUserPassword": False}, "InvalidParameterValue"),
        ({"VpcSecurityGroupIds": ["sg-12345678"]}, "InvalidParameterValue"),
        ({"DBSubnetGroupName": "nobodys"}, "DBSubnetGroupNotFoundFault"),
        ({"StorageEncrypted": True, "KmsKeyId": "nobodys"}, "KMSKeyNotAccessibleFault"),
    ],
)
def test_a_database_wants_one_password_and_what_is_there(
    aws: Aws, refused: Refused, more: dict[str, Any], code: str
) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"""
    assert refused(aws.rds.create_db_instance, **a_database(**more)) == code


def test_a_database_wants_a_word_about_its_last_snapshot(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html"""
    aws.rds.create_db_instance(**a_database())
    assert refused(aws.rds.delete_db_instance, DBInstanceIdentifier="demo") == "InvalidParameterCombination"
    both = {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "last"}
    assert refused(aws.rds.delete_db_instance, DBInstanceIdentifier="demo", **both) == "InvalidParameterCombination"


def test_groups_that_a_database_uses_stay(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSubnetGroup.html"""
    subnet_group(aws)
    aws.rds.create_db_parameter_group(DBParameterGroupName="demo", DBParameterGroupFamily="postgres16", Description="a")
    aws.rds.create_db_instance(**a_database(DBSubnetGroupName="demo", DBParameterGroupName="demo"))
    assert refused(aws.rds.delete_db_subnet_group, DBSubnetGroupName="demo") == "InvalidDBSubnetGroupStateFault"
    assert refused(aws.rds.delete_db_parameter_group, DBParameterGroupName="demo") == "InvalidDBParameterGroupState"
    aws.rds.delete_db_instance(DBInstanceIdentifier="demo", SkipFinalSnapshot=True)
    aws.rds.delete_db_subnet_group(DBSubnetGroupName="demo")
    aws.rds.delete_db_parameter_group(DBParameterGroupName="demo")


def test_what_a_database_stands_in_stays(aws: Aws, refused: Refused) -> None:
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    vpc = aws.vpc()
    subnets = aws.subnets(vpc)
    guard, other = (
        aws.ec2.create_security_group(GroupName=name, Description="a", VpcId=vpc)["GroupId"] for name in ("a", "b")
    )
    asked = {"DBSubnetGroupDescription": "a", "SubnetIds": subnets}
    aws.rds.create_db_subnet_group(DBSubnetGroupName="demo", **asked)
    placed = {"DBSubnetGroupName": "demo", "VpcSecurityGroupIds": [guard], "MultiAZ": True}
    aws.rds.create_db_instance(**a_database(**placed))
    assert [refused(aws.ec2.delete_subnet, SubnetId=one) for one in subnets] == ["DependencyViolation"] * 2
    assert refused(aws.ec2.delete_security_group, GroupId=guard) == "DependencyViolation"
    aws.rds.describe_db_instances()
    aws.rds.modify_db_instance(DBInstanceIdentifier="demo", VpcSecurityGroupIds=[other], ApplyImmediately=True)
    aws.ec2.delete_security_group(GroupId=guard)
    aws.rds.describe_db_instances()
    aws.rds.delete_db_instance(DBInstanceIdentifier="demo", SkipFinalSnapshot=True)
    aws.rds.describe_db_instances()
    assert aws.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_subnet_group_is_there_once_and_in_two_zones(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html"""
    subnet_group(aws)
    asked = {"DBSubnetGroupDescription": "a", "SubnetIds": aws.subnets(aws.vpc("10.1.0.0/16"), "")}
    assert refused(aws.rds.create_db_subnet_group, DBSubnetGroupName="demo", **asked) == "DBSubnetGroupAlreadyExists"
    uncovered = refused(aws.rds.create_db_subnet_group, DBSubnetGroupName="other", **asked)
    assert uncovered == "DBSubnetGroupDoesNotCoverEnoughAZs"


def test_a_zone_is_made_once_for_a_caller_reference(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html"""
    asked = {"Name": "example.com", "CallerReference": "one"}
    aws.route53.create_hosted_zone(**asked)
    assert refused(aws.route53.create_hosted_zone, **asked) == "HostedZoneAlreadyExists"


def test_a_zone_with_a_network_is_private(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html"""
    asked: dict[str, Any] = {"Name": "a.internal", "CallerReference": "one"}
    nobodys = {"VPCId": "vpc-12345678", "VPCRegion": "us-east-1"}
    assert refused(aws.route53.create_hosted_zone, VPC=nobodys, **asked) == "InvalidVPCId"
    own = {"VPCId": aws.vpc(), "VPCRegion": "us-east-1"}
    zone = aws.route53.create_hosted_zone(VPC=own, **asked)["HostedZone"]
    found = aws.route53.get_hosted_zone(Id=zone["Id"])
    assert (found["HostedZone"]["Config"]["PrivateZone"], found["VPCs"]) == (True, [own])


def change(aws: Aws, zone: str, action: str, name: str, value: str = "192.0.2.1") -> Any:
    record = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}]}
    changes = [{"Action": action, "ResourceRecordSet": record}]
    return lambda: aws.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_a_change_of_records_has_to_fit_what_is_there(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html"""
    zone = aws.route53.create_hosted_zone(Name="example.com", CallerReference="one")["HostedZone"]["Id"]
    assert refused(change(aws, zone, "DELETE", "a.example.com")) == "InvalidChangeBatch"
    change(aws, zone, "UPSERT", "a.example.com")()
    assert refused(change(aws, zone, "CREATE", "a.example.com")) == "InvalidChangeBatch"
    assert refused(change(aws, zone, "DELETE", "a.example.com", "192.0.2.2")) == "InvalidChangeBatch"
    change(aws, zone, "UPSERT", "a.example.com", "192.0.2.2")()
    assert refused(aws.route53.delete_hosted_zone, Id=zone) == "HostedZoneNotEmpty"
    change(aws, zone, "DELETE", "a.example.com", "192.0.2.2")()
    aws.route53.delete_hosted_zone(Id=zone)


def test_a_certificate_is_issued_once_its_names_are_proven(aws: Aws) -> None:
    """https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html"""
    arn = aws.acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    aws.acm.describe_certificate(CertificateArn=arn)
    found = aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert found["Status"] == "PENDING_VALIDATION"
    record = found["DomainValidationOptions"][0]["ResourceRecord"]
    zone = aws.route53.create_hosted_zone(Name="example.com", CallerReference="one")["HostedZone"]["Id"]
    proof = {
        "Name": record["Name"],
        "Type": record["Type"],
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    changes = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": proof}]}
    aws.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
    assert aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "PENDING_VALIDATION"
    assert aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


def test_certificates_with_other_keys_are_listed_where_they_are_asked_for(aws: Aws) -> None:
    """https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html"""
    aws.acm.request_certificate(DomainName="example.com", ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")
    assert aws.acm.list_certificates()["CertificateSummaryList"] == []
    listed = aws.acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    assert [one["DomainName"] for one in listed] == ["example.com"]


def test_a_certificate_that_a_listener_uses_stays(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html"""
    arn = aws.acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    vpc = aws.vpc()
    balancer = aws.elbv2.create_load_balancer(Name="a", Subnets=aws.subnets(vpc), Scheme="internal")["LoadBalancers"][0]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    aws.elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[answer],
    )
    assert refused(aws.acm.delete_certificate, CertificateArn=arn) == "ResourceInUseException"
    aws.elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    aws.acm.delete_certificate(CertificateArn=arn)


def files(aws: Aws, token: str = "one") -> str:
    made = aws.efs.create_file_system(CreationToken=token)
    assert made["LifeCycleState"] == "creating"
    return str(made["FileSystemId"])


def test_a_token_of_a_file_system_is_good_for_one(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html"""
    files(aws)
    assert refused(aws.efs.create_file_system, CreationToken="one") == "FileSystemAlreadyExists"


def test_a_file_system_that_is_mounted_stays(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/efs/latest/ug/API_DeleteFileSystem.html"""
    system, (subnet,) = files(aws), aws.subnets(aws.vpc(), "a")
    made = aws.efs.create_mount_target(FileSystemId=system, SubnetId=subnet)
    assert refused(aws.efs.create_mount_target, FileSystemId=system, SubnetId=subnet) == "MountTargetConflict"
    assert refused(aws.efs.delete_file_system, FileSystemId=system) == "FileSystemInUse"
    aws.efs.delete_mount_target(MountTargetId=made["MountTargetId"])
    aws.efs.delete_file_system(FileSystemId=system)


def test_an_access_point_is_made_once_and_of_what_is_there(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/efs/latest/ug/API_CreateAccessPoint.html"""
    asked = {"FileSystemId": files(aws), "ClientToken": "one"}
    aws.efs.create_access_point(**asked)
    assert refused(aws.efs.create_access_point, **asked) == "AccessPointAlreadyExists"
    nobodys = {"FileSystemId": "fs-12345678", "ClientToken": "two"}
    assert refused(aws.efs.create_access_point, **nobodys) == "FileSystemNotFound"
    assert refused(aws.efs.delete_access_point, AccessPointId="fsap-12345678") == "AccessPointNotFound"


def lustre(aws: Aws, **more: Any) -> dict[str, Any]:
    (subnet,) = aws.subnets(aws.vpc(), "a")
    settings = {"DeploymentType": "SCRATCH_2"}
    return {
        "FileSystemType": "LUSTRE",
        "SubnetIds": [subnet],
        "StorageCapacity": 1200,
        "ClientRequestToken": "one",
        "LustreConfiguration": settings,
        **more,
    }


def test_the_same_token_gives_the_same_lustre_file_system(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystem.html"""
    asked = lustre(aws)
    first, second = (aws.fsx.create_file_system(**asked)["FileSystem"] for _ in range(2))
    assert (first["FileSystemId"], first["Lifecycle"]) == (second["FileSystemId"], "CREATING")
    assert refused(aws.fsx.create_file_system, **{**asked, "StorageCapacity": 2400}) == "IncompatibleParameterError"


def test_a_lustre_file_system_only_grows_and_scratch_is_never_backed_up(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/fsx/latest/APIReference/API_UpdateFileSystem.html"""
    made = {"FileSystemId": aws.fsx.create_file_system(**lustre(aws))["FileSystem"]["FileSystemId"]}
    assert refused(aws.fsx.update_file_system, StorageCapacity=600, **made) == "BadRequest"
    asked = {**made, "StorageCapacity": 2400, "ClientRequestToken": "one"}
    changed = aws.fsx.update_file_system(**asked)["FileSystem"]
    assert (changed["StorageCapacity"], changed["AdministrativeActions"][0]["Status"]) == (1200, "PENDING")
    assert aws.fsx.describe_file_systems()["FileSystems"][0]["StorageCapacity"] == 2400
    assert aws.fsx.update_file_system(**asked)["FileSystem"] == changed
    assert refused(aws.fsx.update_file_system, **{**asked, "StorageCapacity": 4800}) == "IncompatibleParameterError"
    backed_up = {"LustreConfiguration": {"SkipFinalBackup": False}}
    assert refused(aws.fsx.delete_file_system, **made, **backed_up) == "BadRequest"
    assert aws.fsx.delete_file_system(**made)["Lifecycle"] == "DELETING"


def test_the_name_of_a_secret_that_awaits_its_deletion_is_not_free(aws: Aws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"""
    aws.secretsmanager.create_secret(Name="a", SecretString="one")
    aws.secretsmanager.delete_secret(SecretId="a")
    assert refused(aws.secretsmanager.create_secret, Name="a") == "InvalidRequestException"
    assert refused(aws.secretsmanager.put_secret_value, SecretId="a", SecretString="b") == "InvalidRequestException"


def test_a_label_of_a_secret_stays_where_it_is_until_it_is_asked_for(aws: Aws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html"""
    client = aws.secretsmanager
    client.create_secret(Name="a")
    stages = ["AWSCURRENT", "mine"]
    first = client.put_secret_value(SecretId="a", SecretString="one", VersionStages=stages)["VersionId"]
    second = client.put_secret_value(SecretId="a", SecretString="two")["VersionId"]
    labels = client.describe_secret(SecretId="a")["VersionIdsToStages"]
    assert (sorted(labels[first]), labels[second]) == (["AWSPREVIOUS", "mine"], ["AWSCURRENT"])
    third = client.put_secret_value(SecretId="a", SecretString="three", VersionStages=stages)["VersionId"]
    labels = client.describe_secret(SecretId="a")["VersionIdsToStages"]
    assert sorted(labels[third]) == sorted(stages)
    assert "mine" not in labels.get(first, [])


def test_all_of_it_is_in_the_inventory_and_gone_after_a_reset(aws: Aws, sandbox: Sandbox) -> None:
    subnet_group(aws)
    aws.rds.create_db_parameter_group(DBParameterGroupName="demo", DBParameterGroupFamily="postgres16", Description="a")
    aws.rds.create_db_instance(**a_database())
    aws.rds.describe_db_instances()
    aws.rds.delete_db_instance(DBInstanceIdentifier="demo", FinalDBSnapshotIdentifier="last")
    aws.efs.create_access_point(FileSystemId=files(aws), ClientToken="two")
    aws.route53.create_hosted_zone(Name="example.com", CallerReference="one")
    aws.acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")
    aws.fsx.create_file_system(**lustre(aws, SubnetIds=aws.subnets(aws.vpc("10.0.0.0/16"), "a")))
    kinds = {kind for kind, _ in sandbox.inventory()}
    assert {
        "acm:certificate",
        "elasticfilesystem:access-point",
        "elasticfilesystem:file-system",
        "fsx:file-system",
        "rds:pg",
        "rds:snapshot",
        "rds:subgrp",
        "route53:hostedzone",
    } <= kinds
    sandbox.reset()
    assert sandbox.inventory() == []
