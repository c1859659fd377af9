"""What a stack never spoke of is as the type says, and what somebody makes of it shows and is put right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mlinfra.core.plan import Cause
from mlinfra.core.value import Value
from mlinfra.engine.diff import compare
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.services.rds_instance import INSTANCE
from mlinfra.providers.aws.services.sqs import QUEUE
from tests.providers.aws.lifecycle import Account
from tests.providers.aws.test_iam import A_ROLE

WATCHED = [(token, name) for token, kind in sorted(catalogue().items()) for name in kind.about.watched]


def another(default: Value) -> Value:
    match default:
        case bool():
            return not default
        case int() | float():
            return default + 1
    return f"{default}x"


@pytest.mark.parametrize(("token", "name"), WATCHED, ids=[f"{token[4:]}.{name}" for token, name in WATCHED])
def test_a_change_of_what_nobody_declared_is_drift_back_to_its_default(token: str, name: str) -> None:
    kind = catalogue()[token].about
    default, seen = kind.watched[name], another(kind.watched[name])
    assert compare(kind, {}, {}, {name: default}).fields == ()
    assert compare(kind, {}, {}, {}).fields == ()
    (field,) = compare(kind, {}, {}, {name: seen}).fields
    assert (field.path, field.before, field.after, field.cause) == ((name,), seen, default, Cause.DRIFT)
    assert compare(kind, {}, None, {name: seen}).extra == ((name,),)  # nobody knows what was: it is said, and left
    assert [name in update.fields for update in catalogue()[token].updates].count(True) == 1


DATABASE = {
    "identifier": "db",
    "instanceClass": "db.t4g.micro",
    "engine": "postgres",
    "allocatedStorage": 20,
    "username": "root",
    "manageMasterUserPassword": True,
    "skipFinalSnapshot": True,
}
EDITED: tuple[tuple[str, Any, tuple[str, str, Mapping[str, Any]], str], ...] = (
    (INSTANCE, DATABASE, ("rds", "ModifyDBInstance", {"DeletionProtection": True}), "deletionProtection"),
    (ROLE, A_ROLE[1], ("iam", "UpdateRole", {"MaxSessionDuration": 43200}), "maxSessionDuration"),
    (
        VPC,
        {"cidrBlock": "10.0.0.0/16"},
        ("ec2", "ModifyVpcAttribute", {"EnableDnsSupport": {"Value": False}}),
        "enableDnsSupport",
    ),
    (QUEUE, {"name": "jobs"}, ("sqs", "SetQueueAttributes", {"Attributes": {"DelaySeconds": "60"}}), "delaySeconds"),
)
ID = {INSTANCE: "DBInstanceIdentifier", ROLE: "RoleName", VPC: "VpcId", QUEUE: "QueueUrl"}


@pytest.mark.parametrize(("token", "properties", "edit", "name"), EDITED, ids=[row[3] for row in EDITED])
def test_it_is_read_and_put_right(
    token: str,
    properties: Any,
    edit: tuple[str, str, Mapping[str, Any]],
    name: str,
    account: Account,
) -> None:
    kind = catalogue()[token].about
    given = properties(account) if callable(properties) else properties
    made = account.make("it", token, given)
    assert compare(kind, given, given, made.properties).fields == ()
    service, operation, params = edit
    account.calls.one(service, operation, {ID[token]: made.id, **params})
    (seen,) = account.listed(token)
    difference = compare(kind, given, given, seen.properties)
    assert difference.changed == {(name,)}
    target = account.target("it", token, given, made.id)
    put_right = account.provider.update(target, seen, difference.changed, account.journal())
    assert compare(kind, given, given, put_right.properties).fields == ()
