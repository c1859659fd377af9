"""The machine types that the package knows by itself."""

from __future__ import annotations

import pytest

from mlinfra.aws.machines import machine_type
from tests.aws import machines


def test_the_package_knows_what_ec2_says() -> None:
    """Where this fails, moto is newer: run `python -m tests.aws.machines`, and read the difference."""
    assert machines.PLACE.read_text(encoding="utf-8") == machines.document()


def test_a_known_type_is_what_it_is() -> None:
    found = machine_type("p4d.24xlarge")
    assert (found.vcpus, found.gpus, found.gpu_name, found.efa_interfaces) == (96, 8, "A100", 4)


@pytest.mark.parametrize(
    ("name", "architecture", "gpus", "neuron"),
    [("g99.xlarge", "x86_64", 1, 0), ("m99gd.large", "arm64", 0, 0), ("trn99.48xlarge", "x86_64", 0, 1)],
)
def test_a_type_of_tomorrow_is_what_its_name_says(name: str, architecture: str, gpus: int, neuron: int) -> None:
    found = machine_type(name)
    assert (found.architecture, found.gpus, found.neuron_devices) == (architecture, gpus, neuron)


def test_a_new_size_of_a_known_family_is_like_its_kin() -> None:
    assert machine_type("g5.96xlarge").gpu_name == "A10G"
