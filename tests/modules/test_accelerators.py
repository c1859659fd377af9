"""What announces the accelerators of node groups, shares them and divides them."""

from __future__ import annotations

import pytest

from tests.library.samples import codes, graph_of, properties, refusals
from tests.modules.cases import CASES, CLUSTER, SYSTEM, Sections, group


def _components(sections: Sections) -> set[str]:
    return {one.address.parts[1] for one in graph_of(sections) if one.address.section == "components"}


def test_each_accelerator_brings_what_announces_it() -> None:
    assert _components({**CLUSTER, "nodeGroups": {"system": SYSTEM}}) == set()
    assert _components(group()) == {"nvidia-device-plugin"}
    assert _components(CASES["node-group"]["neuron"]) == {"neuron-device-plugin"}
    assert _components(CASES["node-group"]["efa"]) == {"nvidia-device-plugin", "aws-efa-device-plugin"}


def test_gpus_are_shared_as_the_nodes_label_says() -> None:
    graph = graph_of(group(sharing={"way": "time-slicing", "replicas": 4}))
    label = properties(graph, "nodeGroups.gpu")["labels"]["nvidia.com/device-plugin.config"]
    configs = properties(graph, "components.nvidia-device-plugin")["values"]["config"]
    assert (label, configs["default"]) == ("time-slicing-4", "alone")
    assert configs["map"]["alone"].content == {"version": "v1", "flags": {"migStrategy": "none"}}
    assert configs["map"][label].content["sharing"] == {
        "timeSlicing": {"resources": [{"name": "nvidia.com/gpu", "replicas": 4}]}
    }


def test_nodes_that_share_by_mps_are_those_that_its_daemon_looks_for() -> None:
    labels = properties(graph_of(group(sharing={"way": "mps", "replicas": 2})), "nodeGroups.gpu")["labels"]
    assert (labels["nvidia.com/device-plugin.config"], labels["nvidia.com/mps.capable"]) == ("mps-2", "true")
    others = properties(graph_of(group(sharing={"way": "time-slicing", "replicas": 2})), "nodeGroups.gpu")["labels"]
    assert "nvidia.com/mps.capable" not in others


def test_parts_of_gpus_are_announced_as_the_group_says() -> None:
    graph = graph_of(group(sharing={"way": "time-slicing", "replicas": 2, "mig": "single"}))
    label = properties(graph, "nodeGroups.gpu")["labels"]["nvidia.com/device-plugin.config"]
    config = properties(graph, "components.nvidia-device-plugin")["values"]["config"]["map"][label].content
    assert (label, config["flags"]) == ("time-slicing-2-mig-single", {"migStrategy": "single"})
    assert config["sharing"]["timeSlicing"]["resources"] == [{"name": "nvidia.com/gpu", "replicas": 2}]


_DIVIDED = {"instances": ["p4d.24xlarge"], "min": 0}


@pytest.mark.parametrize(
    ("sharing", "resource", "amount"),
    [
        ({"mig": "single", "profile": "3g.20gb"}, "nvidia.com/gpu", 16),
        ({"mig": "mixed", "profile": "1g.5gb"}, "nvidia.com/mig-1g.5gb", 56),
        ({"mig": "mixed", "profile": "1g.5gb", "way": "time-slicing", "replicas": 2}, "nvidia.com/mig-1g.5gb", 112),
    ],
)
def test_gpus_are_divided_by_a_label_and_counted_by_their_parts(sharing: Sections, resource: str, amount: int) -> None:
    graph = graph_of(group(**_DIVIDED, sharing=sharing))
    labels = properties(graph, "nodeGroups.gpu")["labels"]
    assert labels["nvidia.com/mig.config"] == f"all-{sharing['profile']}"
    tags = [one.properties["tag"] for one in graph if one.address.is_within("nodeGroups.gpu.scaling-tags")]
    offered = {tag["key"].partition("/resources/")[2]: tag["value"] for tag in tags if "/resources/" in tag["key"]}
    assert offered == {resource: str(amount)}
    plugin = properties(graph, "components.nvidia-device-plugin")["values"]["config"]["map"]
    told = plugin[labels["nvidia.com/device-plugin.config"]].content
    assert told["flags"]["migStrategy"] == sharing["mig"]
    if "way" in sharing:
        assert told["sharing"]["timeSlicing"]["resources"] == [{"name": resource, "replicas": 2}]


@pytest.mark.parametrize(
    ("mig", "resource", "gpus"), [("single", "nvidia.com/gpu", 8), ("mixed", "nvidia.com/mig-4g.20gb", 8)]
)
def test_a_model_asks_for_a_part_by_its_name(mig: str, resource: str, gpus: int) -> None:
    sections = group(**_DIVIDED, sharing={"mig": mig, "profile": "4g.20gb"})
    model: Sections = {"model": "s3://acme/ranker", "nodeGroups": ["gpu"], "resources": {"gpu": gpus}}
    graph = graph_of({**sections, "endpoints": {"ranker": model}})
    (server,) = properties(graph, "endpoints.ranker")["spec"]["template"]["spec"]["containers"]
    assert server["resources"]["limits"][resource] == str(gpus)
    model["resources"] = {"gpu": gpus + 1}
    assert codes(refusals({**sections, "endpoints": {"ranker": model}})) == [
        ("MLI2702", "endpoints.ranker.nodeGroups[0]")
    ]


@pytest.mark.parametrize(
    ("about", "where"),
    [
        ({"sharing": {"way": "mps"}}, "nodeGroups.gpu.sharing.replicas"),
        ({"sharing": {"replicas": 4}}, "nodeGroups.gpu.sharing.replicas"),
        ({"instances": ["m6i.large"], "sharing": {"way": "mps", "replicas": 2}}, "nodeGroups.gpu.sharing"),
        ({"sharing": {"way": "mps", "replicas": 2, "mig": "single"}}, "nodeGroups.gpu.sharing.way"),
        ({"sharing": {"mig": "single", "profile": "1g.5gb"}}, "nodeGroups.gpu.sharing.profile"),
        ({**_DIVIDED, "sharing": {"mig": "single", "profile": "1g.10gb"}}, "nodeGroups.gpu.sharing.profile"),
        ({**_DIVIDED, "sharing": {"profile": "1g.5gb"}}, "nodeGroups.gpu.sharing.mig"),
        ({"sharing": {"mig": "mixed", "way": "time-slicing", "replicas": 2}}, "nodeGroups.gpu.sharing.mig"),
    ],
)
def test_a_share_that_means_nothing_is_refused(about: Sections, where: str) -> None:
    assert codes(refusals(group(**about))) == [("MLI2330", where)]


def test_an_autoscaler_is_told_how_many_pods_a_shared_gpu_serves() -> None:
    graph = graph_of(group(min=0, sharing={"way": "time-slicing", "replicas": 4}))
    tag = properties(graph, "nodeGroups.gpu.scaling-tags.resources-nvidia-com-gpu")["tag"]
    assert (tag["key"].rpartition("node-template/")[2], tag["value"]) == ("resources/nvidia.com/gpu", "4")
