from __future__ import annotations

from mlinfra.providers.aws.services.ecr_pull_through import PULL_THROUGH_CACHE_RULE
from tests.providers.aws.lifecycle import Account, Case, live

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/"
OPEN = Case(
    type=PULL_THROUGH_CACHE_RULE,
    properties=lambda account: {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"},
)
CLOSED = Case(
    type=PULL_THROUGH_CACHE_RULE,
    properties=lambda account: {
        "ecrRepositoryPrefix": "docker-hub",
        "upstreamRegistryUrl": "registry-1.docker.io",
        "credentialArn": SECRET + "one-AbCdEf",
    },
    changes=(lambda account: {"credentialArn": SECRET + "two-AbCdEf"},),
)


def test_a_rule_for_an_open_registry_lives(account: Account) -> None:
    live(account, OPEN)


def test_a_rule_with_credentials_lives(account: Account) -> None:
    live(account, CLOSED)
