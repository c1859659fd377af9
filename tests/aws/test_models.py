"""Botocore's data files, read our way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from botocore.model import ServiceId
from botocore.utils import EVENT_ALIASES

from mlinfra.aws.models import Models
from mlinfra.providers.aws.catalogue import catalogue


@pytest.mark.parametrize("kind", ["service-2", "paginators-1", "endpoint-rule-set-1"])
def test_what_is_read_is_what_botocore_reads(kind: str) -> None:
    ours, theirs = (loader.load_service_model("eks", kind) for loader in (Models(), Loader()))
    assert msgspec.json.encode(ours) == msgspec.json.encode(theirs)


def test_the_order_of_members_is_kept() -> None:
    ours, theirs = (loader.load_service_model("sqs", "service-2")["shapes"] for loader in (Models(), Loader()))
    assert list(ours) == list(theirs)


def test_a_service_without_a_file_of_some_kind_is_not_found() -> None:
    with pytest.raises(DataNotFoundError):
        Models().load_service_model("sts", "waiters-2")


def test_an_unknown_service_is_not_found() -> None:
    with pytest.raises(DataNotFoundError):
        Models().load_service_model("no-such-service", "service-2")


def test_no_service_of_ours_raises_events_under_a_name_that_the_sdk_translates() -> None:
    # Otherwise `Clients` could not leave that translation out.
    names = {kind.service for kind in catalogue().values()} | {"sts", "resourcegroupstaggingapi", "s3"}
    described = (Models().load_service_model(name, "service-2") for name in names)
    ids = {ServiceId(model["metadata"]["serviceId"]).hyphenize() for model in described}
    assert not ids & set(EVENT_ALIASES)


def test_models_in_other_folders_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "2026-11-21"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text('{"metadata": {"serviceId": "Mine"}}')
    assert Models(str(tmp_path)).load_service_model("mine", "service-2")["metadata"]["serviceId"] == "Mine"
