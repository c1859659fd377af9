from __future__ import annotations

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.facts import read_facts
from mlinfra.aws.identity import Identity
from mlinfra.core.errors import AccessDenied
from mlinfra.core.facts import Wants
from mlinfra.sandbox.aws.sandbox import Sandbox


def test_facts_are_read_of_the_account_the_region_and_the_machines_asked_for(calls: Calls, sandbox: Sandbox) -> None:
    facts = read_facts(calls, Identity(calls), Wants(frozenset({"g5.xlarge", "m6i.large"})))
    assert (facts.account, facts.region, facts.partition) == (sandbox.account, "us-east-1", "aws")
    assert facts.zones[:3] == ("us-east-1a", "us-east-1b", "us-east-1c")
    assert list(facts.cluster_versions) == sorted(facts.cluster_versions, key=lambda v: [int(p) for p in v.split(".")])
    assert "1.33" in facts.cluster_versions
    assert list(facts.instance_types) == ["g5.xlarge", "m6i.large"]


def test_a_gpu_machine_is_known_by_its_gpus(calls: Calls, sandbox: Sandbox) -> None:
    machine = read_facts(calls, Identity(calls), Wants(frozenset({"g5.xlarge"}))).instance_types["g5.xlarge"]
    assert (machine.vcpus, machine.memory_mib, machine.architecture) == (4, 16384, "x86_64")
    assert (machine.gpus, machine.gpu_name, machine.gpu_memory_mib) == (1, "A10G", 22888)


def test_a_machine_that_is_not_offered_is_left_out(calls: Calls, sandbox: Sandbox) -> None:
    found = read_facts(calls, Identity(calls), Wants(frozenset({"g99.huge", "m6i.large"}))).instance_types
    assert list(found) == ["m6i.large"]


def test_images_are_those_that_eks_recommends_for_version_and_machine(calls: Calls, sandbox: Sandbox) -> None:
    machines = frozenset({"g5.xlarge", "m7g.large", "m6i.large"})
    images = read_facts(calls, Identity(calls), Wants(images=machines, versions=frozenset({"1.33", ""}))).images
    newest = read_facts(calls, Identity(calls)).cluster_versions[-1]
    variants = ("arm64/standard", "x86_64/nvidia", "x86_64/standard")
    assert list(images) == [f"{version}/{variant}" for version in sorted({"1.33", newest}) for variant in variants]
    assert all(image.startswith("ami-") for image in images.values())


def test_of_a_version_that_eks_does_not_have_there_is_no_image(calls: Calls, sandbox: Sandbox) -> None:
    wants = Wants(images=frozenset({"m6i.large"}), versions=frozenset({"1.11"}))
    assert read_facts(calls, Identity(calls), wants).images == {}


def test_addons_are_those_that_eks_gives_a_cluster_of_the_version(calls: Calls, sandbox: Sandbox) -> None:
    wants = Wants(addons=frozenset({"kube-proxy", "vpc-cni", "teapot"}), versions=frozenset({"1.33"}))
    addons = read_facts(calls, Identity(calls), wants).addons
    assert addons == {"1.33/kube-proxy": "v1.33.3-eksbuild.5", "1.33/vpc-cni": "v1.20.4-eksbuild.1"}


@pytest.mark.parametrize(
    ("chosen", "nearest"),
    [
        ("v1.19.6-eksbuild.7", "v1.19.6-eksbuild.7"),
        ("v1.19.6-eksbuild.1", "v1.19.6-eksbuild.7"),
        ("v99.0.0-eksbuild.1", "v1.20.4-eksbuild.1"),
    ],
)
def test_of_a_version_that_was_chosen_the_nearest_that_is_offered_is_known(
    calls: Calls, chosen: str, nearest: str
) -> None:
    wants = Wants(addons=frozenset({f"vpc-cni/{chosen}"}), versions=frozenset({"1.33"}))
    assert read_facts(calls, Identity(calls), wants).addons == {f"1.33/vpc-cni/{chosen}": nearest}


def test_reservations_are_found_where_they_are(calls: Calls, sandbox: Sandbox) -> None:
    asked = {"InstanceType": "p4d.24xlarge", "InstancePlatform": "Linux/UNIX", "InstanceCount": 1}
    where = {"AvailabilityZone": "us-east-1c"}
    made = calls.one("ec2", "CreateCapacityReservation", {**asked, **where})["CapacityReservation"]
    name = made["CapacityReservationId"]
    wants = Wants(reservations=frozenset({name, "cr-0absent"}))
    assert read_facts(calls, Identity(calls), wants).reservations == {name: "us-east-1c"}


def test_the_caller_is_looked_up_once(calls: Calls, sandbox: Sandbox) -> None:
    identity = Identity(calls)
    assert identity.require(sandbox.account) == identity.caller()
    assert sandbox.calls.counts()["sts:GetCallerIdentity"] == 1


def test_another_account_is_refused(calls: Calls, sandbox: Sandbox) -> None:
    with pytest.raises(AccessDenied, match=f"account {sandbox.account}.*the stack to 999999999999"):
        Identity(calls).require("999999999999")
