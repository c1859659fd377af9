"""What a stack never spoke of is as the type says, and what somebody makes of it shows and is put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.observed import Present
from mlinfra.core.plan import Cause
from mlinfra.core.property import Kind, Property, watched_in
from mlinfra.core.value import Value, path_text
from mlinfra.engine.diff import compare
from mlinfra.engine.seal import seal_object
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.services.eks_cluster import CLUSTER
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.services.rds_instance import INSTANCE
from mlinfra.providers.aws.services.sqs import QUEUE
from tests.providers.aws.lifecycle import Account, Build
from tests.providers.aws.test_eks import A_CLUSTER, BEFORE_CLUSTER
from tests.providers.aws.test_iam import A_ROLE

WATCHED = [(token, name) for token, kind in sorted(catalogue().items()) for name in kind.about.watched]


def nested(declared: Property, path: tuple[str, ...] = (), passed: tuple[Property, ...] = ()) -> Iterator[Any]:
    """The path and the default of every watched field of a block."""
    if path:
        yield from (((*path, name), declared.fields[name].default) for name in watched_in(declared, passed))
    for name, field in declared.fields.items():
        if field.kind is Kind.BLOCK:
            yield from nested(field, (*path, name), (*passed, field))


NESTED = [(token, *one) for token, kind in sorted(catalogue().items()) for one in nested(kind.about.inputs)]


def within(path: tuple[str, ...], value: Any) -> Any:
    return {path[0]: within(path[1:], value)} if path else value


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


@pytest.mark.parametrize(
    ("token", "path", "default"), NESTED, ids=[f"{token[4:]}.{'.'.join(path)}" for token, path, _ in NESTED]
)
def test_so_it_is_within_a_block_that_is_declared_and_not_within_one_that_is_not(
    token: str, path: tuple[str, ...], default: Value
) -> None:
    kind, said = catalogue()[token].about, within(path[:-1], {"other": "said"})
    seen = another(default)
    drifted = within(path[:-1], {"other": "said", path[-1]: seen})
    (field,) = compare(kind, said, said, drifted).fields
    assert (field.path, field.before, field.after, field.cause) == (path, seen, default, Cause.DRIFT)
    assert compare(kind, said, said, within(path[:-1], {"other": "said", path[-1]: default})).fields == ()
    assert compare(kind, {}, {}, drifted).fields == ()
    address, there = Address("resources.it"), Present("it-1", drifted)
    assert path_text(path) in seal_object(kind, address, 1, there, [said, said]).fields


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


def test_a_field_of_a_block_is_put_right_and_goes_back_to_its_default_when_it_is_taken_out(account: Account) -> None:
    before: Mapping[str, tuple[str, Build]] = BEFORE_CLUSTER
    for name, (token, build) in before.items():
        account.make(name, token, build(account))
    kind, given = catalogue()[CLUSTER].about, dict(A_CLUSTER[1](account))
    made = account.make("it", CLUSTER, given)
    assert compare(kind, given, given, made.properties).fields == ()
    opened = {"endpointPublicAccess": True, "endpointPrivateAccess": True}
    account.calls.one("eks", "UpdateClusterConfig", {"name": made.id, "resourcesVpcConfig": opened})
    (seen,) = account.listed(CLUSTER)
    difference = compare(kind, given, given, seen.properties)
    assert difference.changed == {("vpcConfig", "endpointPrivateAccess")}
    target = account.target("it", CLUSTER, given, made.id)
    put_right = account.provider.update(target, seen, difference.changed, account.journal())
    assert compare(kind, given, given, put_right.properties).fields == ()

    closed = {**given, "vpcConfig": {**given["vpcConfig"], **opened, "endpointPublicAccess": False}}
    target = account.target("it", CLUSTER, closed, made.id)
    changed = compare(kind, closed, given, put_right.properties).changed
    seen = account.provider.update(target, put_right, changed, account.journal())
    taken_out = compare(kind, given, closed, seen.properties)
    assert {path[1] for path in taken_out.changed} == set(opened)
    target = account.target("it", CLUSTER, given, made.id)
    back = account.provider.update(target, seen, taken_out.changed, account.journal())
    assert (
        back.properties["vpcConfig"]["endpointPublicAccess"],
        compare(kind, given, given, back.properties).fields,
    ) == (
        True,
        (),
    )
