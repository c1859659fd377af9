"""What is in a cluster comes in an order that nobody has to write down."""

from __future__ import annotations

from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.value import Ref
from mlinfra.library.precedence import in_order

AWS = Connection("aws", "1/here")
NODES = Address("nodeGroups.system")
CRD = "apiextensions.k8s.io/v1:CustomResourceDefinition"
HOOK = "admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration"


def thing(name: str, token: str, *, namespace: str = "", needs: tuple[str, ...] = (), **rest: Any) -> Resource:
    kind = "helm" if token.startswith("helm.sh") else "kubernetes"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    properties = metadata if kind == "helm" else {"metadata": metadata, **rest}
    return Resource(
        Address(f"resources.{name}"),
        f"kubernetes:{token}",
        properties,
        Connection(kind, "cluster"),
        tuple(Address(f"resources.{need}") for need in needs),
    )


def needs(*things: Resource) -> dict[str, set[str]]:
    """What each needs, by the last part of the addresses."""
    nodes = Resource(NODES, "aws:eks/nodeGroup:NodeGroup", {}, AWS)
    ordered = in_order(Graph.of([nodes, *things]).resources, [NODES])
    return {one.address.parts[-1]: {need.parts[-1] for need in one.dependencies()} for one in ordered.values()}


def definition(name: str, group: str, kind: str) -> Resource:
    return thing(name, CRD, spec={"group": group, "names": {"kind": kind}})


def webhook(name: str, namespace: str) -> Resource:
    return thing(name, HOOK, webhooks=[{"clientConfig": {"service": {"namespace": namespace, "name": "hook"}}}])


def test_a_namespace_comes_before_what_is_in_it() -> None:
    found = needs(thing("ml", "core/v1:Namespace"), thing("web", "core/v1:Service", namespace="ml"))
    assert found["web"] == {"ml"}
    assert found["ml"] == set()


def test_a_release_waits_for_its_namespace_and_for_nodes() -> None:
    found = needs(thing("ml", "core/v1:Namespace"), thing("chart", "helm.sh/v3:Release", namespace="ml"))
    assert found["chart"] == {"ml", "system"}


def test_pods_wait_for_nodes_and_for_what_they_are_made_with() -> None:
    found = needs(
        thing("web", "apps/v1:Deployment", namespace="ml"),
        thing("account", "core/v1:ServiceAccount", namespace="ml"),
        thing("other", "core/v1:ConfigMap", namespace="elsewhere"),
        thing("fast", "storage.k8s.io/v1:StorageClass"),
    )
    assert found["web"] == {"account", "fast", "system"}


def test_a_definition_comes_before_objects_of_its_kind() -> None:
    found = needs(
        thing("job", "example.com/v1:TrainingJob", namespace="ml"),
        definition("jobs", "example.com", "TrainingJob"),
        definition("others", "example.com", "Other"),
    )
    assert found["job"] == {"jobs"}


def test_a_kind_that_nobody_defines_waits_for_the_releases_that_may() -> None:
    found = needs(thing("job", "example.com/v1:TrainingJob"), thing("operator", "helm.sh/v3:Release"))
    assert found["job"] == {"operator"}


def test_a_release_that_waits_for_a_custom_resource_is_not_waited_for_by_it() -> None:
    found = needs(thing("job", "example.com/v1:Job"), thing("late", "helm.sh/v3:Release", needs=("job",)))
    assert found["job"] == set()
    assert found["late"] == {"job", "system"}


def test_a_webhook_comes_after_its_server_and_before_custom_resources() -> None:
    found = needs(
        webhook("hook", "ml"),
        thing("server", "apps/v1:Deployment", namespace="ml"),
        thing("service", "core/v1:Service", namespace="ml"),
        thing("job", "example.com/v1:Job"),
    )
    assert found["hook"] == {"server", "service"}
    assert found["job"] == {"hook"}
    assert found["server"] == {"system"}


def test_what_a_reference_orders_already_stays_as_it_is() -> None:
    account = thing("account", "core/v1:ServiceAccount", namespace="ml")
    account.properties["metadata"]["annotations"] = {"made-for": Ref(Address("resources.web"))}
    found = needs(account, thing("web", "apps/v1:Deployment", namespace="ml"))
    assert found["account"] == {"web"}
    assert found["web"] == {"system"}


def test_a_stack_without_a_cluster_is_left_alone() -> None:
    assert needs() == {"system": set()}
