"""Launch templates: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html."""

from __future__ import annotations

from typing import Any


def test_templates_are_listed_in_pages(aws: Any) -> None:
    names = [f"t{n:03}" for n in range(30)]
    for name in names:
        aws.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "m6i.large"})
    assert len(aws.ec2.describe_launch_templates()["LaunchTemplates"]) == 30
    pages = list(aws.ec2.get_paginator("describe_launch_templates").paginate(PaginationConfig={"PageSize": 7}))
    assert [len(page["LaunchTemplates"]) for page in pages] == [7, 7, 7, 7, 2]
    found = [template["LaunchTemplateName"] for page in pages for template in page["LaunchTemplates"]]
    assert sorted(found) == names


def test_security_groups_are_listed_in_pages(aws: Any) -> None:
    vpc = aws.vpc()
    for n in range(8):
        aws.ec2.create_security_group(GroupName=f"g{n}", Description="g", VpcId=vpc)
    paginator = aws.ec2.get_paginator("describe_security_groups")
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    pages = list(paginator.paginate(Filters=filters, PaginationConfig={"PageSize": 5}))
    assert [len(page["SecurityGroups"]) for page in pages] == [5, 4]


def test_a_templates_own_tags_are_not_those_that_it_gives(aws: Any) -> None:
    own = [{"ResourceType": "launch-template", "Tags": [{"Key": "own", "Value": "1"}]}]
    given = [{"ResourceType": "instance", "Tags": [{"Key": "given", "Value": "2"}]}]
    aws.ec2.create_launch_template(
        LaunchTemplateName="tmpl", LaunchTemplateData={"TagSpecifications": given}, TagSpecifications=own
    )
    (template,) = aws.ec2.describe_launch_templates()["LaunchTemplates"]
    (version,) = aws.ec2.describe_launch_template_versions(LaunchTemplateName="tmpl")["LaunchTemplateVersions"]
    assert template["Tags"] == own[0]["Tags"]
    assert version["LaunchTemplateData"]["TagSpecifications"] == given


def test_its_tags_are_shown_as_they_are_now(aws: Any) -> None:
    data = {"InstanceType": "m6i.large"}
    made = aws.ec2.create_launch_template(LaunchTemplateName="tmpl", LaunchTemplateData=data)["LaunchTemplate"]
    aws.ec2.create_tags(Resources=[made["LaunchTemplateId"]], Tags=[{"Key": "later", "Value": "1"}])
    (template,) = aws.ec2.describe_launch_templates()["LaunchTemplates"]
    assert template["Tags"] == [{"Key": "later", "Value": "1"}]


def test_a_version_starts_from_another_where_that_is_said(aws: Any) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html, SourceVersion
    aws.ec2.create_launch_template(
        LaunchTemplateName="tmpl", LaunchTemplateData={"InstanceType": "m6i.large", "EbsOptimized": True}
    )
    change = {"InstanceType": "m6i.xlarge"}
    create = aws.ec2.create_launch_template_version
    create(LaunchTemplateName="tmpl", LaunchTemplateData=change, SourceVersion="1")
    create(LaunchTemplateName="tmpl", LaunchTemplateData=change)
    versions = aws.ec2.describe_launch_template_versions(LaunchTemplateName="tmpl")["LaunchTemplateVersions"]
    assert [version["LaunchTemplateData"].get("EbsOptimized") for version in versions] == [None, True, True]
    latest = aws.ec2.describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
    assert [version["VersionNumber"] for version in latest] == [3]


def test_empty_user_data_is_none(aws: Any) -> None:
    data = {"InstanceType": "m6i.large", "UserData": ""}
    aws.ec2.create_launch_template(LaunchTemplateName="tmpl", LaunchTemplateData=data)
    (version,) = aws.ec2.describe_launch_template_versions(LaunchTemplateName="tmpl")["LaunchTemplateVersions"]
    assert "UserData" not in version["LaunchTemplateData"]


def test_versions_are_deleted_one_by_one_and_their_numbers_are_not_used_again(aws: Any) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html
    of = {"LaunchTemplateName": "tmpl"}
    aws.ec2.create_launch_template(**of, LaunchTemplateData={"InstanceType": "m6i.large"})
    for _ in range(2):
        aws.ec2.create_launch_template_version(**of, LaunchTemplateData={"InstanceType": "m6i.xlarge"})
    answer = aws.ec2.delete_launch_template_versions(**of, Versions=["1", "2", "3", "9"])
    deleted = answer["SuccessfullyDeletedLaunchTemplateVersions"]
    assert [version["VersionNumber"] for version in deleted] == [2, 3]
    refused = answer["UnsuccessfullyDeletedLaunchTemplateVersions"]
    assert [(version["VersionNumber"], version["ResponseError"]["Code"]) for version in refused] == [
        (1, "unexpectedError"),  # the default
        (9, "launchTemplateVersionDoesNotExist"),
    ]
    made = aws.ec2.create_launch_template_version(**of, LaunchTemplateData={"InstanceType": "m6i.2xlarge"})
    assert made["LaunchTemplateVersion"]["VersionNumber"] == 4
    versions = aws.ec2.describe_launch_template_versions(**of)["LaunchTemplateVersions"]
    assert [version["VersionNumber"] for version in versions] == [4, 1]
