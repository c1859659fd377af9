"""What nobody gets back is declared by the types, and no change of production takes it in passing."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.plan import Action, Change
from mlinfra.policy.rulebook import Rulebook
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.kubernetes.types import type_of

KEPT = {
    "aws:amp/workspace:Workspace",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:ec2/eip:Eip",
    "aws:ecr/repository:Repository",
    "aws:efs/fileSystem:FileSystem",
    "aws:eks/cluster:Cluster",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:route53/zone:Zone",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
    "aws:sqs/queue:Queue",
}


def broken(change: Change) -> list[str]:
    rules = Rulebook.of_project().rules
    return [rule.id for rule in rules if rule.match.actions and rule.match.fits_change(change)]


def test_whatever_holds_data_or_a_name_that_others_know_is_declared() -> None:
    assert {token for token, kind in catalogue().items() if kind.about.irreplaceable} == KEPT
    assert type_of("kubernetes:core/v1:PersistentVolumeClaim").irreplaceable
    assert not type_of("kubernetes:apps/v1:Deployment").irreplaceable


@pytest.mark.parametrize(
    ("action", "loses", "rule"),
    [
        (Action.DELETE, False, "MLP-CHG-002"),
        (Action.REPLACE, False, "MLP-CHG-001"),
        (Action.CREATE, True, "MLP-CHG-001"),
    ],
)
def test_both_rules_hold_for_each_of_them_alike(action: Action, loses: bool, rule: str) -> None:
    change = Change(address=Address("resources.it"), type="a:b/c:D", action=action, lost="the data in it", loses=loses)
    assert broken(change) == [rule]


def test_what_can_be_made_again_as_it_was_may_go() -> None:
    for action in Action:
        assert broken(Change(address=Address("resources.it"), type="aws:iam/role:Role", action=action)) == []
