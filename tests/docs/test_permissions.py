"""The roles of the examples may do what mlinfra asks of AWS: plans what looks, applies all of it."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase, translate
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto.iam.aws_managed_policies import aws_managed_policies_data

from tests.docs.actions import BESIDES, actions, calls_of, is_reading

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ACCESS = yaml.safe_load((EXAMPLES / "github-actions" / "access.yaml").read_text(encoding="utf-8"))["resources"]
BUILDS = json.loads(ACCESS["builds"]["properties"]["policy"])["Statement"]
READ_ONLY = json.loads(aws_managed_policies_data)["ReadOnlyAccess"]["Document"]["Statement"]
# What begins like a question, and is asked when something is made: the value of a secret, and a password for one.
AT_APPLY = {"secretsmanager:GetSecretValue", "secretsmanager:GetRandomPassword"}
LARGEST = 6_144  # characters of a managed policy, white space apart (IAM User Guide, "IAM and AWS STS quotas")


def is_allowed(action: str, statements: list[dict[str, Any]]) -> bool:
    allowed = (_pattern(tuple(_listed(one["Action"]))) for one in statements if one["Effect"] == "Allow")
    return any(pattern.fullmatch(action) for pattern in allowed)


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, names)), re.IGNORECASE)


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_whoever_applies_may_make_every_call_that_there_is() -> None:
    assert {action for action in actions() if not is_allowed(action, BUILDS)} == set()


def test_whoever_plans_may_look_at_everything_that_is_looked_at() -> None:
    looked = {action for action in actions() if is_reading(action)} - AT_APPLY
    assert {action for action in looked if not is_allowed(action, READ_ONLY)} == set()
    for role in ("plan", "drift"):
        assert ACCESS[f"{role}-reads"]["properties"]["policyArn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_whoever_plans_changes_nothing() -> None:
    changing = {action for action in actions() if not is_reading(action)} - {"kms:Decrypt"}
    assert {action for action in changing if is_allowed(action, READ_ONLY)} == set()


def test_the_denials_beside_the_plan_leave_the_state_readable() -> None:
    for role in ("plan", "drift"):
        statements = json.loads(ACCESS[f"{role}-reads-no-data"]["properties"]["policy"])["Statement"]
        denied = {name for one in statements for name in _listed(one["Action"])}
        hit = {action for action in actions() if any(fnmatchcase(action, name) for name in denied)}
        assert hit <= {"s3:GetObject"}
        (objects,) = (one for one in statements if "s3:GetObject*" in _listed(one["Action"]))
        assert objects["NotResource"] == "arn:aws:s3:::acme-mlinfra-state/*"


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("iam:CreateRole", "arn:aws:iam::123456789012:role/recsys-prod-us-east-1-cluster-role"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/recsys-pr-12-us-east-1-nodeGroups-gpu-role"),
        ("iam:CreatePolicy", "arn:aws:iam::123456789012:policy/mlinfra/us-east-1/0123456789abcdef/recsys-prod-x"),
        ("iam:CreateServiceLinkedRole", "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSX"),
        ("s3:CreateBucket", "arn:aws:s3:::recsys-prod-us-east-1-runtimes-mlflow-artifacts"),
        ("s3:DeleteObject", "arn:aws:s3:::recsys-prod-us-east-1-runtimes-mlflow-artifacts/1/model"),
        ("s3:PutObject", "arn:aws:s3:::acme-mlinfra-state/recsys-prod/state.json"),
        ("s3:ListBucket", "arn:aws:s3:::acme-mlinfra-state"),
        (
            "secretsmanager:CreateSecret",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:recsys-prod/runtimes.mlflow/admin-AbCdEf",
        ),
        (
            "iam:CreateOpenIDConnectProvider",
            "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A7579873",
        ),
    ],
)
def test_what_the_reference_stacks_make_is_within_what_applies_may_touch(action: str, arn: str) -> None:
    found = [one for one in BUILDS if is_allowed(action, [one])]
    assert any(fnmatchcase(arn, pattern) for one in found for pattern in _listed(one["Resource"]))


def test_whoever_applies_may_hand_on_no_role_but_the_stacks_own() -> None:
    (passing,) = (one for one in BUILDS if is_allowed("iam:PassRole", [one]))
    assert not any(fnmatchcase("arn:aws:iam::123456789012:role/Admin", one) for one in _listed(passing["Resource"]))


def test_the_policy_is_no_larger_than_aws_takes() -> None:
    assert len(re.sub(r"\s", "", ACCESS["builds"]["properties"]["policy"])) < LARGEST


def test_calls_are_found_however_a_source_writes_them() -> None:
    found = actions()
    declared = {"rds:CreateDBInstance", "s3:CreateBucket", "secretsmanager:CreateSecret", "aps:CreateWorkspace"}
    filled_in = {"ec2:RevokeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"}
    by_method = {"s3:PutObject", "s3:ListBucket"}
    assert found >= declared | filled_in | by_method | BESIDES
    made_up = 'work.reader.calls.one("eks", f"Update{what}Config")\nCALL = Call(operation="CreateVpc")\nOF = "ec2"'
    assert calls_of(made_up) == {("eks", "UpdateClusterConfig"), ("eks", "UpdateNodegroupConfig"), ("ec2", "CreateVpc")}
