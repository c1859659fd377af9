"""Regions that are misspelt, that are there, and that may have been opened since."""

from __future__ import annotations

import pytest

from mlinfra.aws.codes import Code
from mlinfra.aws.regions import check_region
from mlinfra.core.errors import InvalidRequest


@pytest.mark.parametrize("simulated", [True, False])
def test_a_misspelt_region_is_refused_and_its_neighbour_named(simulated: bool) -> None:
    with pytest.raises(InvalidRequest, match="there is no region us-esat-1") as caught:
        check_region("us-esat-1", simulated=simulated)
    assert caught.value.code == Code.NO_REGION
    assert "did you mean us-east-1?" in (caught.value.hint or "")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "cn-north-1", "us-gov-west-1", ""])
def test_a_region_that_is_there_passes(region: str) -> None:
    check_region(region, simulated=True)


def test_a_region_that_is_newer_than_the_table_passes_in_the_real_cloud_alone() -> None:
    check_region("ap-southeast-99", simulated=False)
    with pytest.raises(InvalidRequest):
        check_region("ap-southeast-99", simulated=True)
