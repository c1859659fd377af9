"""What is asked of an account, and what becomes of questions that it does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlinfra.advice.capacity import capacity_findings, judge
from mlinfra.advice.demand import LIMITS, demand_of
from mlinfra.advice.supply import Supply, Unasked, read_supply
from mlinfra.advice.things import Things
from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict
from mlinfra.core.diagnostic import Severity
from mlinfra.core.facts import Facts
from mlinfra.core.resource import Connection, Graph
from mlinfra.core.state import Record, State
from mlinfra.sandbox.aws.quotas import Grants
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.advice.rooms import G_SPOT, SPOT, G, Sections, group, machines, stack
from tests.library.samples import graph_of
from tests.providers.aws.lifecycle import QuickClock

GPU, SYSTEM = Address("nodeGroups.gpu"), Address("nodeGroups.system")


def checks(graph: Graph, calls: Calls, state: State | None = None) -> dict[str, Check]:
    """The checks of the GPU group by their subjects."""
    demand = demand_of(Things.desired(graph, state))
    capacity = judge(demand, read_supply(calls, demand), {GPU})
    (room,) = capacity.rooms
    return {check.subject: check for check in room.checks}


def grant(sandbox: Sandbox, quota: tuple[str, str], value: float) -> None:
    sandbox.inside.store(Grants, sandbox.region).values[quota] = value


def subjects(checks: dict[str, Check], verdict: Verdict) -> set[str]:
    return {subject for subject, check in checks.items() if check.verdict is verdict}


# What is unchecked of a group of spot machines and of the network when a call has no answer.
UNCHECKED = {
    "GetServiceQuota": {"vCPU quota", *(f"{limit.what} ({limit.code})" for limit in LIMITS)},
    "DescribeInstances": {"vCPU quota"},
    "DescribeInstanceTypes": {"vCPU quota", "subnet addresses"},
    "DescribeInstanceTypeOfferings": {"zones"},
    "GetSpotPlacementScores": {"spot capacity"},
    "DescribeVpcs": {"VPCs in the region (L-F678F1CE)"},
    "DescribeInternetGateways": {"internet gateways in the region (L-A4707A72)"},
    "DescribeAddresses": {"elastic IP addresses in the region (L-0263D0A3)"},
    "DescribeNatGateways": {"NAT gateways in a zone (L-FE5A380F)"},
}


FAILURES = [(operation, FaultKind.DENIED) for operation in UNCHECKED]
FAILURES += [("GetServiceQuota", kind) for kind in (FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.RESET)]
FAILURES += [("DescribeInstances", kind) for kind in (FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.RESET)]


@pytest.mark.parametrize(("operation", "kind"), FAILURES)
def test_what_has_no_answer_is_not_checked_and_stops_nothing(
    operation: str, kind: FaultKind, sandbox: Sandbox, calls: Calls, facts: Facts
) -> None:
    sandbox.faults.add(FaultRule(kind=kind, operation=operation))
    graph = graph_of(stack({"gpu": group("g5.xlarge", capacity=SPOT)}), facts=facts)
    demand = demand_of(Things.desired(graph, None))
    capacity = judge(demand, read_supply(calls, demand))
    told = {c.subject: c for room in capacity.rooms if room.address != SYSTEM for c in room.checks}
    assert subjects(told, Verdict.NOT_CHECKED) == UNCHECKED[operation]
    assert all(operation in told[subject].words for subject in UNCHECKED[operation])
    assert capacity_findings(capacity) == ()


def test_reservations_that_may_not_be_listed_leave_quotas_on_demand_in_doubt(
    sandbox: Sandbox, calls: Calls, facts: Facts
) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.DENIED, operation="DescribeCapacityReservations"))
    found = checks(graph_of(stack({"gpu": group("g5.xlarge")}), facts=facts), calls)
    assert subjects(found, Verdict.NOT_CHECKED) == {"vCPU quota"}
    assert "unused reservations could not be counted" in found["vCPU quota"].words
    grant(sandbox, G, 0)
    found = checks(graph_of(stack({"gpu": group("g5.xlarge")}), facts=facts), calls)
    assert subjects(found, Verdict.SHORT) == {"vCPU quota L-DB2E81BA"}


def test_what_is_short_is_short_even_if_nobody_knows_what_others_run(
    sandbox: Sandbox, calls: Calls, facts: Facts
) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.DENIED, operation="DescribeInstances"))
    grant(sandbox, G, 3)
    found = checks(graph_of(stack({"gpu": group("g5.xlarge")}), facts=facts), calls)
    assert subjects(found, Verdict.SHORT) == {"vCPU quota L-DB2E81BA"}


class Evasive(Calls):
    """Calls that all succeed, with answers in a form that AWS does not have."""

    def __init__(self, clients: Clients, answer: dict[str, Any]) -> None:
        super().__init__(clients, QuickClock())
        self._answer = answer

    def one(self, service: str, operation: str, params: Any = None, **about: Any) -> dict[str, Any]:
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {name: [{}] for name in ("InstanceTypes", "InstanceTypeOfferings", "Reservations", "Subnets", "NatGateways")},
        {"Quota": {"Value": "many"}, "SpotPlacementScores": [{"Score": "high"}], "Reservations": None, "Addresses": 7},
    ],
)
def test_an_answer_in_another_form_is_no_answer(answer: dict[str, Any], clients: Clients, facts: Facts) -> None:
    graph = graph_of(stack({"gpu": group("g5.xlarge", capacity=SPOT)}), facts=facts)
    demand = demand_of(Things.desired(graph, None))
    capacity = judge(demand, read_supply(Evasive(clients, answer), demand))
    assert Verdict.FITS not in {check.verdict for room in capacity.rooms for check in room.checks}
    assert capacity_findings(capacity) == ()


def test_nothing_is_fine_when_nothing_can_be_asked() -> None:
    graph = graph_of(stack({"gpu": group("m6i.large", capacity=SPOT)}))
    demand = demand_of(Things.desired(graph, None))
    no = Unasked("nobody answers")
    supply = Supply(
        region="us-east-1",
        machines=no,
        offered=no,
        running=no,
        subnets=no,
        reservations=no,
        quotas={code: no for _, code in demand.quotas()},
        present=dict.fromkeys(demand.made, no),
        scores={GPU: no},
    )
    capacity = judge(demand, supply)
    assert {check.verdict for room in capacity.rooms for check in room.checks} == {Verdict.NOT_CHECKED}
    assert len(capacity.rooms) == 6
    assert capacity.verdict is Verdict.NOT_CHECKED


def test_a_quota_of_which_the_account_has_no_value_of_its_own_is_the_default(
    sandbox: Sandbox, calls: Calls, facts: Facts
) -> None:
    missing = FaultRule(kind=FaultKind.ERROR, operation="GetServiceQuota", code="NoSuchResourceException", status=404)
    sandbox.faults.add(missing)
    found = checks(graph_of(stack({"gpu": group("g5.xlarge")}), facts=facts), calls)
    assert found["vCPU quota L-DB2E81BA"].verdict is Verdict.SHORT
    assert found["vCPU quota L-DB2E81BA"].words.startswith("0 granted")


def test_a_group_that_fits_at_its_fewest_and_not_at_its_most_is_tight(
    sandbox: Sandbox, calls: Calls, facts: Facts
) -> None:
    grant(sandbox, G, 8)
    graph = graph_of(stack({"gpu": group("g5.xlarge", most=4)}), facts=facts)
    demand = demand_of(Things.desired(graph, None))
    (found,) = capacity_findings(judge(demand, read_supply(calls, demand)))
    assert (found.severity, found.code, found.address) == (Severity.WARNING, "MLI8011", GPU)
    assert "8 granted, 0 used by others, and 4 to 16 wanted" in found.summary
    assert "--quota-code L-DB2E81BA --desired-value 16 --region us-east-1" in found.hint


def test_an_unlikely_request_for_spot_machines_is_tight(sandbox: Sandbox, calls: Calls, facts: Facts) -> None:
    grant(sandbox, G_SPOT, 10_000)
    found = checks(graph_of(stack({"gpu": group("g5.xlarge", most=80, capacity=SPOT)}), facts=facts), calls)
    assert found["spot capacity"].verdict is Verdict.TIGHT
    assert found["spot capacity"].words == "EC2 scores a request for 80 machines 1 of 10"


def test_a_group_that_runs_already_is_not_counted_twice(
    sandbox: Sandbox, calls: Calls, clients: Clients, facts: Facts
) -> None:
    grant(sandbox, G, 8)
    tags = {"eks:cluster-name": "demo", "eks:nodegroup-name": "demo-gpu"}
    own = [{"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
    machines(clients.of("ec2"), "g5.xlarge", 2, TagSpecifications=own)
    graph = graph_of(stack({"gpu": group("g5.xlarge", least=2, most=2)}), facts=facts)
    record = Record(
        address=GPU,
        type="aws:eks/nodeGroup:NodeGroup",
        id="demo:demo-gpu",
        generation=1,
        connection=Connection("aws", "123456789012/us-east-1"),
        inputs={},
        outputs={"clusterName": "demo", "nodeGroupName": "demo-gpu"},
    )
    state = State(stack="demo", lineage="l1", records={GPU: record})
    assert subjects(checks(graph, calls, state), Verdict.FITS) >= {"vCPU quota L-DB2E81BA", "subnet addresses"}
    assert subjects(checks(graph, calls), Verdict.SHORT) == {"vCPU quota L-DB2E81BA"}


def test_machines_that_were_stopped_count_no_longer(
    sandbox: Sandbox, calls: Calls, clients: Clients, facts: Facts
) -> None:
    grant(sandbox, G, 4)
    ec2 = clients.of("ec2")
    machines(ec2, "g5.xlarge", 1)
    graph = graph_of(stack({"gpu": group("g5.xlarge", most=1)}), facts=facts)
    assert subjects(checks(graph, calls), Verdict.SHORT) == {"vCPU quota L-DB2E81BA"}
    ids = [one["InstanceId"] for held in ec2.describe_instances()["Reservations"] for one in held["Instances"]]
    ec2.terminate_instances(InstanceIds=ids)
    assert subjects(checks(graph, calls), Verdict.SHORT) == set()


def test_addresses_of_pods_are_not_checked_where_the_stack_configures_the_network_plugin(
    sandbox: Sandbox, calls: Calls, facts: Facts
) -> None:
    sections: Sections = stack({"gpu": group("g5.xlarge")})
    configured = {"version": "v1.20.4-eksbuild.2", "configuration": {"env": {"WARM_IP_TARGET": "5"}}}
    sections["cluster"] = {"addons": {"vpc-cni": configured}}
    found = checks(graph_of(sections, facts=facts), calls)
    assert found["subnet addresses"].verdict is Verdict.NOT_CHECKED
    assert "for the nodes alone" in found["subnet addresses"].words


def test_few_calls_are_made_whatever_the_number_of_groups(sandbox: Sandbox, calls: Calls, facts: Facts) -> None:
    def made(groups: int) -> int:
        graph = graph_of(stack({f"g{n}": group("g5.xlarge") for n in range(groups)}), facts=facts)
        sandbox.calls.clear()
        read_supply(calls, demand_of(Things.desired(graph, None)))
        return len(sandbox.calls)

    assert made(1) == made(20) <= 14


@pytest.fixture(autouse=True)
def calm(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.faults.clear()
