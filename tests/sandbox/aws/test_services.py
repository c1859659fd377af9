"""What the other services refuse, and what moto lacks of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mlinfra.sandbox.aws.sandbox import Sandbox

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def test_what_nobody_simulates_is_a_coded_501_in_the_protocol_of_its_service(aws: Any) -> None:
    calls: list[Callable[[], Any]] = [
        aws.ec2.describe_fpga_images,  # the protocol of EC2
        lambda: aws.iam.generate_organizations_access_report(EntityPath="o-a1b2c3d4e5/r-f6g7h8i9j0example"),  # query
        lambda: aws.kms.connect_custom_key_store(CustomKeyStoreId="cks-1"),  # JSON
        lambda: aws.eks.list_insights(clusterName="ml"),  # REST and JSON
    ]
    for call in calls:
        with pytest.raises(ClientError) as raised:
            call()
        assert raised.value.response["Error"]["Code"] == "NotImplemented"
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_services_that_nobody_simulates_refuse_by_their_name(aws: Any) -> None:
    for call in (aws.pricing.describe_services, aws.grafana.list_workspaces):
        with pytest.raises(ClientError) as raised:
            call()
        assert raised.value.response["Error"]["Code"] == "NotImplemented"
        assert "The sandbox does not simulate" in raised.value.response["Error"]["Message"]


def test_aws_managed_policies_are_there_and_others_are_not(aws: Any, refused: Callable[..., str]) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    policy = aws.iam.get_policy(PolicyArn=arn)["Policy"]
    version = aws.iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"]["Statement"]
    assert len(aws.iam.list_policies(Scope="AWS", MaxItems=1000)["Policies"]) == 1000
    assert refused(aws.iam.get_policy, PolicyArn="arn:aws:iam::aws:policy/Teapot") == "NoSuchEntity"


def test_a_role_needs_a_trust_policy_that_says_something(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: MalformedPolicyDocument
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/absent"}, "Action": "sts:*"}
    for document in ("{", "{}", json.dumps({"Statement": [{"Effect": "Allow"}]}), json.dumps({"Statement": [trust]})):
        code = refused(aws.iam.create_role, RoleName="r", AssumeRolePolicyDocument=document)
        assert code == "MalformedPolicyDocument"


def test_roles_and_policies_in_use_are_not_deleted(aws: Any, refused: Callable[..., str], sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html: DeleteConflict
    iam = aws.iam
    aws.role("r", "ec2.amazonaws.com")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=policy)
    assert refused(iam.delete_role, RoleName="r") == "DeleteConflict"
    assert refused(iam.delete_policy, PolicyArn=policy) == "DeleteConflict"
    iam.detach_role_policy(RoleName="r", PolicyArn=policy)
    iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=ALLOW)
    assert refused(iam.delete_role, RoleName="r") == "DeleteConflict"
    iam.delete_role_policy(RoleName="r", PolicyName="inline")
    iam.create_instance_profile(InstanceProfileName="i")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    assert refused(iam.delete_role, RoleName="r") == "DeleteConflict"
    assert refused(iam.delete_instance_profile, InstanceProfileName="i") == "DeleteConflict"
    iam.remove_role_from_instance_profile(InstanceProfileName="i", RoleName="r")
    iam.delete_instance_profile(InstanceProfileName="i")
    iam.delete_policy(PolicyArn=policy)
    iam.delete_role(RoleName="r")
    assert sandbox.inventory() == []


def test_a_key_that_awaits_its_deletion_can_only_be_saved(
    aws: Any, refused: Callable[..., str], sandbox: Sandbox
) -> None:
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    kms = aws.kms
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert sandbox.inventory() == []
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    tag = [{"TagKey": "a", "TagValue": "b"}]
    assert refused(kms.tag_resource, KeyId=key, Tags=tag) == "KMSInvalidStateException"
    assert refused(kms.enable_key_rotation, KeyId=key) == "KMSInvalidStateException"
    assert refused(kms.schedule_key_deletion, KeyId=key) == "KMSInvalidStateException"
    assert refused(kms.create_alias, AliasName="alias/a", TargetKeyId=key) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    kms.tag_resource(KeyId=key, Tags=tag)


def test_repositories_with_images_and_keys_that_do_not_exist_are_refused(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html
    ecr = aws.ecr
    ecr.create_repository(repositoryName="models")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"})
    ecr.put_image(repositoryName="models", imageManifest=manifest, imageTag="1")
    assert refused(ecr.delete_repository, repositoryName="models") == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName="models", force=True)
    key = "arn:aws:kms:us-east-1:123456789012:key/absent"
    encryption = {"encryptionType": "KMS", "kmsKey": key}
    create = {"repositoryName": "models", "encryptionConfiguration": encryption}
    assert refused(ecr.create_repository, **create) == "KmsException"


def test_a_pull_through_rule_comes_and_goes(aws: Any, refused: Callable[..., str], sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
    ecr = aws.ecr
    rule = {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"}
    ecr.create_pull_through_cache_rule(**rule)
    create = ecr.create_pull_through_cache_rule
    assert refused(create, **rule) == "PullThroughCacheRuleAlreadyExistsException"
    docker = {"ecrRepositoryPrefix": "docker", "upstreamRegistryUrl": "registry-1.docker.io"}
    assert refused(create, **docker) == "InvalidParameterException"
    (found,) = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert found["upstreamRegistry"] == "quay"
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="quay")
    assert sandbox.inventory() == []


def test_log_groups_keep_for_the_days_that_there_are(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    aws.logs.create_log_group(logGroupName="/a")
    put = {"logGroupName": "/a", "retentionInDays": 2}
    assert refused(aws.logs.put_retention_policy, **put) == "InvalidParameterException"
    aws.logs.put_retention_policy(logGroupName="/a", retentionInDays=30)
    key = "arn:aws:kms:us-east-1:123456789012:key/absent"
    assert refused(aws.logs.create_log_group, logGroupName="/b", kmsKeyId=key) == "InvalidParameterException"


def test_a_log_group_takes_another_key_or_none(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
    key = aws.kms.create_key()["KeyMetadata"]["Arn"]
    aws.logs.create_log_group(logGroupName="/a")
    aws.logs.associate_kms_key(logGroupName="/a", kmsKeyId=key)
    assert aws.logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key
    aws.logs.disassociate_kms_key(logGroupName="/a")
    assert "kmsKeyId" not in aws.logs.describe_log_groups()["logGroups"][0]
    absent = {"logGroupName": "/a", "kmsKeyId": f"{key}0"}
    assert refused(aws.logs.associate_kms_key, **absent) == "InvalidParameterException"
    assert refused(aws.logs.associate_kms_key, logGroupName="/b", kmsKeyId=key) == "ResourceNotFoundException"
    assert refused(aws.logs.disassociate_kms_key, logGroupName="/b") == "ResourceNotFoundException"


def test_the_audiences_of_an_identity_provider_come_and_go(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html: idempotent
    made = aws.iam.create_open_id_connect_provider(Url="https://id.example", ClientIDList=["a"], ThumbprintList=[])
    of = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    for client in ("b", "b"):
        aws.iam.add_client_id_to_open_id_connect_provider(**of, ClientID=client)
    for client in ("a", "a"):
        aws.iam.remove_client_id_from_open_id_connect_provider(**of, ClientID=client)
    assert aws.iam.get_open_id_connect_provider(**of)["ClientIDList"] == ["b"]
    absent = {"OpenIDConnectProviderArn": f"{of['OpenIDConnectProviderArn']}x", "ClientID": "a"}
    for operation in ("add_client_id_to", "remove_client_id_from"):
        call = getattr(aws.iam, f"{operation}_open_id_connect_provider")
        assert refused(call, **absent) == "NoSuchEntity"


def test_a_secret_loses_its_description_and_its_key(aws: Any, refused: Callable[..., str], sandbox: Sandbox) -> None:
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html
    key = aws.kms.create_key()["KeyMetadata"]["Arn"]
    of = {"SecretId": aws.secretsmanager.create_secret(Name="a", Description="of a", KmsKeyId=key)["ARN"]}
    aws.secretsmanager.update_secret(**of, KmsKeyId="")
    shown = aws.secretsmanager.describe_secret(**of)
    assert (shown["Description"], shown.get("KmsKeyId")) == ("of a", None)
    aws.secretsmanager.update_secret(**of, Description="")
    assert not aws.secretsmanager.describe_secret(**of).get("Description")
    assert refused(aws.secretsmanager.update_secret, **of, KmsKeyId=f"{key}0") == "EncryptionFailure"
    assert refused(aws.secretsmanager.create_secret, Name="b", KmsKeyId=f"{key}0") == "EncryptionFailure"
    assert ("secretsmanager:secret", of["SecretId"]) in sandbox.inventory()
    aws.secretsmanager.delete_secret(**of, RecoveryWindowInDays=7)  # it can be restored, and is none of ours any more
    assert ("secretsmanager:secret", of["SecretId"]) not in sandbox.inventory()


def test_a_network_load_balancer_says_so_and_stands_in_its_subnets(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
    subnets = aws.subnets(aws.vpc())
    asked = {"Name": "public", "Subnets": subnets, "Type": "network", "Scheme": "internal"}
    (made,) = aws.elbv2.create_load_balancer(**asked, Tags=[{"Key": "a", "Value": "b"}])["LoadBalancers"]
    arn = made["LoadBalancerArn"]
    assert ":loadbalancer/net/public/" in arn
    assert made["State"]["Code"] == "provisioning"
    (found,) = aws.elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    assert found["State"]["Code"] == "active"
    (tags,) = aws.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert tags["Tags"] == [{"Key": "a", "Value": "b"}]
    assert refused(aws.ec2.delete_subnet, SubnetId=subnets[0]) == "DependencyViolation"
    assert refused(aws.elbv2.create_load_balancer, **{**asked, "Scheme": "internet-facing"}) == (
        "DuplicateLoadBalancerName"
    )
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html
    set_groups = aws.elbv2.set_security_groups
    assert refused(set_groups, LoadBalancerArn=arn, SecurityGroups=["sg-1"]) == "InvalidConfigurationRequest"
    aws.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    aws.ec2.delete_subnet(SubnetId=subnets[0])


def test_a_load_balancer_takes_its_interfaces_along_into_other_groups_and_subnets(
    aws: Any, refused: Callable[..., str]
) -> None:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html and
    # API_SetSubnets.html
    vpc = aws.vpc()
    subnets = aws.subnets(vpc, "abc")
    about = {"VpcId": vpc, "Description": "of a load balancer"}
    old, new = (aws.ec2.create_security_group(GroupName=name, **about)["GroupId"] for name in ("old", "new"))
    asked = {"Name": "web", "Scheme": "internal", "Subnets": subnets[:2], "SecurityGroups": [old]}
    arn = aws.elbv2.create_load_balancer(**asked)["LoadBalancers"][0]["LoadBalancerArn"]
    assert refused(aws.ec2.delete_security_group, GroupId=old) == "DependencyViolation"
    aws.elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[new])
    aws.ec2.delete_security_group(GroupId=old)
    aws.elbv2.set_subnets(LoadBalancerArn=arn, Subnets=subnets[1:])
    shown = aws.ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [new]}])["NetworkInterfaces"]
    assert sorted(one["SubnetId"] for one in shown) == sorted(subnets[1:])
    aws.ec2.delete_subnet(SubnetId=subnets[0])


def test_the_tagging_api_knows_what_moto_leaves_out_and_roles_are_not_there(aws: Any) -> None:
    # https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
    tag = {"Key": "stack", "Value": "ml"}
    cluster = aws.cluster(tags={"stack": "ml"})
    aws.node_group(cluster, tags={"stack": "ml"})
    aws.ecr.create_repository(repositoryName="models", tags=[tag])
    specification = {"Tags": [tag]}
    aws.ec2.create_launch_template(
        LaunchTemplateName="tmpl",
        LaunchTemplateData={"InstanceType": "m6i.large"},
        TagSpecifications=[{"ResourceType": "launch-template", **specification}],
    )
    aws.ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", **specification}])
    aws.iam.tag_role(RoleName="ml-cluster", Tags=[tag])
    filters = [{"Key": "stack", "Values": ["ml"]}]
    found = aws.resourcegroupstaggingapi.get_resources(TagFilters=filters)["ResourceTagMappingList"]
    kinds = sorted({mapping["ResourceARN"].split(":", 5)[5].partition("/")[0] for mapping in found})
    assert kinds == ["cluster", "elastic-ip", "launch-template", "nodegroup", "repository"]
    only = aws.resourcegroupstaggingapi.get_resources(TagFilters=filters, ResourceTypeFilters=["eks:cluster"])
    assert [mapping["ResourceARN"] for mapping in only["ResourceTagMappingList"]] == [cluster["arn"]]


def test_quotas_have_their_real_defaults_and_can_be_raised(aws: Any) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#on-demand-instance-limits
    gpus = {"ServiceCode": "ec2", "QuotaCode": "L-DB2E81BA"}
    quotas = aws.client("service-quotas")
    assert quotas.get_aws_default_service_quota(**gpus)["Quota"]["Value"] == 0
    assert quotas.get_service_quota(**gpus)["Quota"]["Value"] == 768
    quotas.request_service_quota_increase(**gpus, DesiredValue=1000)
    assert quotas.get_service_quota(**gpus)["Quota"]["Value"] == 1000
    listed = quotas.list_service_quotas(ServiceCode="vpc")["Quotas"]
    assert "VPCs per Region" in [quota["QuotaName"] for quota in listed]


def test_placement_groups_and_capacity_reservations_come_and_go(
    aws: Any, refused: Callable[..., str], sandbox: Sandbox
) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
    ec2 = aws.ec2
    tags = [{"Key": "a", "Value": "b"}]
    create = {"GroupName": "efa", "Strategy": "cluster"}
    ec2.create_placement_group(**create, TagSpecifications=[{"ResourceType": "placement-group", "Tags": tags}])
    assert refused(ec2.create_placement_group, **create) == "InvalidPlacementGroup.Duplicate"
    (group,) = ec2.describe_placement_groups(Filters=[{"Name": "tag:a", "Values": ["b"]}])["PlacementGroups"]
    assert (group["GroupName"], group["State"], group["Tags"]) == ("efa", "available", tags)
    reserve = {"InstanceType": "p4d.24xlarge", "InstancePlatform": "Linux/UNIX", "InstanceCount": 2}
    made = ec2.create_capacity_reservation(**reserve, AvailabilityZone="us-east-1a")["CapacityReservation"]
    of = {"CapacityReservationId": made["CapacityReservationId"]}
    ec2.modify_capacity_reservation(**of, InstanceCount=3)
    held = {"ImageId": "ami-12c6146b", "InstanceType": "p4d.24xlarge", "Placement": {"AvailabilityZone": "us-east-1a"}}
    machine = ec2.run_instances(**held, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    (found,) = ec2.describe_capacity_reservations()["CapacityReservations"]
    assert (found["State"], found["TotalInstanceCount"], found["AvailableInstanceCount"]) == ("active", 3, 2)
    ec2.terminate_instances(InstanceIds=[machine])
    ec2.cancel_capacity_reservation(**of)
    ec2.delete_placement_group(GroupName="efa")
    assert refused(ec2.describe_placement_groups, GroupNames=["efa"]) == "InvalidPlacementGroup.Unknown"
    assert sandbox.inventory() == []


def test_spot_scores_lie_between_one_and_ten(aws: Any) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-spot-placement-score-works.html
    asked = {"TargetCapacity": 4, "InstanceTypes": ["g5.xlarge", "g4dn.xlarge", "g6.xlarge"]}
    scores = aws.ec2.get_spot_placement_scores(**asked, SingleAvailabilityZone=True)["SpotPlacementScores"]
    assert scores
    assert all(1 <= score["Score"] <= 10 for score in scores)


def test_alarms_show_their_tags_when_asked_for_them(aws: Any) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListTagsForResource.html
    tags = [{"Key": "a", "Value": "b"}]
    alarm = {"AlarmName": "idle", "ComparisonOperator": "LessThanThreshold", "EvaluationPeriods": 1, "Threshold": 1.0}
    aws.cloudwatch.put_metric_alarm(**alarm, Tags=tags)
    (found,) = aws.cloudwatch.describe_alarms()["MetricAlarms"]
    assert aws.cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == tags


def test_the_images_for_nodes_are_named_by_public_parameters(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
    path = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/nvidia/recommended"
    image = aws.ssm.get_parameter(Name=f"{path}/image_id")["Parameter"]["Value"]
    assert aws.ec2.describe_images(ImageIds=[image])["Images"][0]["Architecture"] == "x86_64"
    release = f"{path}/release_version"
    aws.ssm.put_parameter(Name="/own", Value="v", Type="String")
    found = aws.ssm.get_parameters(Names=["/own", release, "/absent"])
    assert {parameter["Name"] for parameter in found["Parameters"]} == {"/own", release}
    assert found["InvalidParameters"] == ["/absent"]
    assert refused(aws.ssm.get_parameter, Name=path.replace("1.33", "1.9")) == "ParameterNotFound"


def test_an_alert_manager_is_one_for_each_workspace_and_must_make_sense(aws: Any, refused: Callable[..., str]) -> None:
    # https://docs.aws.amazon.com/prometheus/latest/APIReference/API_CreateAlertManagerDefinition.html
    amp = aws.client("amp")
    workspace = amp.create_workspace()["workspaceId"]
    good = b"alertmanager_config: |\n  route: {receiver: all}\n  receivers: [{name: all}]\n"
    assert refused(amp.describe_alert_manager_definition, workspaceId=workspace) == "ResourceNotFoundException"
    for bad in (b"[", b"route: {}", good.replace(b"receiver: all", b"receiver: nobody")):
        assert refused(amp.create_alert_manager_definition, workspaceId=workspace, data=bad) == "ValidationException"
    amp.create_alert_manager_definition(workspaceId=workspace, data=good)
    assert refused(amp.create_alert_manager_definition, workspaceId=workspace, data=good) == "ConflictException"
    assert amp.describe_alert_manager_definition(workspaceId=workspace)["alertManagerDefinition"]["data"] == good
    amp.delete_alert_manager_definition(workspaceId=workspace)
    assert refused(amp.delete_alert_manager_definition, workspaceId=workspace) == "ResourceNotFoundException"
