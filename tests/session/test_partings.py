"""What goes says which section or entry no longer asks for it, and at which line, where that still stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.config.loader import load_stack
from mlinfra.core.address import Address
from mlinfra.session.plans.partings import Partings
from mlinfra.session.reading import catalogue
from tests.library.samples import LIBRARY

_STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: demo}
target: {platform: sandbox, region: us-east-1}
network:
  zones: 2
cluster: {}
nodeGroups:
  cpu: {instances: [m6i.large], min: 1, max: 2}
resources:
  jobs: {type: "aws:sqs/queue:Queue", properties: {}}
"""


@pytest.fixture(scope="module")
def partings(tmp_path_factory: pytest.TempPathFactory) -> Partings:
    """Of the stack above."""
    path = tmp_path_factory.mktemp("stack") / "stack.yaml"
    path.write_text(_STACK)
    language = catalogue.language(LIBRARY)
    stack, _ = load_stack(str(path), language, environ={})
    return Partings(stack, language)


@pytest.mark.parametrize(
    ("address", "name", "line"),
    [
        ("network.private.us-east-1c", "network", 5),
        ("nodeGroups.cpu.launch-template", "nodeGroups.cpu", 9),
        ("resources.jobs.below", "resources.jobs", 11),
    ],
)
def test_what_still_stands_is_named_with_its_line(partings: Partings, address: str, name: str, line: int) -> None:
    found = partings(Address(address))
    assert found.source is not None
    assert found.source.line == line
    place = f"{found.source.file}:{line}"
    assert Path(found.source.file).name == "stack.yaml"
    assert found.reason == f"{name} at {place} does not ask for it any more"


@pytest.mark.parametrize("address", ["nodeGroups.gpu.role", "resources.key", "monitoring.namespace"])
def test_what_does_not_stand_any_more_is_said_to_be_gone(partings: Partings, address: str) -> None:
    found = partings(Address(address))
    block = ".".join(address.split(".")[: 1 if address.startswith("monitoring") else 2])
    assert (found.reason, found.source) == (f"its block {block} is gone", None)


def test_what_sections_shared_was_nobodys_own(partings: Partings) -> None:
    assert partings(Address("components.keda")).reason == "nothing in the stack asks for it any more"
