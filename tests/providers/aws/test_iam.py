from __future__ import annotations

import json

import pytest

from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.iam_identity_providers import OIDC_PROVIDER
from mlinfra.providers.aws.services.iam_roles import ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT
from tests.providers.aws.lifecycle import Account, Case, live


def trust(principal: object) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


A_ROLE = (ROLE, lambda account: {"name": "nodes", "assumeRolePolicy": trust({"Service": "ec2.amazonaws.com"})})
WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
CASES = [
    Case(
        type=ROLE,
        properties=lambda account: {
            "name": "nodes",
            "assumeRolePolicy": trust({"Service": "ec2.amazonaws.com"}),
            "description": "what nodes may do",
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"description": "what machines may do"},
            lambda account: {"maxSessionDuration": 7200},
            lambda account: {"assumeRolePolicy": trust({"Service": "eks.amazonaws.com"})},
            lambda account: {"permissionsBoundary": WORKER},
            lambda account: {"permissionsBoundary": None},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        type=ROLE_POLICY,
        needs={"role": A_ROLE},
        properties=lambda account: {"role": account.id("role"), "name": "pull", "policy": allow("ecr:BatchGetImage")},
        changes=(lambda account: {"policy": allow("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")},),
    ),
    Case(
        type=ROLE_POLICY_ATTACHMENT,
        needs={"role": A_ROLE},
        properties=lambda account: {"role": account.id("role"), "policyArn": WORKER},
    ),
    Case(
        type=OIDC_PROVIDER,
        properties=lambda account: {
            "url": "https://oidc.eks.us-east-1.amazonaws.com/id/ABC",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"clientIdLists": ["sts.amazonaws.com", "tools"]},
            lambda account: {"clientIdLists": ["tools"]},
            lambda account: {"thumbprintLists": ["0123456789012345678901234567890123456789"]},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_providers_of_others_are_not_looked_at(account: Account) -> None:
    clients = ["sts.amazonaws.com"]
    asked = {"Url": "https://theirs.example.com", "ClientIDList": clients}
    account.calls.one("iam", "CreateOpenIDConnectProvider", asked)
    ours = account.make("ours", OIDC_PROVIDER, {"url": "https://ours.example.com", "clientIdLists": clients})
    account.made.clear()  # so that its tags alone say whose it is
    account.server.calls.clear()
    assert [present.id for present in account.listed(OIDC_PROVIDER)] == [ours.id]
    assert account.server.calls.counts()["iam:GetOpenIDConnectProvider"] == 1


def test_once_a_provider_is_recorded_none_is_listed_and_none_of_ours_is_missed(account: Account) -> None:
    properties = {"url": "https://ours.example.com", "clientIdLists": ["sts.amazonaws.com"]}
    ours = account.make("ours", OIDC_PROVIDER, properties)
    tagged = account.make("lost", OIDC_PROVIDER, {**properties, "url": "https://lost.example.com"})
    other = {"Url": "https://named.example.com", "ClientIDList": ["sts.amazonaws.com"]}
    named = account.calls.one("iam", "CreateOpenIDConnectProvider", other)["OpenIDConnectProviderArn"]
    recorded = account.target("ours", OIDC_PROVIDER, properties, ours.id)
    names = frozenset({"ours.example.com", "named.example.com", "https://none.example.com"})
    account.server.calls.clear()
    listed = account.listed(OIDC_PROVIDER, Interest(frozenset({ours.id}), names, (recorded,)))
    assert {present.id for present in listed} == {ours.id, tagged.id, named}
    assert "ListOpenIDConnectProviders" not in account.server.calls.counts()
