"""Names in DNS: those of load balancers, and who may write others."""

from __future__ import annotations

from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.value import Ref
from tests.library.samples import codes, graph_of, of_type, properties, refusals
from tests.modules.cases import CLUSTER, SYSTEM, entrance, graph, wishing

_RECORD = "aws:route53/record:Record"
_NAMED = {"domain": "models.acme.example", "zone": "Z0123456789"}
_DNS = "components.external-dns"


def test_the_domain_and_all_below_it_lead_to_the_load_balancer() -> None:
    records = [one.properties for one in of_type(graph_of(entrance(**_NAMED)), _RECORD)]
    assert [one["name"] for one in records] == ["models.acme.example", "*.models.acme.example"]
    balancer = Address("loadBalancers.public")
    alias = {"name": Ref(balancer, ("dnsName",)), "zoneId": Ref(balancer, ("zoneId",)), "evaluateTargetHealth": True}
    assert all((one["type"], one["zoneId"], one["aliases"]) == ("A", "Z0123456789", [alias]) for one in records)


def test_without_a_zone_nobody_writes_names() -> None:
    made = graph_of(entrance(domain="models.acme.example"))
    assert not of_type(made, _RECORD)
    assert Address(_DNS) not in made.resources


def test_a_zone_without_a_domain_is_refused() -> None:
    assert codes(refusals(entrance(zone="Z0123456789"))) == [("MLI2531", "loadBalancers.public.zone")]


def test_the_controller_writes_into_the_zones_of_all_load_balancers_and_into_no_others() -> None:
    doors: dict[str, Any] = {"a": _NAMED, "b": {"domain": "b.acme.example", "zone": "Z9876543210"}}
    made = graph_of({**CLUSTER, "nodeGroups": {"system": SYSTEM}, "loadBalancers": doors})
    (change, *_) = properties(made, f"{_DNS}.role.policy")["policy"].content["Statement"]
    assert change["Resource"] == [f"arn:aws:route53:::hostedzone/{zone}" for zone in ("Z0123456789", "Z9876543210")]
    values = properties(made, _DNS)["values"]
    assert values["extraArgs"]["zone-id-filter"] == ["Z0123456789", "Z9876543210"]
    assert values["domainFilters"] == ["models.acme.example", "b.acme.example"]


def test_what_the_controller_writes_is_told_apart_by_cluster_and_goes_with_what_asked_for_it() -> None:
    made = graph(wishing(external_dns={"zones": ["Z1", "Z2"], "domains": ["models.acme.example"]}))
    values = properties(made, _DNS)["values"]
    assert (values["policy"], values["registry"]) == ("sync", "txt")
    assert values["txtOwnerId"] == Ref(Address("cluster"), ("name",))
    # Teardown reads there where to look once the cluster is gone.
    assert properties(made, f"{_DNS}.zones")["data"] == {"zones": "Z1,Z2"}
