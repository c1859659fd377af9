from __future__ import annotations

import pytest

from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.iam_policies import INSTANCE_PROFILE, POLICY
from mlinfra.providers.aws.services.iam_roles import ROLE, ROLE_POLICY_ATTACHMENT
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_iam import A_ROLE, allow, trust

ANOTHER = (ROLE, lambda account: {"name": "others", "assumeRolePolicy": trust({"Service": "ec2.amazonaws.com"})})
PLACE = "/mlinfra/us-east-1/lineage-1/"
CASES = [
    Case(
        type=POLICY,
        properties=lambda account: {
            "name": "pull",
            "path": PLACE,
            "description": "read images",
            "policy": allow("ecr:BatchGetImage"),
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"policy": allow("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=INSTANCE_PROFILE,
        needs={"role": A_ROLE, "other": ANOTHER},
        properties=lambda account: {"name": "nodes", "role": account.id("role"), "tags": {"team": "recsys"}},
        changes=(
            lambda account: {"role": account.id("other")},
            lambda account: {"role": None},
            lambda account: {"role": account.id("role")},
            lambda account: {"tags": {"team": "search"}},
        ),
        listed_by_tags=False,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_policy_may_change_more_often_than_it_has_room_for_versions(account: Account) -> None:
    made = account.make("policy", POLICY, {"name": "pull", "policy": allow("ecr:A0")})
    for number in range(1, 9):
        properties = {"name": "pull", "policy": allow(f"ecr:A{number}")}
        target = account.target("policy", POLICY, properties, made.id)
        made = account.provider.update(target, made, frozenset({("policy",)}), account.journal())
    [listed] = account.listed(POLICY, Interest(frozenset({made.id})))
    assert "ecr:A8" in str(listed.properties["policy"])
    versions = account.calls.one("iam", "ListPolicyVersions", {"PolicyArn": made.id})["Versions"]
    assert len(versions) == 5


def test_a_policy_outside_the_place_of_stacks_is_read_for_its_record_alone(account: Account) -> None:
    made = account.make("policy", POLICY, {"name": "pull", "policy": allow("ecr:BatchGetImage")})
    account.made.clear()
    assert account.listed(POLICY) == []
    assert [present.id for present in account.listed(POLICY, Interest(frozenset({made.id})))] == [made.id]


def test_an_attached_policy_waits_for_those_who_use_it(account: Account) -> None:
    account.make("role", A_ROLE[0], A_ROLE[1](account))
    policy = account.make("policy", POLICY, {"name": "pull", "policy": allow("ecr:BatchGetImage")})
    properties = {"role": account.id("role"), "policyArn": policy.id}
    attachment = account.make("attachment", ROLE_POLICY_ATTACHMENT, properties)
    account.provider.delete(
        account.target("attachment", ROLE_POLICY_ATTACHMENT, properties, attachment.id), account.journal()
    )
    account.provider.delete(account.target("policy", POLICY, {}, policy.id), account.journal())
    account.made.clear()
    assert account.listed(POLICY, Interest(frozenset({policy.id}))) == []
