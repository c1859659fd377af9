from __future__ import annotations

import msgspec
import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients
from mlinfra.core.address import Address
from mlinfra.core.errors import AccessDenied, Ambiguous, CapacityUnavailable, Conflict, InvalidRequest, QuotaExceeded
from mlinfra.core.observed import Absent, Present, Unreadable
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Interest
from mlinfra.core.resource import Ownership
from mlinfra.providers.aws.provider import AwsProvider
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.services.ec2_routes import ROUTE, ROUTE_TABLE
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.eks_node_group import NODE_GROUP
from mlinfra.providers.aws.services.iam_roles import ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT
from mlinfra.providers.aws.services.kms import KEY
from mlinfra.sandbox.faults import FaultKind, FaultRule, When
from tests.providers.aws.lifecycle import OURS, Account, QuickClock
from tests.providers.aws.test_ec2_network import A_GATEWAY, A_SUBNET, A_TABLE, A_VPC
from tests.providers.aws.test_eks import A_NODE_GROUP, BEFORE_NODES
from tests.providers.aws.test_iam import A_ROLE, allow, trust

TRUST = trust({"Service": "ec2.amazonaws.com"})
PLAIN_VPC = {"cidrBlock": "10.0.0.0/16"}


def operations(account: Account, service: str) -> list[str]:
    return [call.operation for call in account.server.calls.records(service=service)]


def test_credentials_of_another_account_are_refused(clients: Clients) -> None:
    clock = QuickClock()
    provider = AwsProvider("999999999999/us-east-1", Calls(clients, clock), clock, lambda secret: "")
    with pytest.raises(AccessDenied, match="the stack to 999999999999") as caught:
        provider.list({VPC: Interest()}, OURS)
    assert caught.value.code == "MLI5010"


def test_a_type_that_nobody_declared_is_refused_by_its_name(account: Account) -> None:
    with pytest.raises(InvalidRequest, match="aws:ec2/vcp:Vcp is no type"):
        account.provider.create(account.target("a", "aws:ec2/vcp:Vcp", {}), account.journal())


def test_a_listing_that_is_denied_is_incomplete_and_not_empty(account: Account) -> None:
    account.make("vpc", *_of(A_VPC, account))
    account.server.faults.add(FaultRule(kind=FaultKind.DENIED, service="ec2", operation="DescribeVpcs"))
    listings = account.provider.list({VPC: Interest(), SUBNET: Interest()}, OURS)
    assert "ec2 DescribeVpcs" in listings[VPC].incomplete
    assert listings[SUBNET].incomplete == ""


def test_children_of_what_could_not_be_read_are_incomplete_too(account: Account) -> None:
    account.server.faults.add(FaultRule(kind=FaultKind.DENIED, service="ec2", operation="DescribeRouteTables"))
    listings = account.provider.list({ROUTE: Interest(), ROUTE_TABLE: Interest()}, OURS)
    assert listings[ROUTE].incomplete
    assert listings[ROUTE_TABLE].incomplete


def test_a_find_that_is_denied_is_unreadable(account: Account) -> None:
    account.make("vpc", *_of(A_VPC, account))
    account.server.faults.add(FaultRule(kind=FaultKind.DENIED, service="ec2", operation="DescribeVpcs"))
    target = account.target("vpc", VPC, PLAIN_VPC)
    assert isinstance(account.provider.find(target), Unreadable)


def test_objects_of_other_stacks_are_listed_only_where_they_are_of_interest(account: Account) -> None:
    vpc = account.make("vpc", *_of(A_VPC, account))
    other = Ownership("other", "lineage-9")
    assert account.provider.list({VPC: Interest()}, other)[VPC].objects == ()
    [shown] = account.provider.list({VPC: Interest(frozenset({vpc.id}))}, other)[VPC].objects
    assert shown.owner is not None
    assert shown.owner.stack == "demo"


def test_another_lineage_of_the_stack_is_shown_to_the_engine(account: Account) -> None:
    account.make("vpc", *_of(A_VPC, account))
    [shown] = account.provider.list({VPC: Interest()}, Ownership("demo", "lineage-2"))[VPC].objects
    assert shown.owner is not None
    assert shown.owner.lineage == "lineage-1"


def test_what_nobody_owns_is_found_by_its_key_without_an_owner(account: Account) -> None:
    account.calls.one("iam", "CreateRole", {"RoleName": "nodes", "AssumeRolePolicyDocument": TRUST})
    found = account.provider.find(account.target("role", *_of(A_ROLE, account)))
    assert isinstance(found, Present)
    assert (found.id, found.owner) == ("nodes", None)


def test_ids_and_names_of_interest_are_listed_whoever_owns_them(account: Account) -> None:
    account.calls.one("iam", "CreateRole", {"RoleName": "nodes", "AssumeRolePolicyDocument": TRUST})
    by_name = account.provider.list({ROLE: Interest(names=frozenset({"nodes"}))}, OURS)[ROLE].objects
    assert [present.id for present in by_name] == ["nodes"]


def test_a_lost_answer_is_ambiguous_made_once_and_found_again(account: Account) -> None:
    account.server.faults.add(
        FaultRule(kind=FaultKind.RESET, service="ec2", operation="CreateVpc", when=When.AFTER, count=1)
    )
    target = account.target("vpc", VPC, PLAIN_VPC)
    with pytest.raises(Ambiguous, match="ec2 CreateVpc for"):
        account.provider.create(target, account.journal())
    assert len(account.listed(VPC)) == 1
    found = account.provider.find(target)
    assert isinstance(found, Present)
    assert found.owner == target.owner


def test_a_lost_answer_to_a_call_with_a_token_is_repeated_with_the_same_token(account: Account) -> None:
    for name, need in {"vpc": A_VPC, "subnet": A_SUBNET, "gateway": A_GATEWAY}.items():
        account.make(name, *_of(need, account))
    account.server.faults.add(
        FaultRule(kind=FaultKind.RESET, service="ec2", operation="CreateRouteTable", when=When.AFTER, count=1)
    )
    made = account.make("table", *_of(A_TABLE, account))
    ours = [table for table in account.listed(ROUTE_TABLE) if table.owner is not None]
    assert [table.id for table in ours] == [made.id]


def test_a_key_whose_creation_was_lost_is_found_though_the_tagging_api_lags(account: Account) -> None:
    account.server.faults.add(
        FaultRule(kind=FaultKind.RESET, service="kms", operation="CreateKey", when=When.AFTER, count=1)
    )
    account.server.faults.add(FaultRule(kind=FaultKind.DENIED, service="resourcegroupstaggingapi"))
    target = account.target("key", KEY, {"description": "one"})
    with pytest.raises(Ambiguous):
        account.provider.create(target, account.journal())
    found = account.provider.find(target)
    assert isinstance(found, Present)
    assert found.owner == target.owner


def test_what_is_not_there_is_looked_for_more_than_once_and_is_absent(account: Account) -> None:
    account.server.calls.clear()
    assert isinstance(account.provider.find(account.target("vpc", VPC, PLAIN_VPC)), Absent)
    assert operations(account, "ec2").count("DescribeVpcs") == 2


def test_a_creation_that_was_cut_short_is_finished_by_an_update_without_changes(account: Account) -> None:
    account.make("vpc", *_of(A_VPC, account))
    account.server.faults.add(
        FaultRule(kind=FaultKind.DENIED, service="ec2", operation="RevokeSecurityGroupEgress", count=1)
    )
    properties = {"name": "nodes", "description": "nodes", "vpcId": account.id("vpc")}
    target, journal = account.target("group", SECURITY_GROUP, properties), account.journal()
    with pytest.raises(AccessDenied):
        account.provider.create(target, journal)
    [made] = journal.ids
    found = account.provider.find(target)
    assert isinstance(found, Present)
    account.provider.update(msgspec.structs.replace(target, id=made), found, frozenset(), account.journal())
    [shown] = account.calls.one("ec2", "DescribeSecurityGroups", {"GroupIds": [made]})["SecurityGroups"]
    assert shown["IpPermissionsEgress"] == []


def test_a_deletion_waits_for_those_that_use_the_object_and_then_says_what_holds_it(account: Account) -> None:
    vpc = account.make("vpc", *_of(A_VPC, account))
    account.make("subnet", *_of(A_SUBNET, account))
    journal = account.journal()
    with pytest.raises(Conflict, match="ec2 DeleteVpc for"):
        account.provider.delete(account.target("vpc", VPC, {}, vpc.id), journal)
    assert any("DependencyViolation" in words for words in journal.words)


def test_capacity_that_there_is_not_is_told_as_such(account: Account) -> None:
    for name, need in BEFORE_NODES.items():
        account.make(name, *_of(need, account))
    account.server.faults.add(FaultRule(kind=FaultKind.CAPACITY, service="ec2", operation="RunInstances"))
    with pytest.raises(CapacityUnavailable, match="InsufficientInstanceCapacity"):
        account.make("nodes-failed", *_of(A_NODE_GROUP, account))
    account.server.faults.clear()
    [shown] = account.listed(NODE_GROUP)
    assert "CREATE_FAILED" in shown.failed


def test_a_quota_that_is_exhausted_is_told_as_such(account: Account) -> None:
    account.server.faults.add(FaultRule(kind=FaultKind.QUOTA, service="ec2", operation="CreateVpc"))
    with pytest.raises(QuotaExceeded) as caught:
        account.make("vpc", *_of(A_VPC, account))
    assert "quota" in caught.value.hint


def test_three_types_of_roles_are_read_from_one_listing(account: Account) -> None:
    role = account.make("role", *_of(A_ROLE, account))
    account.make("policy", ROLE_POLICY, {"role": role.id, "name": "pull", "policy": allow("ecr:BatchGetImage")})
    account.server.calls.clear()
    listings = account.provider.list(
        {ROLE: Interest(), ROLE_POLICY: Interest(), ROLE_POLICY_ATTACHMENT: Interest()}, OURS
    )
    assert [len(listing.objects) for listing in listings.values()] == [1, 1, 0]
    assert sorted(operations(account, "iam")) == ["GetAccountAuthorizationDetails", "ListRoles"]


def test_ownership_is_given_to_what_is_adopted_and_its_own_tags_stay(account: Account) -> None:
    answer = account.calls.one(
        "ec2",
        "CreateVpc",
        {
            "CidrBlock": "10.0.0.0/16",
            "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "old"}]}],
        },
    )
    target = account.target("vpc", VPC, {**PLAIN_VPC, "tags": {"team": "new"}}, answer["Vpc"]["VpcId"])
    adopted = account.provider.tag(target, account.journal())
    assert adopted.owner == Owner.under(OURS, Address("resources.vpc"), 1, protect=False)
    assert adopted.properties["tags"] == {"team": "old"}


def test_every_type_is_listed_without_a_complaint(account: Account) -> None:
    listings = account.provider.list({token: Interest() for token in account.provider.types()}, OURS)
    assert {token: listing.incomplete for token, listing in listings.items() if listing.incomplete} == {}


def _of(need: tuple[str, object], account: Account) -> tuple[str, dict[str, object]]:
    token, build = need
    return token, build(account)  # type: ignore[operator]


def test_what_goes_at_once_is_not_looked_for_once_its_deletion_was_answered(account: Account) -> None:
    vpc = account.make("vpc", *_of(A_VPC, account))
    account.server.calls.clear()
    account.provider.delete(account.target("vpc", VPC, PLAIN_VPC, vpc.id), account.journal())
    assert operations(account, "ec2") == ["DeleteVpc"]
