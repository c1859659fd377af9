"""Stacks, facts and positions for the tests of the library and of the modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

import msgspec

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.facts import Facts, InstanceType, image_key
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.source import Source
from mlinfra.core.stack import RawResource, Stack, Target
from mlinfra.core.value import Path, Value, path_text
from mlinfra.library.assembly import build
from mlinfra.library.library import Library

ROOT = File(__file__).parent.parent.parent
TAGGABLE = frozenset(
    {
        "aws:ec2/vpc:Vpc",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:eks/cluster:Cluster",
        "aws:ecr/repository:Repository",
        "aws:s3/bucket:Bucket",
    }
)


def _type(name: str, **about: Any) -> InstanceType:
    return InstanceType(name=name, vcpus=4, memory_mib=16384, **about)


_TYPES = (
    _type("m6i.large"),
    _type("m6a.large"),
    _type("m7g.large", architecture="arm64"),
    _type("g5.xlarge", gpus=1, gpu_name="A10G"),
    _type("g5.2xlarge", gpus=1, gpu_name="A10G"),
    _type("g5.8xlarge", gpus=1, gpu_name="A10G", efa_interfaces=1),
    _type("g4dn.2xlarge", gpus=1, gpu_name="T4"),
    _type("g5g.xlarge", architecture="arm64", gpus=1, gpu_name="T4g"),
    _type("g4ad.xlarge", gpus=1, gpu_name="Radeon Pro V520"),
    _type("p4d.24xlarge", gpus=8, gpu_name="A100", gpu_memory_mib=40960, efa_interfaces=4),
    _type("trn1.2xlarge", neuron_devices=1),
)
# Those without which no cluster works come first: goldens show their versions.
_ADDONS = ["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"]
_ADDONS += ["aws-efs-csi-driver", "aws-fsx-csi-driver", "adot", "metrics-server", "snapshot-controller"]

FACTS = Facts(
    account="123456789012",
    region="us-east-1",
    zones=("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"),
    cluster_versions=("1.32", "1.33", "1.34", "1.35"),
    instance_types={one.name: one for one in _TYPES},
    images={
        image_key(version, one): f"ami-{version.replace('.', '')}{one.architecture}"
        for version in ("1.32", "1.33", "1.34", "1.35")
        for one in _TYPES
        if one.accelerator != "amd.com/gpu"
    },
    addons={
        f"{version}/{name}": f"v{version}.1-eksbuild.{number}"
        for version in ("1.32", "1.33", "1.34", "1.35")
        for number, name in enumerate(_ADDONS)
    },
    reservations={"cr-0123456789abcdef0": "us-east-1b", "cr-0a": "us-east-1a"},
)


class Written:
    """Positions that name the path itself, so that a test can say where a diagnostic points."""

    def at(self, path: Path) -> Source | None:
        return Source(path_text(path) or "stack.yaml", 1)


def stack_of(sections: Mapping[str, Any], **about: Any) -> Stack:
    """A stack with these sections; `lifecycle` may stand among them, as it does in a file."""
    lifecycle = sections.get("lifecycle", {})
    sections = {name: section for name, section in sections.items() if name != "lifecycle"}
    about = {"lifecycle": lifecycle, "target": Target(platform="sandbox", region="us-east-1"), "name": "demo", **about}
    resources = {name: msgspec.convert(one, RawResource) for name, one in about.pop("resources", {}).items()}
    return Stack(file="stack.yaml", sections=sections, positions=Written(), resources=resources, **about)


LIBRARY = Library.of_project(ROOT)


def graph_of(sections: Mapping[str, Any], *, library: Library = LIBRARY, facts: Facts = FACTS, **about: Any) -> Graph:
    return build(stack_of(sections, **about), library, facts, TAGGABLE)


def refusals(
    sections: Mapping[str, Any], *, library: Library = LIBRARY, facts: Facts = FACTS, **about: Any
) -> tuple[Diagnostic, ...]:
    """What stands against these sections; fails where nothing does."""
    try:
        graph = graph_of(sections, library=library, facts=facts, **about)
    except ConfigError as error:
        return error.diagnostics
    raise AssertionError(f"nothing was refused: {list(graph.resources)}")


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, str]]:
    """Each one's code, and the path of the field that it points at."""
    return [(one.code, one.source.file if one.source else "") for one in diagnostics]


def of_type(graph: Graph, token: str) -> list[Resource]:
    return [one for one in graph if one.type == token]


def properties(graph: Graph, address: str) -> dict[str, Value]:
    return next(one.properties for one in graph if one.address == address)
