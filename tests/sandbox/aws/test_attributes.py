"""Settings that moto forgets, confuses or does not have. Each test names the page of AWS that says how it is (2026)."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})


def test_setting_one_attribute_of_a_queue_leaves_the_others(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
    url = aws.sqs.create_queue(QueueName="events", Attributes={"Policy": POLICY})["QueueUrl"]
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    shown = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(shown["Policy"]) == json.loads(POLICY)
    assert (shown["DelaySeconds"], shown["MaximumMessageSize"]) == ("5", "1048576")


def test_a_queue_says_who_may_leave_dead_letters_in_it(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""
    allowed = json.dumps({"redrivePermission": "denyAll"})
    url = aws.sqs.create_queue(QueueName="dead", Attributes={"RedriveAllowPolicy": allowed})["QueueUrl"]
    shown = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert shown["RedriveAllowPolicy"] == allowed


def test_a_queue_shows_where_its_dead_letters_go_in_a_spelling_of_its_own(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""
    dead = "arn:aws:sqs:us-east-1:123456789012:dead"
    aws.sqs.create_queue(QueueName="dead")
    redrive = f'{{"maxReceiveCount": 4,  "deadLetterTargetArn": "{dead}"}}'
    url = aws.sqs.create_queue(QueueName="events", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    shown = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert shown["RedrivePolicy"] == f'{{"deadLetterTargetArn":"{dead}","maxReceiveCount":4}}'


def test_a_queue_is_encrypted_in_one_way_at_a_time(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html"""
    url = aws.sqs.create_queue(QueueName="events")["QueueUrl"]
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key})
    shown = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (shown["KmsMasterKeyId"], shown["SqsManagedSseEnabled"]) == (key, "false")
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    shown = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "KmsMasterKeyId" not in shown


@pytest.mark.parametrize(
    ("attributes", "code"),
    [({"FifoQueue": "false"}, "InvalidAttributeName"), ({"KmsMasterKeyId": "nobodys"}, "KMS.NotFoundException")],
)
def test_a_queue_is_refused_what_it_does_not_know(aws: Aws, attributes: dict[str, str], code: str) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""
    with pytest.raises(ClientError) as refused:
        aws.sqs.create_queue(QueueName="events", Attributes=attributes)
    assert refused.value.response["Error"]["Code"].endswith(code)


def test_who_is_written_to_confirms_a_subscription_first(aws: Aws) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"""
    topic = aws.sns.create_topic(Name="alerts")["TopicArn"]
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": "oncall@acme.example"}
    assert aws.sns.subscribe(**asked)["SubscriptionArn"] == "pending confirmation"
    arn = aws.sns.subscribe(**asked, ReturnSubscriptionArn=True)["SubscriptionArn"]
    [listed] = aws.sns.list_subscriptions()["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    shown = aws.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert shown["PendingConfirmation"] == "true"


def test_a_budget_can_be_changed_and_tagged_and_says_who_hears_of_it(aws: Aws) -> None:
    """https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_UpdateBudget.html"""
    account = aws.sandbox.account
    budget = {"BudgetName": "ml", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    subscribers = [{"SubscriptionType": "EMAIL", "Address": "ml@acme.example"}]
    aws.budgets.create_budget(
        AccountId=account,
        Budget={**budget, "BudgetLimit": {"Amount": "100", "Unit": "USD"}},
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": subscribers}],
        ResourceTags=[{"Key": "team", "Value": "recsys"}],
    )
    aws.budgets.update_budget(AccountId=account, NewBudget={**budget, "BudgetLimit": {"Amount": "200", "Unit": "USD"}})
    shown = aws.budgets.describe_budget(AccountId=account, BudgetName="ml")["Budget"]
    assert shown["BudgetLimit"]["Amount"] == "200.0"
    about = {"AccountId": account, "BudgetName": "ml"}
    heard = aws.budgets.describe_subscribers_for_notification(**about, Notification=notification)["Subscribers"]
    assert heard == subscribers
    arn = f"arn:aws:budgets::{account}:budget/ml"
    assert aws.budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "team", "Value": "recsys"}]


def test_a_scaling_group_keeps_the_settings_that_an_update_does_not_name(aws: Aws) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html"""
    template = aws.ec2.create_launch_template(
        LaunchTemplateName="nodes", LaunchTemplateData={"InstanceType": "m5.large"}
    )
    specification = {"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}
    overrides = [{"InstanceType": "m5.large"}, {"InstanceType": "m5.xlarge"}]
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="nodes",
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier=",".join(aws.subnets(aws.vpc())),
        MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides}},
        CapacityRebalance=True,
    )
    aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="nodes", MaxSize=3, DefaultCooldown=60, TerminationPolicies=["OldestInstance"]
    )
    [group] = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"] == overrides
    assert (group["MaxSize"], group["DefaultCooldown"], group["CapacityRebalance"]) == (3, 60, True)
    assert group["TerminationPolicies"] == ["OldestInstance"]


def test_placement_groups_and_reservations_can_be_tagged_later(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html"""
    group = aws.ec2.create_placement_group(GroupName="training", Strategy="cluster")["PlacementGroup"]["GroupId"]
    aws.ec2.create_tags(Resources=[group], Tags=[{"Key": "team", "Value": "recsys"}, {"Key": "old", "Value": "x"}])
    aws.ec2.delete_tags(Resources=[group], Tags=[{"Key": "old"}])
    [shown] = aws.ec2.describe_placement_groups()["PlacementGroups"]
    assert shown["Tags"] == [{"Key": "team", "Value": "recsys"}]
    with pytest.raises(ClientError, match="InvalidID"):
        aws.ec2.create_tags(Resources=["pg-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "b"}])


def test_managed_policies_and_instance_profiles_are_described_whole(aws: Aws) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ManagedPolicyDetail.html"""
    tags = [{"Key": "team", "Value": "recsys"}]
    made = aws.iam.create_policy(PolicyName="pull", PolicyDocument=POLICY, Tags=tags)["Policy"]
    [shown] = aws.iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
    assert (shown["PolicyName"], shown["PolicyId"]) == ("pull", made["PolicyId"])
    assert shown["PolicyVersionList"][0]["Document"] == json.loads(POLICY)
    aws.iam.create_instance_profile(InstanceProfileName="nodes", Tags=tags)
    assert aws.iam.list_instance_profile_tags(InstanceProfileName="nodes")["Tags"] == tags
